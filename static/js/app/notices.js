// One line at the top of the stage, spoken politely; gone after a while unless
// it says what is going on.

import { byId } from "./dom.js";
import { words } from "./words.js";

const shownFor = 5000; // milliseconds
const gather = 1200; // comings and goings within this time are told in one line

export class Notices {
  #region = byId("notices", HTMLElement);
  /** @type {HTMLElement | null} */
  #lasting = null;
  /** @type {{joined: string[], left: string[]}} */
  #moves = { joined: [], left: [] };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {string} text */
  say(text) {
    const line = this.#add(text);
    setTimeout(() => line.remove(), shownFor);
  }

  /** Shows what is going on until it is something else; null: nothing is. @param {string | null} text */
  set waiting(text) {
    if (this.#lasting?.textContent === text) return;
    this.#lasting?.remove();
    this.#lasting = text === null ? null : this.#add(text);
    this.#lasting?.classList.add("waiting");
  }

  /**
   * Somebody came or went.
   * @param {"joined" | "left"} how
   * @param {string} name
   */
  moved(how, name) {
    const other = how === "joined" ? this.#moves.left : this.#moves.joined;
    const undone = other.indexOf(name);
    if (undone >= 0) other.splice(undone, 1);
    else this.#moves[how].push(name);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const { joined, left } = this.#moves;
      this.#moves = { joined: [], left: [] };
      if (joined.length) this.say(words.joined(joined));
      if (left.length) this.say(words.left(left));
    }, gather);
  }

  /** Takes every line away. */
  clear() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#moves = { joined: [], left: [] };
    this.#lasting = null;
    this.#region.replaceChildren();
  }

  /** @param {string} text */
  #add(text) {
    const line = document.createElement("p");
    line.textContent = text;
    this.#region.append(line);
    return line;
  }
}
