import assert from "node:assert/strict";
import test from "node:test";
import { Unheard } from "../js/core/unheard.js";

/** @param {Unheard} unheard @param {number} from @param {number} seconds @param {(n: number) => number} level */
function listen(unheard, from, seconds, level) {
  let said = 0;
  for (let n = 0; n < seconds * 10; n++) if (unheard.take(level(n), from + n * 100)) said++;
  return said;
}

test("speech is told of once, and again only after a rest", () => {
  const unheard = new Unheard();
  const speech = (/** @type {number} */ n) => (n % 10 < 7 ? 0.7 : 0.05);
  assert.equal(listen(unheard, 0, 1, speech), 0, "a word is not enough");
  assert.equal(listen(unheard, 1000, 20, speech), 1);
  assert.equal(listen(unheard, 40_000, 10, speech), 0);
  assert.equal(listen(unheard, 70_000, 10, speech), 1);
});

test("a quiet room, keys and a cough are not speech", () => {
  const unheard = new Unheard();
  assert.equal(listen(unheard, 0, 30, () => 0.2), 0);
  assert.equal(listen(unheard, 30_000, 30, (n) => (n % 7 === 0 ? 0.9 : 0.1)), 0);
  assert.equal(listen(unheard, 60_000, 30, (n) => (n % 100 < 4 ? 1 : 0)), 0);
});

test("what was heard before the microphone was on counts no more", () => {
  const unheard = new Unheard();
  listen(unheard, 0, 1, () => 0.9);
  unheard.clear();
  assert.equal(unheard.take(0.9, 1100), false);
});
