import assert from "node:assert/strict";
import test from "node:test";
import { Speaking } from "../js/core/speaking.js";

/** @param {import("node:test").TestContext} t */
function watched(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {string[]} */
  const seen = [];
  const speaking = new Speaking((id, on) => seen.push(`${id} ${on ? "on" : "off"}`));
  return { seen, speaking, tick: (/** @type {number} */ ms) => t.mock.timers.tick(ms) };
}

test("on after 100 ms of speech, off after 800 ms of silence", (t) => {
  const { seen, speaking, tick } = watched(t);
  speaking.update(["ana"]);
  tick(99);
  assert.deepEqual(seen, []);
  tick(1);
  assert.deepEqual(seen, ["ana on"]);
  speaking.update([]);
  tick(799);
  assert.deepEqual(seen, ["ana on"]);
  tick(1);
  assert.deepEqual(seen, ["ana on", "ana off"]);
});

test("a click of the tongue and a breath change nothing", (t) => {
  const { seen, speaking, tick } = watched(t);
  speaking.update(["ana"]);
  tick(60);
  speaking.update([]);
  tick(1000);
  assert.deepEqual(seen, []);
  speaking.update(["ana"]);
  tick(100);
  speaking.update([]);
  tick(700);
  speaking.update(["ana"]);
  tick(5000);
  assert.deepEqual(seen, ["ana on"]);
});

test("saying again who speaks does not begin the wait again", (t) => {
  const { seen, speaking, tick } = watched(t);
  speaking.update(["ana"]);
  tick(60);
  speaking.update(["ana", "ben"]);
  tick(40);
  assert.deepEqual(seen, ["ana on"]);
  tick(60);
  assert.deepEqual(seen, ["ana on", "ben on"]);
});

test("who was forgotten is not heard of", (t) => {
  const { seen, speaking, tick } = watched(t);
  speaking.update(["ana", "ben"]);
  tick(50);
  speaking.forget("ana");
  tick(100);
  assert.deepEqual(seen, ["ben on"]);
  speaking.update([]);
  speaking.forget();
  tick(2000);
  assert.deepEqual(seen, ["ben on"]);
});
