import assert from "node:assert/strict";
import test from "node:test";
import { Hold, shortcut } from "../js/core/shortcuts.js";

/** @param {Partial<import("../js/core/shortcuts.js").Press>} press */
const pressed = (press) => ({ key: "", code: "", ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, repeat: false, ...press });
/** @param {Partial<import("../js/core/shortcuts.js").Where>} [where] */
const at = (where) => ({ types: false, acts: false, asks: false, ...where });

for (const [what, press, where, mac, want] of /** @type {const} */ ([
  ["Ctrl D", { key: "d", ctrlKey: true }, {}, false, "microphone"],
  ["Ctrl D with caps lock", { key: "D", ctrlKey: true }, {}, false, "microphone"],
  ["Ctrl D while typing", { key: "d", ctrlKey: true }, { types: true }, false, "microphone"],
  ["Ctrl D in a dialog", { key: "d", ctrlKey: true }, { asks: true }, false, "microphone"],
  ["Ctrl D on a Russian keyboard", { key: "в", code: "KeyD", ctrlKey: true }, {}, false, "microphone"],
  ["Ctrl E on a Russian keyboard", { key: "у", code: "KeyE", ctrlKey: true }, {}, false, "camera"],
  ["Ctrl D on an Indian keyboard, where it is a mark and no letter", { key: "\u094d", code: "KeyD", ctrlKey: true }, {}, false, "microphone"],
  ["Ctrl E on a Russian keyboard, its letter in another place", { key: "е", code: "KeyT", ctrlKey: true }, {}, false, null],
  ["Ctrl D on a Dvorak keyboard", { key: "d", code: "KeyH", ctrlKey: true }, {}, false, "microphone"],
  ["Ctrl E on a Dvorak keyboard", { key: "e", code: "KeyD", ctrlKey: true }, {}, false, "camera"],
  ["Ctrl . on a Dvorak keyboard, where others have E", { key: ".", code: "KeyE", ctrlKey: true }, {}, false, null],
  ["Ctrl Ğ on a Turkish F keyboard, where others have E", { key: "ğ", code: "KeyE", ctrlKey: true }, {}, false, null],
  ["Ctrl E", { key: "e", ctrlKey: true }, {}, false, "camera"],
  ["Cmd D on a Mac", { key: "d", metaKey: true }, {}, true, "microphone"],
  ["Cmd E on a Mac", { key: "e", metaKey: true }, {}, true, "camera"],
  ["Ctrl D on a Mac, where it deletes", { key: "d", ctrlKey: true }, {}, true, null],
  ["Cmd D elsewhere", { key: "d", metaKey: true }, {}, false, null],
  ["Ctrl Shift D", { key: "D", ctrlKey: true, shiftKey: true }, {}, false, null],
  ["AltGr E, which is a euro sign", { key: "€", ctrlKey: true, altKey: true }, {}, false, null],
  ["Ctrl C", { key: "c", ctrlKey: true }, {}, false, null],
  ["a letter", { key: "d" }, {}, false, null],
  ["?", { key: "?", shiftKey: true }, {}, false, "list"],
  ["? while typing", { key: "?", shiftKey: true }, { types: true }, false, null],
  ["? in a dialog", { key: "?", shiftKey: true }, { asks: true }, false, null],
  ["? held down", { key: "?", shiftKey: true, repeat: true }, {}, false, null],
  ["Space", { key: " " }, {}, false, "hold"],
  ["Space held down", { key: " ", repeat: true }, {}, false, "hold"],
  ["Space while typing", { key: " " }, { types: true }, false, null],
  ["Space on a button that Tab led to", { key: " " }, { acts: true }, false, null],
  ["Space in a menu", { key: " " }, { asks: true }, false, null],
  ["Ctrl Space", { key: " ", ctrlKey: true }, {}, false, null],
])) {
  test(`${what}: ${want ?? "nothing"}`, () => {
    assert.equal(shortcut(pressed(press), at(where), mac), want);
  });
}

test("hold turns on once and off once, however often the key repeats", () => {
  /** @type {boolean[]} */
  const turns = [];
  const hold = new Hold((on) => { turns.push(on); return true; });
  hold.release();
  hold.press();
  hold.press();
  assert.equal(hold.held, true);
  hold.release();
  hold.release();
  assert.deepEqual(turns, [true, false]);
});

test("hold does nothing where there is nothing to turn on, and does not turn off what it did not turn on", () => {
  /** @type {boolean[]} */
  const turns = [];
  const hold = new Hold((on) => { turns.push(on); return false; });
  hold.press();
  assert.equal(hold.held, false);
  hold.release();
  assert.deepEqual(turns, [true]);
});
