// Steadies "is speaking", so that rings do not flicker: on after a little speech,
// off after a longer silence.

const onAfter = 100; // milliseconds
const offAfter = 800;

/** @typedef {ReturnType<typeof setTimeout>} Timer */

export class Speaking {
  /** @type {Map<string, {timer: Timer, next: boolean}>} */
  #pending = new Map();
  /** @type {Set<string>} */
  #on = new Set();
  #changed;

  /** @param {(id: string, speaking: boolean) => void} changed */
  constructor(changed) {
    this.#changed = changed;
  }

  /**
   * Takes who speaks now, as the media service says.
   * @param {string[]} ids
   */
  update(ids) {
    const now = new Set(ids);
    for (const id of new Set([...now, ...this.#on, ...this.#pending.keys()])) this.#wish(id, now.has(id));
  }

  /** Forgets somebody, or everybody, without saying so. @param {string} [id] */
  forget(id) {
    for (const known of id === undefined ? [...this.#pending.keys()] : [id]) {
      clearTimeout(this.#pending.get(known)?.timer);
      this.#pending.delete(known);
    }
    if (id === undefined) this.#on.clear();
    else this.#on.delete(id);
  }

  /**
   * @param {string} id
   * @param {boolean} speaking
   */
  #wish(id, speaking) {
    const pending = this.#pending.get(id);
    if (pending?.next === speaking) return;
    clearTimeout(pending?.timer);
    this.#pending.delete(id);
    if (this.#on.has(id) === speaking) return;
    const timer = setTimeout(() => {
      this.#pending.delete(id);
      if (speaking) this.#on.add(id);
      else this.#on.delete(id);
      this.#changed(id, speaking);
    }, speaking ? onAfter : offAfter);
    this.#pending.set(id, { timer, next: speaking });
  }
}
