import assert from "node:assert/strict";
import test from "node:test";
import { Screen } from "../js/core/screen.js";

/** A screen that a browser gives. */
class Track extends EventTarget {
  contentHint = "";
  stopped = false;
  stop() { this.stopped = true; }
}

/** @param {() => Promise<unknown>} getDisplayMedia */
function screenOf(getDisplayMedia) {
  const screen = new Screen(/** @type {never} */ ({ getDisplayMedia }));
  /** @type {string[]} */
  const told = [];
  screen.on("change", () => told.push(screen.track ? "on" : "off"));
  screen.on("problem", () => told.push("problem"));
  return { screen, told };
}

/** @param {Track} track */
const giving = (track) => async () => ({ getVideoTracks: () => [track] });

test("shares until it is stopped, here or by the browser's own button", async () => {
  for (const end of ["here", "browser"]) {
    const track = new Track();
    const { screen, told } = screenOf(giving(track));
    await screen.start();
    await screen.start(); // once
    assert.equal(screen.track, track);
    assert.equal(track.contentHint, "detail");
    if (end === "here") screen.stop();
    else track.dispatchEvent(new Event("ended"));
    screen.stop(); // nothing any more
    assert.deepEqual(told, ["on", "off"]);
    assert.equal(screen.track, null);
    assert.equal(track.stopped, true);
  }
});

test("asks once at a time; saying no is no problem, a failure is", async () => {
  let asked = 0;
  const said = { reject: (/** @type {Error} */ _) => {} };
  const { screen, told } = screenOf(() => { asked++; return new Promise((_, reject) => { said.reject = reject; }); });
  const first = screen.start();
  await screen.start();
  assert.equal(asked, 1);
  said.reject(new DOMException("no", "NotAllowedError"));
  await first;
  assert.deepEqual(told, []);
  const second = screen.start();
  said.reject(new DOMException("no", "NotReadableError"));
  await second;
  assert.deepEqual(told, ["problem"]);
});

test("where browsers have no screens to share it is not possible, and nothing happens", async () => {
  for (const devices of [undefined, {}]) {
    const screen = new Screen(devices);
    assert.equal(screen.possible, false);
    await screen.start();
    assert.equal(screen.track, null);
  }
});
