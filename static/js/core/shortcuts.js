// The keys that a call listens to. Nothing here touches the page: it is told what
// was pressed and where, and says what that means.

/**
 * hold: while the key is down. leave, people and the like are for the mouse: a
 * key that is hit by mistake should not do much.
 * @typedef {"microphone" | "camera" | "list" | "hold" | "release"} Shortcut
 */

/**
 * @typedef {object} Press what is known of a key that goes down
 * @property {string} key
 * @property {string} code which key it is, by its place on a keyboard of the United States
 * @property {boolean} ctrlKey
 * @property {boolean} metaKey
 * @property {boolean} altKey
 * @property {boolean} shiftKey
 * @property {boolean} repeat the key is held down
 */

/**
 * @typedef {object} Where focus is
 * @property {boolean} types in something that takes text
 * @property {boolean} acts on something that the space bar presses, and that a keyboard led to
 * @property {boolean} asks in an open dialog or menu
 */

/** The keys of each, to be shown: "mod" is Ctrl or, on a Mac, Cmd. */
export const keys = /** @type {const} */ ({ microphone: ["mod", "D"], camera: ["mod", "E"], hold: ["space"], list: ["?"] });

/**
 * What a key means, or null: nothing, so that the browser does with it what it
 * always does.
 * @param {Press} press
 * @param {Where} where
 * @param {boolean} mac
 * @returns {Exclude<Shortcut, "release"> | null}
 */
export function shortcut({ key, code, ctrlKey, metaKey, altKey, shiftKey, repeat }, { types, acts, asks }, mac) {
  const modified = mac ? metaKey && !ctrlKey : ctrlKey && !metaKey;
  if (modified && !altKey && !shiftKey) {
    // Also while typing: one wants to be heard or not heard at once.
    const letter = letterOf(key, code);
    if (letter === "d") return "microphone";
    return letter === "e" ? "camera" : null;
  }
  if (ctrlKey || metaKey || altKey || types || asks) return null;
  if (key === "?" && !repeat) return "list";
  // Held down it repeats; it stays with the page so that it does not scroll or press.
  return key === " " && !acts ? "hold" : null;
}

/**
 * The Latin letter of a key. Keyboards with other letters have the Latin ones
 * printed on the same keys, by their place; Latin keyboards have them where they say.
 * @param {string} key
 * @param {string} code
 */
function letterOf(key, code) {
  return (/^[\p{ASCII}\p{Script=Latin}]/u.test(key) ? key : code.replace(/^Key(?=[A-Z]$)/, "")).toLowerCase();
}

/**
 * The space bar as a switch that springs back: the microphone is on while it is
 * held, and off as soon as the window loses the key, for then nobody tells that it
 * went up.
 */
export class Hold {
  #held = false;
  #talk;

  /** @param {(on: boolean) => boolean} talk turns the microphone on or off; false: there is nothing to turn */
  constructor(talk) {
    this.#talk = talk;
  }

  get held() {
    return this.#held;
  }

  press() {
    if (!this.#held) this.#held = this.#talk(true);
  }

  release() {
    if (!this.#held) return;
    this.#held = false;
    this.#talk(false);
  }
}
