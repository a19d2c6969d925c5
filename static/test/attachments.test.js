import assert from "node:assert/strict";
import { test } from "node:test";
import { Attachments, Refusal } from "../js/core/attachments.js";

/** Lets what waits go on. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

/** @param {string} name @param {number} size */
const file = (name, size = 10) => new File([new Uint8Array(size)], name);

/** @param {Partial<import("../js/core/attachments.js").Around>} more */
function rig(more = {}) {
  /** @type {string[]} */
  const forgotten = [];
  const attachments = new Attachments({
    upload: async ({ name, size }) => ({ id: `id of ${name}`, name, type: "text/plain", size, image: false }),
    forget: (id) => forgotten.push(id), most: 1024, count: 3, ...more,
  });
  /** @type {string[]} */
  const failures = [];
  attachments.on("failed", ({ name, problem }) => failures.push(`${name}: ${problem}`));
  return { attachments, forgotten, failures };
}

test("files are uploaded at once and go with the message", async () => {
  const { attachments, forgotten } = rig();
  attachments.add([file("a.txt"), file("b.txt")]);
  assert.equal(attachments.ready, false);
  await settled();
  assert.equal(attachments.ready, true);
  assert.deepEqual(attachments.take().map(({ id }) => id), ["id of a.txt", "id of b.txt"]);
  assert.deepEqual([attachments.list, forgotten], [[], []]);
});

test("what cannot be sent is not uploaded", async () => {
  const { attachments, failures } = rig({ upload: () => Promise.reject(new Error("uploaded")) });
  attachments.add([file("empty", 0), file("large", 1025)]);
  await settled();
  assert.deepEqual(attachments.list.map(({ state, again }) => `${state} ${again}`), ["failed false", "failed false"]);
  assert.ok(attachments.list.every(({ problem }) => problem && problem !== "uploaded"));
  assert.deepEqual(failures, attachments.list.map(({ name, problem }) => `${name}: ${problem}`));
});

test("more than a message takes", async () => {
  const { attachments, failures } = rig();
  attachments.add(["a", "b", "c", "d"].map((name) => file(name)));
  await settled();
  assert.deepEqual(attachments.list.map(({ state }) => state), ["done", "done", "done", "failed"]);
  assert.deepEqual([attachments.ready, attachments.failed], [false, true]);
  assert.equal(failures.length, 1);
  attachments.remove(attachments.list[3]?.key ?? "");
  assert.deepEqual([attachments.ready, attachments.failed], [true, false]);
});

test("progress is told, and cancelling ends the upload", async () => {
  /** @type {AbortSignal[]} */
  const signals = [];
  const { attachments } = rig({
    upload: (_, progress, signal) => new Promise((_resolve, reject) => {
      signals.push(signal);
      progress(0.5);
      signal.addEventListener("abort", () => reject(new Error("aborted")));
    }),
  });
  attachments.add([file("a")]);
  assert.equal(attachments.list[0]?.part, 0.5);
  attachments.remove(attachments.list[0]?.key ?? "");
  await settled();
  assert.equal(signals[0]?.aborted, true);
  assert.deepEqual(attachments.list, []);
});

test("what was uploaded and taken away again is forgotten by the server", async () => {
  const { attachments, forgotten } = rig();
  attachments.add([file("a")]);
  await settled();
  attachments.remove(attachments.list[0]?.key ?? "");
  assert.deepEqual(forgotten, ["id of a"]);
});

test("a failed upload says why, and can be tried again where that helps", async () => {
  const answers = [new Error("network"), new Refusal("Programs cannot be sent here.", false)];
  const { attachments } = rig({ upload: () => Promise.reject(answers.shift()) });
  attachments.add([file("a")]);
  await settled();
  assert.deepEqual(attachments.list.map(({ state, again }) => [state, again]), [["failed", true]]);
  attachments.retry(attachments.list[0]?.key ?? "");
  assert.equal(attachments.list[0]?.state, "uploading");
  await settled();
  assert.deepEqual(attachments.list.map(({ again, problem }) => [again, problem]), [[false, "Programs cannot be sent here."]]);
});
