// Tells the server from time to time how oneself is connected, for whoever looks
// after the site. What cannot be told is left out: the next report follows soon.

import { summary } from "./quality.js";

/** @typedef {import("../media/types.js").Sample} Sample */
/** @typedef {import("../media/types.js").Quality} Quality */

/**
 * @typedef {object} Report
 * @property {"udp" | "tcp" | "relay" | "unknown"} path
 * @property {Quality} quality
 * @property {number} rtt seconds to the service and back
 * @property {number} loss share of packets, from 0 to 1
 */

/**
 * @typedef {object} Around what reporting needs of the world
 * @property {() => Promise<Sample | null>} stats null without a connection
 * @property {() => Quality} quality of one's own connection, as the media service sees it
 * @property {(report: Report) => Promise<unknown>} tell
 */

const firstAfter = 3000; // milliseconds; then there is something to say
const every = 15_000;
const longest = 60; // seconds that the server takes

export class Reporting {
  #around;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {Sample | null} */
  #before = null;

  /** @param {Around} around */
  constructor(around) {
    this.#around = around;
  }

  /** Reports from now on. */
  begin() {
    this.end();
    this.#next(firstAfter);
  }

  /** Reports no more. */
  end() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#before = null;
  }

  /** @param {number} ms */
  #next(ms) {
    const timer = setTimeout(async () => {
      await this.#report().catch(() => {}); // told again soon
      if (this.#timer === timer) this.#next(every);
    }, ms);
    this.#timer = timer;
  }

  async #report() {
    const now = await this.#around.stats();
    if (!now) return;
    const { roundTrip, path, loss } = summary(this.#before ?? now, now);
    this.#before = now;
    await this.#around.tell({
      path: path || "unknown",
      quality: this.#around.quality(),
      rtt: Math.min(longest, (roundTrip ?? 0) / 1000),
      loss: loss ?? 0,
    });
  }
}
