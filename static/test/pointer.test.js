// What is drawn along by a mouse is let go of with it, also where nobody told.

import assert from "node:assert/strict";
import test from "node:test";
import { CornerDrag } from "../js/app/corner.js";
import { ZoomView } from "../js/app/zoom.js";

/** As much of an element as they need. */
class Drawn extends EventTarget {
  dataset = { part: "corner" };
  style = { transform: "" };
  classList = { toggle() {}, add() {}, remove() {} };
  getBoundingClientRect() { return { left: 0, top: 0, width: 100, height: 100 }; }
  setPointerCapture() {}

  /**
   * @param {string} type
   * @param {number} x
   * @param {number} buttons
   * @param {string} [pointerType]
   */
  point(type, x, buttons, pointerType = "mouse") {
    this.dispatchEvent(Object.assign(new Event(type), { pointerId: 1, pointerType, button: 0, buttons, clientX: x, clientY: 0 }));
  }
}

/** @param {import("node:test").TestContext} t */
function browser(t) {
  Object.assign(globalThis, { Element: class {}, getComputedStyle: () => ({ direction: "ltr" }) });
  t.after(() => { for (const name of ["Element", "getComputedStyle"]) Reflect.deleteProperty(globalThis, name); });
}

test("an enlarged screen", (t) => {
  browser(t);
  const [frame, video] = [new Drawn(), new Drawn()];
  const view = new ZoomView(/** @type {never} */ (frame), () => /** @type {never} */ (video), () => {});
  view.enlarge();
  frame.point("pointerdown", 50, 1);
  frame.point("pointermove", 60, 1);
  const held = video.style.transform;
  frame.point("pointermove", 65, 0); // it was let go of over a menu of the browser
  frame.point("pointermove", 70, 1);
  assert.equal(video.style.transform, held);
  frame.point("pointerdown", 50, 0, "touch");
  frame.point("pointermove", 45, 0, "touch");
  assert.notEqual(video.style.transform, held);
});

test("one's own tile", (t) => {
  browser(t);
  const [tile, stage] = [new Drawn(), new Drawn()];
  /** @type {string[]} */
  const corners = [];
  new CornerDrag(/** @type {never} */ (tile), /** @type {never} */ (stage), (corner) => corners.push(corner));
  tile.point("pointerdown", 50, 1);
  tile.point("pointermove", 51, 0);
  tile.point("pointermove", 90, 0);
  assert.deepEqual([tile.style.transform, corners], ["", []]);
  tile.point("pointerdown", 50, 1);
  tile.point("pointermove", 90, 1);
  assert.equal(tile.style.transform, "translate(40px, 0px)");
  tile.point("pointermove", 95, 0);
  assert.equal(corners.length, 1, "it is where it was let go of");
  tile.point("pointermove", 10, 0);
  assert.equal(tile.style.transform, "translate(40px, 0px)");
});
