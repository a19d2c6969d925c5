// The notice about those who wait to come in. It stays until that is decided;
// each of them is announced once.

import { byId, onPress } from "./dom.js";
import { keepFocus } from "./focus.js";
import { words } from "./words.js";

/** @typedef {import("../core/events.js").Waiting} Waiting */

/**
 * @typedef {object} Acts
 * @property {(entry: string) => Promise<unknown>} admit
 * @property {(entry: string) => Promise<unknown>} deny
 * @property {() => Promise<unknown>} admitAll
 * @property {() => Promise<void>} view
 */

export class Knocks {
  #card = byId("knocks", HTMLElement);
  #announcements = byId("announcements", HTMLElement);
  #acts;
  /** @type {Set<string>} */
  #known = new Set();
  /** @type {Waiting[]} */
  #waiting = [];
  #covered = false;

  /** @param {Acts} acts */
  constructor(acts) {
    this.#acts = acts;
  }

  /** @param {Waiting[]} waiting */
  set waiting(waiting) {
    const fresh = waiting.filter(({ id }) => !this.#known.has(id));
    for (const { id } of fresh) this.#known.add(id);
    if (fresh.length > 0) this.#announcements.textContent = words.knocks(fresh.map(({ display_name: name }) => name));
    const same = waiting.map(({ id }) => id).join() === this.#waiting.map(({ id }) => id).join();
    this.#waiting = waiting;
    if (!same) this.#draw();
  }

  /** Whether the panel shows the same. @param {boolean} covered */
  set covered(covered) {
    if (this.#covered === covered) return;
    this.#covered = covered;
    this.#draw();
  }

  /** Forgets who was announced: another call begins. */
  clear() {
    this.#known.clear();
    this.#announcements.textContent = "";
    this.waiting = [];
  }

  /** Focus stays in the notice, and when that goes, goes to where those are who came in. */
  #draw() {
    keepFocus(() => this.#show(), () => this.#card.querySelector("button") ?? byId("bar-people", HTMLElement));
  }

  #show() {
    const [first] = this.#waiting;
    this.#card.hidden = !first || this.#covered;
    this.#card.replaceChildren();
    if (!first || this.#covered) return;
    const line = document.createElement("p");
    if (this.#waiting.length === 1) {
      line.textContent = words.wantsIn(first.display_name, first.guest);
      const name = first.display_name;
      this.#card.append(line, act(words.deny, name, false, () => this.#acts.deny(first.id)), act(words.admit, name, true, () => this.#acts.admit(first.id)));
    } else {
      line.textContent = words.severalWantIn(this.#waiting.length);
      this.#card.append(line, act(words.view, "", false, this.#acts.view), act(words.admitAll, "", true, this.#acts.admitAll));
    }
  }
}

/**
 * A button of the notice.
 * @param {string} label
 * @param {string} name whom it concerns, for who cannot see what it stands beside
 * @param {boolean} primary
 * @param {() => Promise<unknown>} press
 */
function act(label, name, primary, press) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = primary ? "button small primary" : "button small";
  button.textContent = label;
  if (name) button.ariaLabel = `${label} ${name}`;
  onPress(button, press);
  return button;
}
