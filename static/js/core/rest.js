// Attempts that have an end, and waits between them.

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

/**
 * Does something that may not take longer than a time: it is aborted then, or when
 * the signal is.
 * @template T
 * @param {number} ms
 * @param {AbortSignal} signal
 * @param {(signal: AbortSignal) => Promise<T>} act
 */
export async function within(ms, signal, act) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), ms);
  try {
    return await act(AbortSignal.any([signal, late.signal]));
  } finally {
    clearTimeout(timer);
  }
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
