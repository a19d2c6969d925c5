import assert from "node:assert/strict";
import test from "node:test";
import { View } from "../js/core/view.js";

/** @param {string | null} kept */
const memory = (kept = null) => ({ kept, getItem() { return this.kept; }, setItem(_key, value) { this.kept = value; } });

test("choices are told and remembered, the pin is not", () => {
  const storage = memory();
  const view = new View(storage);
  let told = 0;
  view.on("change", () => told++);
  view.pinned = "person a";
  view.hidesSelf = true;
  view.corner = "top-start";
  assert.equal(view.pinned, "person a");
  view.mode = "speaker";
  assert.equal(view.pinned, "", "choosing a layout lets go of the pin");
  assert.equal(told, 4);
  const again = new View(storage);
  assert.deepEqual([again.mode, again.hidesSelf, again.corner, again.pinned], ["speaker", true, "top-start", ""]);
});

test("what somebody else wrote there, or a browser that keeps nothing, does no harm", () => {
  const refusing = { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); } };
  for (const storage of [null, refusing, memory("{"), memory("null"), memory("7"), memory('{"mode":"x","corner":"y","hidesSelf":"z"}')]) {
    const view = new View(storage);
    assert.deepEqual([view.mode, view.hidesSelf, view.corner], ["auto", false, "bottom-end"]);
    view.mode = "grid";
    assert.equal(view.mode, "grid");
  }
});
