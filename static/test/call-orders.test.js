// Every order of what can happen to a call.

import assert from "node:assert/strict";
import test from "node:test";
import { Declined } from "../js/core/post.js";
import { World, settle } from "./lib/callworld.js";

/** Everything that can happen to a call. @type {Record<string, (world: World) => void>} */
const happenings = {
  join: (world) => void world.call.join("Ana"),
  leave: (world) => world.call.leave(),
  answer: (world) => world.answer(),
  refuse: (world) => world.refuse(new Declined("locked", "")),
  unreachable: (world) => world.refuse(new TypeError("no network")),
  connect: (world) => world.media?.succeed?.(),
  fail: (world) => world.media?.fail?.(new Error("no route")),
  lose: (world) => world.media?.emit("reconnecting", null),
  regain: (world) => world.media?.emit("reconnected", null),
  lost: (world) => world.media?.emit("parted", { parting: "lost", reason: "" }),
  putOut: (world) => world.media?.emit("parted", { parting: "refused", reason: "" }),
  ended: (world) => world.events?.emit("ended", { reason: "removed", by: "", message: "" }),
  refusedStream: (world) => world.events?.emit("refused", { status: 404 }),
  nudge: (world) => world.call.nudge(),
  late: (world) => { for (const events of world.streams.slice(0, -1)) events.emit("ended", { reason: "removed", by: "", message: "" }); },
};

/** From a state, what may follow. @type {Record<string, string[]>} */
const transitions = {
  prejoin: ["joining"],
  joining: ["incall", "prejoin", "ended"],
  incall: ["reconnecting", "ended"],
  reconnecting: ["incall", "ended"],
  ended: ["joining"],
};

/** @param {World} world @param {string} path */
function check(world, path) {
  let before = "prejoin";
  for (const state of world.states) {
    if (state === before && state === "reconnecting") continue; // the SDK gave up and a fresh join takes over
    assert.ok(transitions[before]?.includes(state), `${path}: ${before} → ${state}`);
    before = state;
  }
  assert.equal(world.call.state, before, path);
  assert.ok(world.openMedia.length <= 1, `${path}: ${world.openMedia.length} media connections`);
  assert.ok(world.openStreams.length <= 1, `${path}: ${world.openStreams.length} streams`);
  if (before === "prejoin" || before === "ended") {
    assert.equal(world.openMedia.length, 0, `${path}: media left open`);
    assert.equal(world.openStreams.length, 0, `${path}: a stream left open`);
    assert.equal(world.call.roster.count, 0, `${path}: people left`);
    assert.ok(world.asks.every(({ settled }) => settled), `${path}: a question left open`);
  }
  if (before === "ended") assert.ok(world.ending, `${path}: no reason`);
  if (before === "incall") {
    assert.equal(world.openMedia.length, 1, `${path}: in the call without media`);
    assert.equal(world.openStreams.length, 1, `${path}: in the call without a stream`);
    assert.ok(world.media?.connected, `${path}: not connected`);
  }
}

test("every order of what can happen keeps one connection at most and leaves nothing behind", { timeout: 400_000 }, async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const names = Object.keys(happenings);
  /** @param {string[]} path @param {(world: World) => Promise<void>} begin */
  const walk = async (path, begin) => {
    const world = new World();
    await begin(world);
    for (const name of path) {
      happenings[name]?.(world);
      await settle();
      t.mock.timers.tick(2500);
      await settle();
      check(world, path.join(" "));
    }
    world.call.leave();
    await settle();
    check(world, `${path.join(" ")} leave`);
    t.mock.timers.tick(200_000);
    await settle();
    check(world, `${path.join(" ")} leave, later`);
  };
  for (const a of names) {
    for (const b of names) {
      for (const c of names) {
        await walk([a, b, c], async () => {});
        await walk([a, b, c], (world) => world.inCall());
      }
    }
  }
  // What a call is made of, in every order of four, after it has begun.
  const parts = ["answer", "connect", "lose", "regain", "lost", "putOut", "ended"];
  for (let n = 0; n < parts.length ** 4; n++) {
    await walk(Array.from({ length: 4 }, (_, i) => parts[Math.floor(n / parts.length ** i) % parts.length] ?? ""), (world) => world.inCall());
  }
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let run = 0; run < 300; run++) {
    await walk(Array.from({ length: 40 }, () => names[Math.floor(random() * names.length)] ?? ""), async () => {});
  }
});
