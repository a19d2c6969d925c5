// The screen that oneself shares.

import { Emitter } from "./emitter.js";

/**
 * @typedef {object} ScreenEvents
 * @property {null} change
 * @property {null} problem the browser or the system does not give a screen
 */

/** The part of navigator.mediaDevices that gives screens; phones have none. @typedef {Partial<Pick<MediaDevices, "getDisplayMedia">>} Screens */

/** @extends {Emitter<ScreenEvents>} */
export class Screen extends Emitter {
  #screens;
  #asking = false;
  /** @type {MediaStreamTrack | null} */
  #track = null;

  /** @param {Screens | undefined} screens undefined outside of secure contexts */
  constructor(screens) {
    super();
    this.#screens = screens;
  }

  /** Whether this browser can share at all. */
  get possible() {
    return this.#screens?.getDisplayMedia !== undefined;
  }

  /** What is shared, null for nothing. */
  get track() {
    return this.#track;
  }

  /** Asks the person what to share; to be called from a click. Saying no to the browser is not a problem. */
  async start() {
    if (!this.#screens?.getDisplayMedia || this.#asking || this.#track) return;
    this.#asking = true;
    try {
      const stream = await this.#screens.getDisplayMedia({ video: { frameRate: { ideal: 15, max: 30 } } });
      const [track] = stream.getVideoTracks();
      if (!track) return;
      track.contentHint = "detail"; // letters stay sharp
      // The browser has a button of its own that ends it.
      track.addEventListener("ended", () => this.stop(), { once: true });
      this.#track = track;
      this.emit("change", null);
    } catch (error) {
      if (!(error instanceof DOMException && error.name === "NotAllowedError")) this.emit("problem", null);
    } finally {
      this.#asking = false;
    }
  }

  stop() {
    if (!this.#track) return;
    this.#track.stop();
    this.#track = null;
    this.emit("change", null);
  }
}
