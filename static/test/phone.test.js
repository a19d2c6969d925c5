import assert from "node:assert/strict";
import test from "node:test";
import { Awake, isTouchSafari, playAgain, tellAudioSession } from "../js/core/phone.js";

const settle = () => new Promise((resolve) => setImmediate(resolve));

for (const [platform, maxTouchPoints, want] of /** @type {[string, number, boolean][]} */ ([
  ["iPhone", 5, true], ["iPad", 5, true], ["MacIntel", 5, true], ["MacIntel", 0, false], ["Linux armv81", 5, false], ["Win32", 10, false],
])) {
  test(`${platform} with ${maxTouchPoints} touch points ${want ? "is" : "is not"} a touch Safari`, () => {
    assert.equal(isTouchSafari({ platform, maxTouchPoints }), want);
  });
}

test("the audio session is told of a call and of its end, where there is one", () => {
  const safari = { audioSession: { type: "auto" } };
  tellAudioSession(safari, true);
  assert.equal(safari.audioSession.type, "play-and-record");
  tellAudioSession(safari, false);
  assert.equal(safari.audioSession.type, "auto");
  tellAudioSession({}, true);
});

test("what was stopped plays again; what has nothing to play, and what plays, is left", async () => {
  let played = 0;
  const element = (/** @type {boolean} */ paused, /** @type {object | null} */ srcObject, fails = false) => /** @type {never} */ ({
    paused, srcObject, play: async () => { played++; if (fails) throw new DOMException("", "NotAllowedError"); },
  });
  assert.equal(await playAgain([element(true, {}), element(false, {}), element(true, null)]), true);
  assert.equal(played, 1);
  assert.equal(await playAgain([element(true, {}, true), element(true, {})]), false);
  assert.equal(played, 3);
});

class Page extends EventTarget {
  visibilityState = "visible";
  /** @param {string} state */
  becomes(state) { this.visibilityState = state; this.dispatchEvent(new Event("visibilitychange")); }
}

class Locks {
  taken = 0;
  released = 0;
  refuses = false;
  request = async () => {
    if (this.refuses) throw new DOMException("", "NotAllowedError");
    this.taken++;
    return { release: async () => { this.released++; } };
  };
}

test("the screen stays on during a call, also after the page was away", async () => {
  const [page, locks] = [new Page(), new Locks()];
  const awake = new Awake(locks, page);
  page.becomes("visible");
  assert.equal(locks.taken, 0);
  awake.wanted = true;
  awake.wanted = true;
  await settle();
  assert.equal(locks.taken, 1);
  page.becomes("hidden");
  await settle();
  assert.equal(locks.taken, 1);
  page.becomes("visible");
  await settle();
  assert.equal(locks.taken, 2);
  awake.wanted = false;
  assert.equal(locks.released, 1);
  page.becomes("visible");
  await settle();
  assert.equal(locks.taken, 2);
});

test("a lock that comes when the call is over is given back; one that is refused is no matter", async () => {
  const [page, locks] = [new Page(), new Locks()];
  const awake = new Awake(locks, page);
  awake.wanted = true;
  awake.wanted = false;
  await settle();
  assert.deepEqual([locks.taken, locks.released], [1, 1]);
  locks.refuses = true;
  awake.wanted = true;
  await settle();
  awake.wanted = false;
  new Awake(undefined, page).wanted = true;
});
