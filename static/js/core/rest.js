// Waits between attempts.

/**
 * Resolves after a time, or when aborted.
 * @param {number} ms
 * @param {AbortSignal} signal
 */
export function sleep(ms, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve(undefined);
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    if (signal.aborted) done();
  });
}

/** Waits that end early when something says that the next attempt may work. */
export class Rests {
  #nudged = new AbortController();

  /**
   * Resolves after a time, or when nudged or aborted.
   * @param {number} ms
   * @param {AbortSignal} signal
   */
  async rest(ms, signal) {
    await sleep(ms, AbortSignal.any([signal, this.#nudged.signal]));
  }

  /** Ends the waits of now. */
  nudge() {
    this.#nudged.abort();
    this.#nudged = new AbortController();
  }
}
