import assert from "node:assert/strict";
import test from "node:test";
import { ReactionLines, isReaction } from "../js/core/reactions.js";

test("many reactions become few lines, each name once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  /** @type {Map<string, string[]>[]} */
  const told = [];
  const lines = new ReactionLines((sent) => told.push(sent));
  for (let i = 0; i < 600; i++) { // a minute of clapping
    lines.add(i % 2 ? "Ana" : "Ben", "clap");
    lines.add("Cleo", "heart");
    t.mock.timers.tick(100);
  }
  assert.ok(told.length >= 5 && told.length <= 11, `${told.length} lines in a minute`);
  for (const sent of told) assert.deepEqual([sent.get("clap")?.sort(), sent.get("heart")], [["Ana", "Ben"], ["Cleo"]]);
});

test("what was not told when the call ends is not told later", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  let told = 0;
  const lines = new ReactionLines(() => told++);
  lines.add("Ana", "heart");
  lines.clear();
  t.mock.timers.tick(60_000);
  assert.equal(told, 0);
});

test("only known reactions are shown", () => {
  assert.ok(isReaction("clap"));
  for (const other of ["", "<b>", "toString", "__proto__"]) assert.ok(!isReaction(other), other);
});
