import assert from "node:assert/strict";
import test from "node:test";
import { Sounds, quietAbove } from "../js/core/sounds.js";

/** What was asked of the browser's audio. */
class Speaker {
  /** @type {number[]} */
  tones = [];
  /** @type {string[]} */
  sinks = [];
  resumed = 0;
  closed = 0;
  state = "suspended";

  /** @param {import("node:test").TestContext} t */
  constructor(t) {
    const heard = this;
    Object.assign(globalThis, {
      OscillatorNode: class { constructor(_context, { frequency }) { heard.tones.push(frequency); } connect(to) { return to; } start() {} stop() {} },
      GainNode: class { gain = { setValueAtTime() {}, linearRampToValueAtTime() {}, exponentialRampToValueAtTime() {} }; connect(to) { return to; } },
    });
    t.mock.timers.enable({ apis: ["Date"] });
    this.pass = (/** @type {number} */ ms) => t.mock.timers.tick(ms);
  }

  context = () => /** @type {AudioContext} */ (/** @type {unknown} */ ({
    currentTime: 0, destination: {}, state: this.state,
    resume: async () => { this.resumed++; },
    close: async () => { this.closed++; },
    setSinkId: async (/** @type {string} */ id) => { this.sinks.push(id); },
  }));
}

test("a cue has its tones, on the speaker that is chosen, and wakes the browser's sound", (t) => {
  const speaker = new Speaker(t);
  const sounds = new Sounds(speaker.context);
  sounds.speaker = "s2";
  sounds.play("join");
  assert.equal(speaker.tones.length, 2);
  assert.deepEqual(speaker.sinks, ["s2"]);
  assert.equal(speaker.resumed, 1);
  sounds.speaker = "default";
  assert.deepEqual(speaker.sinks, ["s2", ""]);
});

test("cues are silent when unwanted and in a large call; the test of the speaker never is", (t) => {
  const speaker = new Speaker(t);
  const sounds = new Sounds(speaker.context);
  sounds.people = quietAbove + 1;
  sounds.play("join");
  sounds.people = quietAbove;
  sounds.on = false;
  sounds.play("chat");
  assert.deepEqual(speaker.tones, []);
  sounds.test();
  assert.ok(speaker.tones.length > 0);
});

test("many at once are one", (t) => {
  const speaker = new Speaker(t);
  const sounds = new Sounds(speaker.context);
  for (let i = 0; i < 5; i++) sounds.play("chat");
  assert.equal(speaker.tones.length, 1);
  speaker.pass(1000);
  sounds.play("chat");
  assert.equal(speaker.tones.length, 2);
});

test("closed, the next cue begins anew", (t) => {
  const speaker = new Speaker(t);
  const sounds = new Sounds(speaker.context);
  sounds.play("hand");
  sounds.close();
  assert.equal(speaker.closed, 1);
  speaker.pass(1000);
  sounds.play("hand");
  assert.equal(speaker.tones.length, 4);
});
