// Comings and goings, told in few lines, so that whoever hears the page read out is
// not drowned.

import { quietAbove } from "./sounds.js";

/** @typedef {{joined: string[], left: string[]}} Told names of who came, and of who went */

/** What happens within this time is told in one line. */
const gather = 1200; // milliseconds
/** And in a large call, in which somebody comes or goes all the time. */
const gatherMany = 10_000;

export class Moves {
  /** @type {Told} */
  #told = { joined: [], left: [] };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #tell;

  /** @param {(told: Told) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /**
   * Somebody came or went; who comes and goes within a moment did neither.
   * @param {"joined" | "left"} how
   * @param {string} name
   * @param {number} people how many are in the call
   */
  add(how, name, people) {
    const other = this.#told[how === "joined" ? "left" : "joined"];
    const undone = other.indexOf(name);
    if (undone >= 0) other.splice(undone, 1);
    else this.#told[how].push(name);
    this.#timer ??= setTimeout(() => {
      const told = this.#told;
      this.clear();
      this.#tell(told);
    }, people > quietAbove ? gatherMany : gather);
  }

  /** Forgets what was not told yet. */
  clear() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#told = { joined: [], left: [] };
  }
}
