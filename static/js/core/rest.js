// Waits between attempts.

/** Waits that end early when something says that the next attempt may work. */
export class Rests {
  /** @type {Set<() => void>} */
  #going = new Set();

  /**
   * Resolves after a time, or when nudged or aborted.
   * @param {number} ms
   * @param {AbortSignal} [signal]
   */
  async rest(ms, signal) {
    if (signal?.aborted) return;
    await new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        this.#going.delete(done);
        resolve(undefined);
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener("abort", done);
      this.#going.add(done);
    });
  }

  /** Ends the waits of now. */
  nudge() {
    for (const done of [...this.#going]) done();
  }
}
