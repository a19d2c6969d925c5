// The room page while one waits to be let in, beside the preview.

import { byId } from "./dom.js";
import { words } from "./words.js";

/** @typedef {import("../core/lobby.js").State} State */

export class Waiting {
  #column = byId("waiting", HTMLElement);
  #join = byId("join-column", HTMLElement);
  #why = byId("waiting-why", HTMLElement);
  #title = byId("waiting-title", HTMLElement);
  #told = byId("waiting-told", HTMLElement);
  #ask = byId("waiting-ask", HTMLButtonElement);
  #cancel = byId("waiting-cancel", HTMLButtonElement);
  #room;
  #people = 0;

  /**
   * @param {string} room its name
   * @param {{ask: () => void, cancel: () => void}} acts
   */
  constructor(room, { ask, cancel }) {
    this.#room = room;
    this.#ask.addEventListener("click", ask);
    this.#cancel.addEventListener("click", cancel);
  }

  /** Takes the room's new name. @param {string} name */
  set room(name) {
    this.#room = name;
  }

  /**
   * @param {State} state
   * @param {string} message why one is here, or was not let in
   */
  show(state, message) {
    const shown = !this.#column.hidden;
    if (state === "asking") {
      this.#busy = shown;
      return; // it lasts a moment: what is there stays
    }
    this.#busy = false;
    this.#column.hidden = state === "outside";
    this.#join.hidden = state !== "outside";
    if (state === "outside") {
      if (shown) byId("join", HTMLButtonElement).focus();
      return;
    }
    const waits = state === "waiting";
    this.#column.classList.toggle("waits", waits);
    this.#title.textContent = waits ? words.waiting(this.#room) : words.notLetIn;
    const why = waits ? message : message === words.ended["denied"] ? "" : message;
    this.#why.textContent = why;
    this.#why.hidden = why === "";
    this.#told.textContent = waits ? "" : words.askAgainLater;
    this.#ask.hidden = waits;
    this.#title.focus();
  }

  /** Says how many know that one waits. @param {number} people */
  told(people) {
    this.#people = people;
    this.#told.textContent = words.told(people);
  }

  /** Says whether the server is heard. @param {boolean} up */
  connected(up) {
    this.#told.textContent = up ? words.told(this.#people) : words.waitingLost;
  }

  /** @param {boolean} busy */
  set #busy(busy) {
    this.#ask.toggleAttribute("data-busy", busy);
    this.#ask.ariaDisabled = String(busy);
  }
}
