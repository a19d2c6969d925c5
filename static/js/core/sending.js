// What goes out is sent until it has been: what was not published nobody sees or
// hears, and the page would show it all the same.

/** @typedef {import("./rest.js").Rests} Rests */

/** The pauses before it is tried again; the last repeats. */
const pauses = [5000, 10_000, 20_000, 40_000]; // milliseconds

export class Sending {
  #rests;
  #current = new AbortController();

  /** @param {Rests} rests waits that end early when the network may be back */
  constructor(rests) {
    this.#rests = rests;
  }

  /**
   * Sends, in place of what is being sent.
   * @param {() => Promise<void>} send
   */
  async begin(send) {
    this.end();
    this.#current = new AbortController();
    const { signal } = this.#current;
    for (let attempt = 0; ; attempt++) {
      try {
        await send();
        return;
      } catch (error) {
        if (signal.aborted) return;
        console.warn("send:", error);
      }
      await this.#rests.rest(pauses[Math.min(attempt, pauses.length - 1)] ?? 0, signal);
      if (signal.aborted) return;
    }
  }

  /** What has not been sent will not be. */
  end() {
    this.#current.abort();
  }
}
