// What somebody chose for their calls: switches that this device remembers.

import { Emitter } from "./emitter.js";

const memory = "foyer.settings";

/** How each switch stands until somebody moves it. */
const usual = {
  /** The browser takes noise out of one's sound. */
  noise: true,
  /** It takes out what comes from the speaker. */
  echo: true,
  /** It evens out how loud one is. */
  gain: true,
  /** Holding the space bar turns the microphone on meanwhile. */
  hold: true,
  /** A question mark opens the list of shortcuts. */
  list: true,
  /** Who comes and goes, hands and messages are heard. */
  cues: true,
};

/** @typedef {keyof typeof usual} Setting */

/** @type {Setting[]} */
export const settings = /** @type {Setting[]} */ (Object.keys(usual));

/** @extends {Emitter<{change: {setting: Setting}}>} */
export class Settings extends Emitter {
  #storage;
  /** @type {Record<Setting, boolean>} */
  #values = { ...usual };

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage null where the browser refuses it */
  constructor(storage) {
    super();
    this.#storage = storage;
    try {
      const saved = JSON.parse(storage?.getItem(memory) ?? "{}");
      for (const setting of settings) {
        if (typeof saved[setting] === "boolean") this.#values[setting] = saved[setting];
      }
    } catch {
      // Not ours, or not readable: as if nothing had been chosen.
    }
  }

  /** @param {Setting} setting */
  is(setting) {
    return this.#values[setting];
  }

  /**
   * @param {Setting} setting
   * @param {boolean} on
   */
  set(setting, on) {
    if (this.#values[setting] === on) return;
    this.#values[setting] = on;
    try {
      this.#storage?.setItem(memory, JSON.stringify(this.#values));
    } catch {
      // Full, or forbidden: it holds until the page is closed.
    }
    this.emit("change", { setting });
  }

  /**
   * What the browser does to the microphone's sound.
   * @returns {Pick<MediaTrackConstraints, "noiseSuppression" | "echoCancellation" | "autoGainControl">}
   */
  get processing() {
    return { noiseSuppression: this.#values.noise, echoCancellation: this.#values.echo, autoGainControl: this.#values.gain };
  }
}
