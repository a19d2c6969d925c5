import assert from "node:assert/strict";
import test from "node:test";
import { Settings } from "../js/core/settings.js";

/** @param {string | null} text */
function storage(text = null) {
  let held = text;
  return { getItem: () => held, setItem: (/** @type {string} */ _key, /** @type {string} */ value) => { held = value; } };
}

test("a switch is remembered, told of once, and by itself", () => {
  const memory = storage();
  const settings = new Settings(memory);
  /** @type {string[]} */
  const changes = [];
  settings.on("change", ({ setting }) => changes.push(setting));
  assert.ok(settings.is("noise") && settings.is("echo") && settings.is("gain") && settings.is("hold") && settings.is("cues"));
  settings.set("noise", false);
  settings.set("noise", false);
  assert.deepEqual(changes, ["noise"]);
  assert.deepEqual(settings.processing, { noiseSuppression: false, echoCancellation: true, autoGainControl: true });
  const later = new Settings(memory);
  assert.equal(later.is("noise"), false);
  assert.equal(later.is("echo"), true);
});

for (const [what, memory] of /** @type {const} */ ([
  ["no storage", null],
  ["storage that refuses", { getItem: () => { throw new Error("no"); }, setItem: () => { throw new Error("no"); } }],
  ["somebody else's text", storage("{{")],
  ["values of another kind", storage('{"noise": "no", "hold": 0}')],
])) {
  test(`${what}: as usual, and a change holds`, () => {
    const settings = new Settings(memory);
    assert.ok(settings.is("noise") && settings.is("hold"));
    settings.set("hold", false);
    assert.equal(settings.is("hold"), false);
  });
}
