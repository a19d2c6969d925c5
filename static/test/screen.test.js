import assert from "node:assert/strict";
import test from "node:test";
import { Screen } from "../js/core/screen.js";

/** A screen, or its sound, that a browser gives. */
class Track extends EventTarget {
  contentHint = "";
  stopped = false;
  /** @type {object[]} */
  constraints = [];
  /** @param {object} settings @param {string} [handle] */
  constructor(settings = {}, handle = "") {
    super();
    this.getSettings = () => settings;
    this.getCaptureHandle = () => (handle ? { handle } : null);
  }
  async applyConstraints(constraints) { this.constraints.push(constraints); }
  stop() { this.stopped = true; }
}

const here = { origin: "https://foyer.example", handle: "this-tab", size: () => ({ width: 1440, height: 900 }) };

class Memory {
  #items = new Map();
  getItem(key) { return this.#items.get(key) ?? null; }
  setItem(key, value) { this.#items.set(key, value); }
}

/** @param {(wish: object) => Promise<unknown>} getDisplayMedia */
function screenOf(getDisplayMedia, others = {}, storage = new Memory()) {
  const screen = new Screen(/** @type {never} */ ({ getDisplayMedia, ...others }), here, storage);
  /** @type {string[]} */
  const told = [];
  screen.on("change", () => told.push(screen.track ? (screen.sound ? "on, heard" : "on") : "off"));
  screen.on("problem", () => told.push("problem"));
  return { screen, told };
}

/** @param {Track} track @param {Track[]} sounds */
const giving = (track, ...sounds) => async () => ({ getVideoTracks: () => [track], getAudioTracks: () => sounds });

test("shares until it is stopped, here or by the browser's own button, and its sound with it", async () => {
  for (const end of ["here", "browser"]) {
    const track = new Track();
    const sound = new Track();
    const { screen, told } = screenOf(giving(track, sound));
    await screen.start();
    await screen.start(); // once
    assert.equal(screen.track, track);
    assert.equal(screen.sound, sound);
    if (end === "here") screen.stop();
    else track.dispatchEvent(new Event("ended"));
    screen.stop(); // nothing any more
    assert.deepEqual(told, ["on, heard", "off"]);
    assert.equal(screen.track, null);
    assert.equal(screen.sound, null);
    assert.equal(track.stopped && sound.stopped, true);
  }
});

test("sound that ends by itself leaves the picture; a screen without sound is fine", async () => {
  const [track, sound] = [new Track(), new Track()];
  const { screen, told } = screenOf(giving(track, sound));
  await screen.start();
  sound.dispatchEvent(new Event("ended"));
  assert.deepEqual(told, ["on, heard", "on"]);
  assert.equal(track.stopped, false);
  const silent = screenOf(giving(new Track()));
  await silent.screen.start();
  assert.deepEqual(silent.told, ["on"]);
});

test("letters are kept sharp, or motion smooth; which one is remembered", async () => {
  const storage = new Memory();
  const track = new Track();
  const { screen } = screenOf(giving(track), {}, storage);
  await screen.start();
  assert.equal(track.contentHint, "detail");
  screen.mode = "motion";
  assert.equal(track.contentHint, "motion");
  assert.deepEqual(track.constraints.at(-1), { frameRate: { ideal: 30, max: 30 } });
  assert.equal(screenOf(giving(new Track()), {}, storage).screen.mode, "motion");
});

test("a screen that shows the call itself is known", async () => {
  for (const [want, settings, handle] of /** @type {const} */ ([
    ["", { displaySurface: "browser", width: 1440, height: 820 }, "another-tab"],
    ["itself", { displaySurface: "browser", width: 1440, height: 820 }, "this-tab"],
    ["itself", { displaySurface: "window", width: 1438, height: 920 }, ""],
    ["", { displaySurface: "window", width: 1000, height: 900 }, ""],
    ["perhaps", { displaySurface: "monitor", width: 2560, height: 1440 }, ""],
    ["", {}, ""],
  ])) {
    const { screen } = screenOf(giving(new Track(settings, handle)));
    assert.equal(screen.tunnel, "");
    await screen.start();
    assert.equal(screen.tunnel, want, JSON.stringify(settings));
  }
});

test("the call's own tab is not offered, and its sound not sent back: the system's only where the browser takes it out", async () => {
  for (const sifts of [true, false]) {
    /** @type {Record<string, unknown>} */
    let wish = {};
    /** @type {object[]} */
    const handles = [];
    const { screen } = screenOf(async (asked) => { wish = { ...asked }; return { getVideoTracks: () => [], getAudioTracks: () => [] }; }, {
      getSupportedConstraints: () => (sifts ? { restrictOwnAudio: true } : {}),
      setCaptureHandleConfig: (config) => handles.push(config),
    });
    await screen.start();
    assert.equal(wish.selfBrowserSurface, "exclude");
    assert.equal(wish.systemAudio, sifts ? "include" : "exclude");
    assert.deepEqual(handles, [{ handle: "this-tab", permittedOrigins: ["https://foyer.example"] }]);
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

test("a screen that is stopped, here or by the browser, while it is made ready is not shared, and the next is no matter of its", async () => {
  for (const end of ["here", "browser"]) {
    const [track, sound] = [new Track(), new Track()];
    let ready = () => {};
    track.applyConstraints = () => new Promise((resolve) => { ready = () => resolve(undefined); });
    const next = new Track();
    const given = [giving(track, sound), giving(next)];
    const { screen, told } = screenOf(() => given.shift()?.() ?? Promise.reject(new Error("no more")));
    const starting = screen.start();
    await new Promise((resolve) => setImmediate(resolve));
    if (end === "here") screen.stop();
    else track.dispatchEvent(new Event("ended"));
    ready();
    await starting;
    assert.deepEqual([screen.track, screen.asking, track.stopped, sound.stopped, told], [null, false, true, true, []], end);
    await screen.start();
    track.dispatchEvent(new Event("ended"));
    assert.deepEqual([screen.track, told], [next, ["on"]], end);
  }
});

test("what is chosen after it was stopped is let go of at once, with its sound; a failure then is no problem any more", async () => {
  const browser = { give: (/** @type {unknown} */ _) => {}, fail: (/** @type {Error} */ _) => {} };
  const { screen, told } = screenOf(() => new Promise((resolve, reject) => { Object.assign(browser, { give: resolve, fail: reject }); }));
  const [track, sound, next] = [new Track(), new Track(), new Track()];
  const late = screen.start();
  assert.equal(screen.asking, true);
  screen.stop();
  browser.give(await giving(track, sound)());
  await late;
  assert.deepEqual([screen.track, screen.sound, screen.asking, track.stopped, sound.stopped], [null, null, false, true, true]);
  const failing = screen.start();
  screen.stop();
  browser.fail(new DOMException("no", "NotReadableError"));
  await failing;
  assert.deepEqual(told, []);
  const again = screen.start();
  browser.give(await giving(next)());
  await again;
  assert.equal(screen.track, next);
  assert.deepEqual(told, ["on"]);
});

test("where browsers have no screens to share it is not possible, and nothing happens", async () => {
  for (const devices of [undefined, {}]) {
    const screen = new Screen(devices, here, null);
    assert.equal(screen.possible, false);
    await screen.start();
    assert.equal(screen.track, null);
  }
});
