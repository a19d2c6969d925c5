// How one likes to see the call. All but the pin is remembered on this device.

import { Emitter } from "./emitter.js";

/** @typedef {import("./layout.js").Mode} Mode */
/** @typedef {import("./layout.js").Corner} Corner */

const memory = "foyer.view";

/** @type {Mode[]} */
export const modes = ["auto", "grid", "speaker"];

/** @type {Corner[]} */
const corners = ["top-start", "top-end", "bottom-start", "bottom-end"];

/** @extends {Emitter<{change: null}>} */
export class View extends Emitter {
  #storage;
  /** @type {Mode} */
  #mode = "auto";
  #hidesSelf = false;
  /** @type {Corner} */
  #corner = "bottom-end";
  #pinned = "";

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage null where the browser refuses it */
  constructor(storage) {
    super();
    this.#storage = storage;
    this.#recall();
  }

  get mode() {
    return this.#mode;
  }

  /** Choosing a layout lets go of the pin, which would hide it. @param {Mode} mode */
  set mode(mode) {
    this.#mode = mode;
    this.#pinned = "";
    this.#changed();
  }

  /** Whether one's own tile is not shown. */
  get hidesSelf() {
    return this.#hidesSelf;
  }

  /** @param {boolean} hides */
  set hidesSelf(hides) {
    this.#hidesSelf = hides;
    this.#changed();
  }

  /** Where one's own tile is when it is in a corner. */
  get corner() {
    return this.#corner;
  }

  /** @param {Corner} corner */
  set corner(corner) {
    this.#corner = corner;
    this.#changed();
  }

  /** The key of the tile that is kept large, or empty. */
  get pinned() {
    return this.#pinned;
  }

  /** @param {string} key */
  set pinned(key) {
    this.#pinned = key;
    this.#changed();
  }

  #changed() {
    try {
      this.#storage?.setItem(memory, JSON.stringify({ mode: this.#mode, hidesSelf: this.#hidesSelf, corner: this.#corner }));
    } catch {
      // Not remembered; no more than that.
    }
    this.emit("change", null);
  }

  #recall() {
    /** @type {{mode?: unknown, hidesSelf?: unknown, corner?: unknown}} */
    let before = {};
    try {
      before = JSON.parse(this.#storage?.getItem(memory) ?? "{}") ?? {};
    } catch {
      // Somebody else's words: as if there were none.
    }
    this.#mode = modes.find((mode) => mode === before.mode) ?? this.#mode;
    this.#hidesSelf = before.hidesSelf === true;
    this.#corner = corners.find((corner) => corner === before.corner) ?? this.#corner;
  }
}
