// Notices that somebody talks while their microphone is off.

/** As core/level.js measures: a voice near the microphone, rather than the room. */
const voice = 0.4;
const within = 1500; // milliseconds that are looked at
const share = 0.5; // of them that have to be voice
const rest = 60_000; // before the same is said again

export class Unheard {
  /** @type {{at: number, loud: boolean}[]} */
  #heard = [];
  #said = -Infinity;

  /**
   * Takes how loud it is while the microphone is off. Returns whether to say so.
   * @param {number} level 0 to 1
   * @param {number} now milliseconds
   */
  take(level, now) {
    this.#heard.push({ at: now, loud: level > voice });
    while (this.#heard[0] && now - this.#heard[0].at > within) this.#heard.shift();
    const whole = now - (this.#heard[0]?.at ?? now) > within * 0.8;
    const loud = this.#heard.filter((moment) => moment.loud).length;
    if (!whole || loud < this.#heard.length * share || now - this.#said < rest) return false;
    this.#said = now;
    return true;
  }

  /** The microphone is on, or gone. */
  clear() {
    this.#heard = [];
  }
}
