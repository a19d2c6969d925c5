// The details of a connection stay with what opened them, as long as that is there.

import assert from "node:assert/strict";
import test from "node:test";

/** As much of an element as they need. */
class Fake extends EventTarget {
  style = { left: "", top: "" };
  textContent = "";
  isConnected = true;
  drawn = true;
  open = false;
  offsetWidth = 100;
  offsetHeight = 50;
  /** @type {Record<string, Fake>} */
  #inside = {};
  /** @param {string} selector */
  querySelector(selector) { return this.#inside[selector] ??= new Fake(); }
  matches() { return this.open; }
  contains() { return false; }
  replaceChildren() {}
  focus() {}
  showPopover() { this.open = true; }
  hidePopover() { this.open = false; }
  getClientRects() { return this.drawn ? [{}] : []; }
  getBoundingClientRect() { return this.drawn ? { right: 300, top: 200, bottom: 220 } : { right: 0, top: 0, bottom: 0 }; }
}

const box = new Fake();
const page = new Fake();
Object.assign(globalThis, {
  HTMLElement: Fake, HTMLButtonElement: Fake, innerWidth: 1000, innerHeight: 800,
  document: { documentElement: { lang: "en" }, getElementById: (/** @type {string} */ id) => (id === "connection" ? box : page), createElement: () => new Fake() },
});
const { Connection } = await import("../js/app/connection.js");

test("hidden bars leave the details where they are; who leaves takes theirs along", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let at = 0;
  const details = new Connection(async () => /** @type {never} */ ({ at: ++at * 1000, roundTrip: 24, path: "udp", flows: [] }));
  const bars = new Fake();
  const second = async () => {
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(1000);
    for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
  };
  details.open(/** @type {never} */ ({ id: "ben", local: false }), "Ben", /** @type {never} */ (bars));
  await second();
  const place = { ...box.style };
  assert.notEqual(place.top, "");
  bars.drawn = false;
  await second();
  assert.deepEqual([box.open, box.style], [true, place]);
  bars.isConnected = false;
  await second();
  assert.equal(box.open, false);
});
