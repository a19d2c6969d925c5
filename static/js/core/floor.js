// Who has the floor: whoever speaks keeps it until they are silent, so that a word
// in between does not change the picture.

const remembered = 12; // as many as could want a place on the first page

export class Floor {
  /** @type {string[]} */
  #order = [];
  /** @type {Set<string>} */
  #speaking = new Set();

  /** Who spoke, whoever has the floor first. */
  get speakers() {
    return this.#order;
  }

  /**
   * Takes whether somebody speaks. Returns whether the order is another one now.
   * @param {string} id
   * @param {boolean} speaking
   */
  update(id, speaking) {
    if (this.#speaking.has(id) === speaking) return false;
    if (speaking) {
      this.#speaking.add(id);
      const [holder] = this.#order;
      // Who speaks in between stands second.
      const place = holder !== undefined && holder !== id && this.#speaking.has(holder) ? 1 : 0;
      this.#order = this.#order.filter((other) => other !== id).toSpliced(place, 0, id).slice(0, remembered);
      return true;
    }
    this.#speaking.delete(id);
    return this.#pass();
  }

  /** @param {string} id */
  forget(id) {
    this.#speaking.delete(id);
    this.#order = this.#order.filter((other) => other !== id);
    this.#pass();
  }

  /** Gives the floor on to who still speaks when its holder does not. */
  #pass() {
    const [holder] = this.#order;
    if (holder === undefined || this.#speaking.has(holder)) return false;
    const next = this.#order.find((id) => this.#speaking.has(id));
    if (next === undefined) return false;
    this.#order = [next, ...this.#order.filter((id) => id !== next)];
    return true;
  }
}
