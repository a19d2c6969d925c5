import assert from "node:assert/strict";
import test from "node:test";
import { Floor } from "../js/core/floor.js";

test("whoever speaks keeps the floor until they are silent; who speaks in between comes next", () => {
  const floor = new Floor();
  assert.equal(floor.update("a", true), true);
  assert.deepEqual(floor.speakers, ["a"]);
  floor.update("b", true);
  assert.deepEqual(floor.speakers, ["a", "b"], "in between");
  assert.equal(floor.update("b", false), false);
  floor.update("b", true);
  floor.update("a", false);
  assert.deepEqual(floor.speakers, ["b", "a"], "the floor passes on");
  floor.update("b", false);
  assert.deepEqual(floor.speakers, ["b", "a"], "in silence the last keeps it");
  floor.update("c", true);
  assert.deepEqual(floor.speakers, ["c", "b", "a"]);
  assert.equal(floor.update("c", true), false);
});

test("who leaves gives the floor to who still speaks", () => {
  const floor = new Floor();
  for (const id of ["a", "b", "c"]) floor.update(id, true);
  floor.update("c", false);
  floor.forget("a");
  assert.deepEqual(floor.speakers, ["b", "c"]);
  floor.forget("nobody");
  floor.forget("b");
  assert.deepEqual(floor.speakers, ["c"]);
});

test("it remembers the last dozen", () => {
  const floor = new Floor();
  for (let i = 0; i < 30; i++) {
    floor.update(`p${i}`, true);
    floor.update(`p${i}`, false);
  }
  assert.equal(floor.speakers.length, 12);
  assert.equal(floor.speakers[0], "p29");
});
