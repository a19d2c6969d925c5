// The screen after a call: what happened, and what can be done.

import { byId } from "./dom.js";
import { words } from "./words.js";

/** The reasons after which coming back may work. */
const mayRejoin = ["left", "lost", "call_ended", "full", "locked", "unknown", "busy", "media_unavailable", "expired", "duplicate"];

export class Ended {
  #main = byId("ended", HTMLElement);
  #message = byId("ended-message", HTMLElement);
  #detail = byId("ended-detail", HTMLElement);
  #rejoin = byId("rejoin", HTMLButtonElement);
  #logIn = byId("ended-login", HTMLAnchorElement);
  #back = byId("ended-back", HTMLAnchorElement);

  /** @param {() => void} rejoin */
  constructor(rejoin) {
    this.#rejoin.addEventListener("click", rejoin);
  }

  /** @param {import("../core/call.js").Ending} ending */
  show({ reason, message }) {
    const detail = words.endedDetail[reason] ?? "";
    this.#message.textContent = message || words.ended[reason] || words.ended["unknown"] || "";
    this.#detail.textContent = detail;
    this.#detail.hidden = detail === "";
    this.#rejoin.hidden = !mayRejoin.includes(reason);
    this.#logIn.hidden = reason !== "signed_out";
    this.#back.hidden = reason === "signed_out" || reason === "disabled";
    this.#back.classList.toggle("primary", this.#rejoin.hidden);
    this.busy = false;
    this.#main.hidden = false;
    this.#message.focus();
  }

  hide() {
    this.#main.hidden = true;
  }

  /** @param {boolean} busy */
  set busy(busy) {
    this.#rejoin.toggleAttribute("data-busy", busy);
    this.#rejoin.ariaDisabled = String(busy);
  }
}
