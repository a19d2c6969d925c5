// Reactions: what there are, and one line for many of them, so that whoever hears
// the page read out is not drowned.

/** @typedef {"thumbs_up" | "heart" | "clap" | "laugh" | "surprise" | "party" | "sad" | "thumbs_down"} Reaction */

/** How each is shown, in the order in which they are offered. @type {Record<Reaction, string>} */
export const glyphs = {
  thumbs_up: "\u{1f44d}",
  heart: "\u2764\ufe0f",
  clap: "\u{1f44f}",
  laugh: "\u{1f602}",
  surprise: "\u{1f62e}",
  party: "\u{1f389}",
  sad: "\u{1f622}",
  thumbs_down: "\u{1f44e}",
};

/**
 * @param {string} name
 * @returns {name is Reaction}
 */
export function isReaction(name) {
  return Object.hasOwn(glyphs, name);
}

/** Reactions within this time are told in one line. */
const gather = 1500; // milliseconds
/** And after a line there is none for this long. */
const rest = 6000;

/** Gathers reactions into lines at a bearable rate. */
export class ReactionLines {
  /** The names of who sent each. @type {Map<Reaction, Set<string>>} */
  #sent = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #toldAt = -Infinity;
  #tell;

  /** @param {(sent: Map<Reaction, string[]>) => void} tell */
  constructor(tell) {
    this.#tell = tell;
  }

  /**
   * @param {string} name of who sent it
   * @param {Reaction} reaction
   */
  add(name, reaction) {
    const names = this.#sent.get(reaction) ?? new Set();
    names.add(name);
    this.#sent.set(reaction, names);
    this.#timer ??= setTimeout(() => this.#now(), Math.max(gather, this.#toldAt + rest - Date.now()));
  }

  /** Forgets what was not told yet. */
  clear() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sent.clear();
  }

  #now() {
    const sent = new Map([...this.#sent].map(([reaction, names]) => [reaction, [...names]]));
    this.clear();
    this.#toldAt = Date.now();
    this.#tell(sent);
  }
}
