// The small sounds of a call: two tones each, made here rather than fetched. With
// many people they would never stop, so then there are none.

/** @typedef {"join" | "leave" | "hand" | "chat" | "test"} Cue */

/** With more people than this in the call, comings and goings are not heard, and told seldom. */
export const quietAbove = 8;

/** The tones of each, in hertz, one after the other. @type {Record<Cue, number[]>} */
const tones = {
  join: [523, 784],
  leave: [784, 523],
  hand: [659, 988],
  chat: [880],
  test: [523, 659, 784],
};

const apart = 0.11; // seconds from one tone to the next
const length = 0.22; // seconds of each
const loud = 0.09;
/** The same cue again within this time is one event that came in pieces. */
const rest = 400; // milliseconds

/** The part of the Web Audio API that is used. @typedef {() => AudioContext} MakeContext */

export class Sounds {
  /** Whether there are any: the person's choice. */
  on = true;
  /** How many people are in the call. */
  people = 0;
  #make;
  /** @type {AudioContext | null} */
  #context = null;
  #speaker = "";
  /** @type {Map<Cue, number>} */
  #played = new Map();

  /** @param {MakeContext} make a new context */
  constructor(make = () => new AudioContext()) {
    this.#make = make;
  }

  /** The speaker that they come from. @param {string} id */
  set speaker(id) {
    if (id === this.#speaker) return;
    this.#speaker = id;
    this.#route();
  }

  /**
   * Plays a cue, unless it is unwanted or the call is large.
   * @param {Cue} cue
   */
  play(cue) {
    if (!this.on || this.people > quietAbove) return;
    const now = Date.now();
    if (now - (this.#played.get(cue) ?? -Infinity) < rest) return;
    this.#played.set(cue, now);
    this.#sound(cue);
  }

  /** Plays a few tones whatever is chosen: somebody wants to know whether they hear them. */
  test() {
    this.#sound("test");
  }

  /** Lets go of the speaker; the next cue takes it again. */
  close() {
    void this.#context?.close();
    this.#context = null;
  }

  /** @param {Cue} cue */
  #sound(cue) {
    if (!this.#context) {
      this.#context = this.#make();
      this.#route();
    }
    const context = this.#context;
    // Browsers start a context only after a gesture, and stop it for a phone call.
    if (context.state !== "running") void context.resume();
    const strength = cue === "test" ? loud * 2 : loud;
    for (const [i, hertz] of tones[cue].entries()) {
      const start = context.currentTime + i * apart;
      const tone = new OscillatorNode(context, { type: "sine", frequency: hertz });
      const volume = new GainNode(context, { gain: 0 });
      volume.gain.setValueAtTime(0, start);
      volume.gain.linearRampToValueAtTime(strength, start + 0.015);
      volume.gain.exponentialRampToValueAtTime(0.0001, start + length);
      tone.connect(volume).connect(context.destination);
      tone.start(start);
      tone.stop(start + length);
    }
  }

  #route() {
    const context = this.#context;
    if (!context || !("setSinkId" in context) || typeof context.setSinkId !== "function") return;
    // A speaker that was just pulled out: the browser plays on its default. That one has no name here.
    context.setSinkId(this.#speaker === "default" ? "" : this.#speaker).catch(() => {});
  }
}
