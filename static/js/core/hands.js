// Hands: whose are up, in order, and one's own, which goes down by itself once one
// has spoken.

import { Emitter } from "./emitter.js";

/** After so much speech the hand has done its work. */
export const spokenFor = 4000; // milliseconds

/**
 * Those whose hands are up, in the order in which they went up.
 * @param {import("./roster.js").Participant[]} participants
 */
export function inOrder(participants) {
  return participants.filter(({ hand }) => hand > 0).sort((a, b) => a.hand - b.hand || (a.id < b.id ? -1 : 1));
}

/**
 * @typedef {object} HandEvents
 * @property {{up: boolean}} own
 * @property {null} spoken one's own goes down because one has spoken
 * @property {unknown} failed it could not be raised or lowered
 */

/** @extends {Emitter<HandEvents>} */
export class Hands extends Emitter {
  #send;
  #up = false;
  /** What was asked for and has not come true yet. @type {boolean | null} */
  #wanted = null;
  #speaking = false;
  /** How long one has spoken since it went up, in milliseconds, without the stretch that goes on. */
  #spoken = 0;
  #since = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {import("./roster.js").Roster} roster
   * @param {(raised: boolean) => Promise<unknown>} send raises or lowers one's own
   */
  constructor(roster, send) {
    super();
    this.#send = send;
    for (const event of /** @type {const} */ (["added", "changed"])) {
      roster.on(event, (participant) => { if (participant.local) this.#see(participant); });
    }
    roster.on("removed", ({ local }) => { if (local) this.#see({ hand: 0, speaking: false, microphone: false }); });
  }

  /** Whether one's own is up, or about to be. */
  get up() {
    return this.#wanted ?? this.#up;
  }

  toggle() {
    return this.set(!this.up);
  }

  /** @param {boolean} raised */
  async set(raised) {
    if (raised === this.up) return;
    this.#wanted = raised;
    this.emit("own", { up: raised });
    try {
      await this.#send(raised);
    } catch (error) {
      this.#wanted = null;
      this.emit("own", { up: this.#up });
      this.emit("failed", error);
    }
  }

  /** @param {{hand: number, speaking: boolean, microphone: boolean}} own */
  #see({ hand, speaking, microphone }) {
    const up = hand > 0;
    if (up !== this.#up) {
      const told = this.up;
      this.#up = up;
      this.#wanted = null;
      this.#spoken = 0;
      this.#since = Date.now();
      if (told !== up) this.emit("own", { up });
    }
    const talks = up && speaking && microphone;
    if (talks === this.#speaking) return;
    this.#speaking = talks;
    clearTimeout(this.#timer);
    if (talks) {
      this.#since = Date.now();
      this.#timer = setTimeout(() => this.#done(), spokenFor - this.#spoken);
    } else if (up) {
      this.#spoken = Math.min(spokenFor, this.#spoken + Date.now() - this.#since);
    }
  }

  #done() {
    this.#speaking = false;
    this.emit("spoken", null);
    void this.set(false);
  }
}
