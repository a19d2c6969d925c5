// When the computer or the network is too weak for what a call sends, quality falls
// before the call does. The media service's own adaptation comes first: fewer
// layers, fewer bits. Where that lasts and is not enough, the camera takes smaller
// pictures here, then smaller ones again, and at last it is turned off, so that the
// sound goes on. When things are better for a while, the pictures grow again.

import { Emitter } from "./emitter.js";

/**
 * @typedef {object} Moment how sending does
 * @property {boolean} sending a picture
 * @property {"" | "cpu" | "bandwidth"} limited by what the browser says that it holds the picture back
 * @property {number} frames a second, of the picture that is sent
 * @property {import("../media/types.js").Quality} quality of one's own connection
 */

/**
 * @typedef {object} StrainEvents
 * @property {{size: number}} size of the pictures that the camera should take; 0: whole ones
 * @property {null} dark the camera should be turned off
 * @property {null} weak receiving suffers too: without pictures the sound would be better
 */

const worseAfter = 10_000; // milliseconds of strain before the next step down
const betterAfter = 45_000; // of ease before the next step up
const longestEase = 600_000;
const weakAfter = 12_000;
const weakRest = 180_000; // before the same is said again
/** Fewer pictures a second than this are no moving picture. */
const tooFew = 8;

/** @extends {Emitter<StrainEvents>} */
export class Strain extends Emitter {
  #sizes;
  #size = 0;
  /** Since when it has been strained, or at ease. @type {{strained: boolean, at: number} | null} */
  #since = null;
  /** How long it has to be at ease for the next step up: longer each time that the last one was too early. */
  #ease = betterAfter;
  #grew = false;
  /** @type {number | null} */
  #weakSince = null;
  #saidWeak = -Infinity;

  /** @param {number} sizes how many sizes of pictures there are */
  constructor(sizes) {
    super();
    this.#sizes = sizes;
  }

  /**
   * @param {Moment} moment
   * @param {number} now milliseconds
   */
  take(moment, now) {
    this.#takeWeakness(moment, now);
    if (!moment.sending) {
      this.#since = null;
      return;
    }
    const strained = isStrained(moment);
    if (this.#since?.strained !== strained) this.#since = { strained, at: now };
    const lasted = now - this.#since.at;
    if (strained && lasted >= worseAfter) this.#stepDown(now);
    if (!strained && this.#size > 0 && lasted >= this.#ease) this.#stepUp(now);
  }

  /** Nothing was measured for a while: what was before it has not lasted through it. */
  pause() {
    this.#since = null;
    this.#weakSince = null;
  }

  /** A call begins: as if nothing had been. */
  reset() {
    this.pause();
    this.#saidWeak = -Infinity;
    this.#ease = betterAfter;
    this.#grew = false;
    if (this.#size === 0) return;
    this.#size = 0;
    this.emit("size", { size: 0 });
  }

  /** @param {number} now */
  #stepDown(now) {
    this.#since = { strained: true, at: now };
    if (this.#grew) this.#ease = Math.min(this.#ease * 2, longestEase);
    this.#grew = false;
    if (this.#size === this.#sizes - 1) {
      this.emit("dark", null);
      return;
    }
    this.#size++;
    this.emit("size", { size: this.#size });
  }

  /** @param {number} now */
  #stepUp(now) {
    this.#since = { strained: false, at: now };
    this.#grew = true;
    this.#size--;
    this.emit("size", { size: this.#size });
  }

  /** @param {Moment} moment @param {number} now */
  #takeWeakness({ quality }, now) {
    if (quality === "good") {
      this.#weakSince = null;
      return;
    }
    this.#weakSince ??= now;
    if (now - this.#weakSince < weakAfter || now - this.#saidWeak < weakRest) return;
    this.#saidWeak = now;
    this.emit("weak", null);
  }
}

/** @param {Moment} moment */
function isStrained({ limited, frames, quality }) {
  // Held back by bandwidth is what a browser is at first, and often: it is fine as long as pictures move.
  return limited === "cpu" || quality !== "good" || (limited === "bandwidth" && frames < tooFew);
}
