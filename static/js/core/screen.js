// The screen that oneself shares, with its sound.

import { Emitter } from "./emitter.js";

/** @typedef {import("../media/types.js").ShareMode} ShareMode */

/**
 * Whether what is shared shows the call itself, a picture in a picture without
 * end: "itself", "perhaps" when it is a whole screen, on which the call may be, or
 * no, when empty.
 * @typedef {"" | "itself" | "perhaps"} Tunnel
 */

/**
 * @typedef {object} ScreenEvents
 * @property {null} change
 * @property {null} problem the browser or the system does not give a screen
 */

/**
 * The part of navigator.mediaDevices that gives screens; phones have none.
 * @typedef {Partial<Pick<MediaDevices, "getDisplayMedia" | "getSupportedConstraints">> & {
 *   setCaptureHandleConfig?: (config: {handle: string, permittedOrigins: string[]}) => void,
 * }} Screens
 */

/** @typedef {MediaStreamTrack & {getCaptureHandle?: () => {handle?: string} | null}} CapturedTrack */

/**
 * The window that the call is in.
 * @typedef {object} Here
 * @property {string} origin
 * @property {string} handle by which a captured tab is known to be this one
 * @property {() => {width: number, height: number}} size of the window on the screen, in its pixels
 */

const memory = "foyer.share";

/** @type {Record<ShareMode, {hint: string, frames: number}>} */
const kinds = { text: { hint: "detail", frames: 15 }, motion: { hint: "motion", frames: 30 } };

/** Browsers give the size of a window not quite as it is captured: without shadows, or with them. */
const near = 40; // pixels

/** @extends {Emitter<ScreenEvents>} */
export class Screen extends Emitter {
  #screens;
  #here;
  #storage;
  #asking = false;
  /** Counts the times it was stopped; what is chosen for an earlier one is late. */
  #turn = 0;
  /** @type {CapturedTrack | null} */
  #track = null;
  /** @type {MediaStreamTrack | null} */
  #sound = null;
  /** @type {ShareMode} */
  #mode;

  /**
   * @param {Screens | undefined} screens undefined outside of secure contexts
   * @param {Here} here
   * @param {Pick<Storage, "getItem" | "setItem"> | null} storage null where the browser refuses it
   */
  constructor(screens, here, storage) {
    super();
    this.#screens = screens;
    this.#here = here;
    this.#storage = storage;
    this.#mode = storage?.getItem(memory) === "motion" ? "motion" : "text";
    screens?.setCaptureHandleConfig?.({ handle: here.handle, permittedOrigins: [here.origin] });
  }

  /** Whether this browser can share at all. */
  get possible() {
    return this.#screens?.getDisplayMedia !== undefined;
  }

  /** Whether the person is choosing what to share. */
  get asking() {
    return this.#asking;
  }

  /** What is shared, null for nothing. */
  get track() {
    return this.#track;
  }

  /** What is heard of it, null for nothing. */
  get sound() {
    return this.#sound;
  }

  get mode() {
    return this.#mode;
  }

  /** @param {ShareMode} mode */
  set mode(mode) {
    this.#mode = mode;
    try {
      this.#storage?.setItem(memory, mode);
    } catch {
      // Not remembered; no more than that.
    }
    if (this.#track) void this.#tune(this.#track).then(() => this.emit("change", null));
  }

  /** @returns {Tunnel} */
  get tunnel() {
    if (!this.#track) return "";
    if (this.#track.getCaptureHandle?.()?.handle === this.#here.handle) return "itself";
    const { displaySurface, width = 0, height = 0 } = this.#track.getSettings();
    if (displaySurface === "monitor") return "perhaps";
    const own = this.#here.size();
    // Browsers do not tell which window it is; another of exactly this size is rare.
    return displaySurface === "window" && Math.abs(width - own.width) < near && Math.abs(height - own.height) < near ? "itself" : "";
  }

  /** Asks the person what to share; to be called from a click. Saying no to the browser is not a problem. */
  async start() {
    if (!this.#screens?.getDisplayMedia || this.#asking || this.#track) return;
    this.#asking = true;
    const turn = this.#turn;
    try {
      const stream = await this.#screens.getDisplayMedia(this.#wish());
      const [track] = stream.getVideoTracks();
      // The browser has a button of its own that ends it.
      track?.addEventListener("ended", () => { if (turn === this.#turn) this.stop(); }, { once: true });
      if (track) await this.#tune(track);
      if (!track || turn !== this.#turn) {
        for (const late of [...stream.getVideoTracks(), ...stream.getAudioTracks()]) late.stop();
        return;
      }
      this.#track = track;
      const [sound = null] = stream.getAudioTracks();
      sound?.addEventListener("ended", () => this.#silence(), { once: true });
      this.#sound = sound;
      this.emit("change", null);
    } catch (error) {
      if (turn === this.#turn && !(error instanceof DOMException && error.name === "NotAllowedError")) this.emit("problem", null);
    } finally {
      this.#asking = false;
    }
  }

  /** Ends sharing; what the person is still choosing is let go of when it comes. */
  stop() {
    this.#turn++;
    if (!this.#track) return;
    for (const track of [this.#track, this.#sound]) track?.stop();
    this.#track = null;
    this.#sound = null;
    this.emit("change", null);
  }

  /** What to ask the browser for. Some of it is newer than the types of DisplayMediaStreamOptions. */
  #wish() {
    // The sound of the whole system has the call in it, which others would hear again, unless the browser can take it out.
    const sifts = this.#screens?.getSupportedConstraints && "restrictOwnAudio" in this.#screens.getSupportedConstraints();
    return /** @type {DisplayMediaStreamOptions} */ ({
      video: { frameRate: { ideal: kinds[this.#mode].frames, max: 30 } },
      audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false, ...(sifts && { restrictOwnAudio: true }) },
      selfBrowserSurface: "exclude", // the tab of the call is not offered
      surfaceSwitching: "include",
      systemAudio: sifts ? "include" : "exclude",
    });
  }

  /** @param {MediaStreamTrack} track */
  async #tune(track) {
    const { hint, frames } = kinds[this.#mode];
    track.contentHint = hint; // letters stay sharp, or pictures smooth
    await track.applyConstraints({ frameRate: { ideal: frames, max: frames } }).catch(() => {}); // as it is, then
  }

  /** The sound has ended by itself; the picture goes on. */
  #silence() {
    if (!this.#sound) return;
    this.#sound = null;
    this.emit("change", null);
  }
}
