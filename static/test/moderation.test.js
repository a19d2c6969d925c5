import assert from "node:assert/strict";
import test from "node:test";
import { Moderation } from "../js/core/moderation.js";
import { Declined } from "../js/core/post.js";
import { trouble } from "./lib/answers.js";

const settle = async () => { for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve)); };

/** @param {boolean} all @param {string[]} participants */
const rights = (all, participants = []) => ({
  may: { manage_lobby: all, ban: all, end_call: all, delete_messages: all },
  people: participants.map((participant) => ({ participant, role: "member", invited: false, remove: all, lobby: all, ban: all })),
});

/** @param {import("node:test").TestContext} t */
function world(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {{resolve: (rights: import("../js/core/moderation.js").Rights) => void, reject: (error: Error) => void}[]} */
  const questions = [];
  /** @type {[string, Record<string, string>][]} */
  const posts = [];
  /** @type {Error[]} */
  const refusals = [];
  const moderation = new Moderation("/r/x", {
    get: () => new Promise((resolve, reject) => questions.push({ resolve, reject })),
    post: async (path, body) => {
      posts.push([path, body]);
      const refusal = refusals.shift();
      if (refusal) throw refusal;
    },
  });
  /** @type {string[]} */
  const failed = [];
  moderation.on("failed", ({ reason }) => failed.push(reason));
  return { moderation, questions, posts, refusals, failed, tick: async (/** @type {number} */ ms) => { t.mock.timers.tick(ms); await settle(); } };
}

test("several changes are asked about together, and the last answer counts", async (t) => {
  const { moderation, questions, tick } = world(t);
  moderation.refresh();
  moderation.refresh();
  await tick(200);
  assert.equal(questions.length, 1);
  moderation.refresh();
  await tick(200);
  assert.equal(questions.length, 2);
  questions[1]?.resolve(rights(true, ["p"]));
  await settle();
  questions[0]?.resolve(rights(false));
  await settle();
  assert.equal(moderation.may.end_call, true);
  assert.equal(moderation.seat("p")?.remove, true);
  assert.equal(moderation.seat("q"), undefined);
});

test("who may not see the people any more may do nothing; who cannot be reached, what they could", async (t) => {
  const { moderation, questions, tick } = world(t);
  moderation.refresh();
  await tick(200);
  questions[0]?.resolve(rights(true, ["p"]));
  await settle();
  moderation.refresh();
  await tick(200);
  questions[1]?.reject(new TypeError("no network"));
  await settle();
  assert.equal(moderation.may.manage_lobby, true);
  moderation.refresh();
  await tick(200);
  questions[2]?.reject(new Declined("not_found", ""));
  await settle();
  assert.equal(moderation.may.manage_lobby, false);
  assert.equal(moderation.seat("p"), undefined);
});

test("a server that could not say is asked again, and until then one may do what one could", async (t) => {
  const failures = [await trouble(), new Declined("busy", ""), new TypeError("no network")];
  const { moderation, questions, tick } = world(t);
  moderation.refresh();
  await tick(200);
  questions[0]?.resolve(rights(true, ["p"]));
  await settle();
  moderation.refresh();
  await tick(200);
  for (const [i, failure] of failures.entries()) {
    questions[i + 1]?.reject(failure);
    await settle();
    assert.equal(moderation.may.manage_lobby, true);
    assert.equal(moderation.seat("p")?.remove, true);
    await tick(5000);
    assert.equal(questions.length, i + 3, "asked again");
  }
  questions.at(-1)?.resolve(rights(false));
  await settle();
  assert.equal(moderation.may.manage_lobby, false);
  await tick(60_000);
  assert.equal(questions.length, failures.length + 2, "nothing to ask about any more");
});

test("when people come and go, whoever may do something with them asks", async (t) => {
  const { moderation, questions, tick } = world(t);
  moderation.moved();
  await tick(200);
  assert.equal(questions.length, 0, "may nothing");
  moderation.refresh();
  await tick(200);
  moderation.moved(); // the answer that is on its way may not know of them
  questions[0]?.resolve(rights(true));
  await settle();
  await tick(200);
  assert.equal(questions.length, 2);
  questions[1]?.resolve(rights(true));
  await settle();
  await tick(200);
  assert.equal(questions.length, 2, "nobody came since");
  moderation.moved();
  await tick(200);
  assert.equal(questions.length, 3);
  questions[2]?.resolve(rights(false));
  await settle();
  moderation.moved();
  await tick(200);
  assert.equal(questions.length, 3);
});

test("in a rush, answers are waited for and count, and who may nothing asks once", async (t) => {
  const { moderation, questions, tick } = world(t);
  const arrivals = async () => {
    for (let i = 0; i < 20; i++) {
      moderation.moved();
      await tick(100);
    }
  };
  moderation.refresh();
  await arrivals();
  assert.equal(questions.length, 1);
  questions[0]?.resolve(rights(true, ["p"]));
  await settle();
  assert.equal(moderation.seat("p")?.remove, true);
  await arrivals();
  assert.equal(questions.length, 2);
  questions[1]?.resolve(rights(false));
  await arrivals();
  assert.equal(questions.length, 2);
});

test("a question that is due anyway is asked once, and none after the call", async (t) => {
  const { moderation, questions, tick } = world(t);
  moderation.refresh();
  await tick(200);
  questions[0]?.reject(new TypeError("no network"));
  await settle();
  await tick(4000);
  moderation.refresh();
  await tick(200);
  assert.equal(questions.length, 2);
  await tick(60_000);
  assert.equal(questions.length, 2);
  questions[1]?.reject(new TypeError("no network"));
  await settle();
  moderation.clear();
  await tick(60_000);
  assert.equal(questions.length, 2);
});

test("an answer that comes after the call is over counts no more", async (t) => {
  const { moderation, questions, tick } = world(t);
  moderation.refresh();
  await tick(200);
  moderation.refresh();
  moderation.clear();
  questions[0]?.resolve(rights(true));
  await tick(1000);
  assert.equal(moderation.may.end_call, false);
  assert.equal(questions.length, 1);
});

test("what does not work is told, and asked about anew", async (t) => {
  const broken = await trouble();
  const { moderation, questions, posts, refusals, failed, tick } = world(t);
  refusals.push(new Declined("rank", "Your role does not allow this."), new TypeError("no network"), broken);
  await moderation.remove("p");
  await moderation.admitAll();
  await moderation.block("e", true);
  await moderation.ban("p", false);
  assert.deepEqual(posts, [
    ["/r/x/participants/p/remove", {}], ["/r/x/lobby/admit-all", {}], ["/r/x/lobby/e/block", { invitation: "on" }], ["/r/x/participants/p/ban", {}],
  ]);
  assert.deepEqual(failed, ["rank", "unreachable", "failed"]);
  await tick(200);
  assert.equal(questions.length, 1);
});
