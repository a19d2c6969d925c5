// The notice about those who wait to come in. It stays until that is decided;
// each of them is announced once, and again when they ask again.

import { byId, onPress, say } from "./dom.js";
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
  /** What was announced: who asked, and when. @type {Set<string>} */
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
    const fresh = waiting.filter((one) => !this.#known.has(asked(one)));
    for (const one of fresh) this.#known.add(asked(one));
    if (fresh.length > 0) say(this.#announcements, words.knocks(fresh.map(({ display_name: name }) => name)));
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
    say(this.#announcements, "");
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

/** Who asks again after having been sent away has the same id. @param {Waiting} waiting */
function asked({ id, asked_at: at }) {
  return `${id} ${at}`;
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
