// One line at the top of the stage, spoken politely; gone after a while unless
// it says what is going on.

import { Moves } from "../core/moves.js";
import { listed, t } from "../core/text.js";
import { byId } from "./dom.js";
import { keepFocus } from "./focus.js";
import { words } from "./words.js";

const shownFor = 5000; // milliseconds
const offeredFor = 10_000; // with something to press
const gather = 1200; // hands that go up within this time are told in one line

export class Notices {
  #region = byId("notices", HTMLElement);
  /** @type {Map<string, HTMLElement>} */
  #lasting = new Map();
  #moves = new Moves(({ joined, left }) => {
    if (joined.length) this.say(words.joined(joined));
    if (left.length) this.say(words.left(left));
  });
  /** @type {string[]} */
  #raised = [];

  /**
   * @param {string} text
   * @returns {() => void} takes it back, when it is not true any more
   */
  say(text) {
    const line = this.#add(text);
    setTimeout(() => line.remove(), shownFor);
    return () => line.remove();
  }

  /**
   * Says something that can be acted upon at once, or let be.
   * @param {string} text
   * @param {string} label of the button
   * @param {() => void} act
   * @returns {() => void} takes it back
   */
  offer(text, label, act) {
    const line = this.#add(text);
    const remove = () => keepFocus(() => line.remove());
    line.append(actionButton(label, () => {
      remove();
      act();
    }));
    setTimeout(remove, offeredFor);
    return remove;
  }

  /** Shows what is being waited for until it is something else; null: nothing is. @param {string | null} text */
  set waiting(text) {
    this.keep("waiting", text);
  }

  /**
   * Shows a line until there is another of its kind; null: none.
   * @param {"waiting" | "host" | "sound"} kind
   * @param {string | null} text
   * @param {{label: string, act: () => void}} [action] a button that it has
   */
  keep(kind, text, action) {
    const before = this.#lasting.get(kind);
    if (before?.firstChild?.textContent === text) return;
    keepFocus(() => before?.remove());
    this.#lasting.delete(kind);
    if (text === null) return;
    const line = this.#add(text);
    line.classList.add(kind);
    if (action) line.append(actionButton(action.label, action.act));
    this.#lasting.set(kind, line);
  }

  /**
   * Somebody came or went.
   * @param {"joined" | "left"} how
   * @param {string} name
   * @param {number} people how many are in the call
   */
  moved(how, name, people) {
    this.#moves.add(how, name, people);
  }

  /** Somebody raised a hand. @param {string} name */
  raised(name) {
    if (!this.#raised.includes(name)) this.#raised.push(name);
    if (this.#raised.length > 1) return; // told with the first
    setTimeout(() => {
      const names = this.#raised;
      this.#raised = [];
      if (names.length) this.say(t("hand.raised", { names: names.length > 3 ? words.several(names.length) : listed(names) }));
    }, gather);
  }

  /** Takes every line away. */
  clear() {
    this.#moves.clear();
    this.#raised = [];
    this.#lasting.clear();
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

/**
 * @param {string} label
 * @param {() => void} act
 */
function actionButton(label, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "notice-action";
  button.textContent = label;
  button.addEventListener("click", act);
  return button;
}
