import assert from "node:assert/strict";
import test from "node:test";
import { Moves } from "../js/core/moves.js";
import { quietAbove } from "../js/core/sounds.js";

/** @param {import("node:test").TestContext} t */
function listen(t) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {import("../js/core/moves.js").Told[]} */
  const told = [];
  return { told, moves: new Moves((one) => told.push(one)), pass: (/** @type {number} */ ms) => t.mock.timers.tick(ms) };
}

test("who comes and goes within a moment is told in one line", (t) => {
  const { told, moves, pass } = listen(t);
  moves.add("joined", "Ana", 2);
  moves.add("joined", "Ben", 3);
  moves.add("left", "Cleo", 2);
  moves.add("joined", "Dan", 3);
  moves.add("left", "Dan", 2);
  pass(1500);
  assert.deepEqual(told, [{ joined: ["Ana", "Ben"], left: ["Cleo"] }]);
  moves.add("left", "Ana", 1);
  pass(1500);
  assert.deepEqual(told[1], { joined: [], left: ["Ana"] });
});

test("in a large call everybody is told too, in few lines", (t) => {
  const { told, moves, pass } = listen(t);
  for (let i = 0; i < 60; i++) { // a minute in which somebody comes every second
    moves.add("joined", `${i}`, quietAbove + 1 + i);
    pass(1000);
  }
  pass(10_000);
  assert.ok(told.length >= 3 && told.length <= 7, `${told.length} lines`);
  assert.deepEqual(told.flatMap(({ joined }) => joined), Array.from({ length: 60 }, (_, i) => `${i}`));
});

test("what was not told when the call ends is not told later", (t) => {
  const { told, moves, pass } = listen(t);
  moves.add("joined", "Ana", 2);
  moves.clear();
  pass(60_000);
  assert.deepEqual(told, []);
});
