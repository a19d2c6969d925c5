// What phones and tablets want of a page that holds a call: their rules, each with
// the part of the browser that it is about, which a test can stand in for.

/**
 * Whether this is Safari of a phone or tablet, or a browser there, all of which are
 * Safari inside. An iPad says it is a Mac, which has no touch screen.
 * @param {Pick<Navigator, "platform" | "maxTouchPoints">} navigator
 */
export function isTouchSafari({ platform, maxTouchPoints }) {
  return /^iP(hone|ad|od)/.test(platform) || (platform === "MacIntel" && maxTouchPoints > 1);
}

/**
 * Says to the system that the page holds a conversation, so that sound goes on with
 * the screen off and the ring switch at silent, and comes from the ear piece or
 * headset as in other calls; or that it does not any more. Safari alone is told.
 * @param {object} navigator
 * @param {boolean} talks
 */
export function tellAudioSession(navigator, talks) {
  if ("audioSession" in navigator) Object.assign(/** @type {object} */ (navigator.audioSession), { type: talks ? "play-and-record" : "auto" });
}

/**
 * Plays again what the system has stopped, for a phone call say: it does not begin
 * again by itself. What may not play before a tap is left to that.
 * @param {Iterable<Pick<HTMLMediaElement, "paused" | "srcObject" | "play">>} elements
 * @returns {Promise<boolean>} whether everything plays that has something to play
 */
export async function playAgain(elements) {
  const stopped = [...elements].filter(({ paused, srcObject }) => paused && srcObject);
  const results = await Promise.allSettled(stopped.map((element) => element.play()));
  return results.every(({ status }) => status === "fulfilled");
}

/** Keeps the screen on for as long as it is wanted. */
export class Awake {
  #locks;
  #page;
  #wanted = false;
  /** @type {Pick<WakeLockSentinel, "release"> | null} */
  #lock = null;

  /**
   * @param {{request(type: "screen"): Promise<Pick<WakeLockSentinel, "release">>} | undefined} locks the browser's, where it has them
   * @param {EventTarget & {visibilityState: string}} page which loses the lock whenever it is not seen
   */
  constructor(locks, page) {
    this.#locks = locks;
    this.#page = page;
    page.addEventListener("visibilitychange", () => {
      this.#lock = null; // the browser has taken it back, or will not give it twice
      void this.#take();
    });
  }

  /** @param {boolean} wanted */
  set wanted(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) void this.#take();
    else this.#release();
  }

  async #take() {
    if (!this.#wanted || this.#lock || !this.#locks || this.#page.visibilityState !== "visible") return;
    try {
      this.#lock = await this.#locks.request("screen");
    } catch {
      return; // a battery that is low: the screen goes off as always
    }
    if (!this.#wanted) this.#release();
  }

  #release() {
    void this.#lock?.release();
    this.#lock = null;
  }
}
