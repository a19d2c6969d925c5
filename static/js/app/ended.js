// The screen after a call: what happened, and what can be done.

import { byId } from "./dom.js";
import { words } from "./words.js";

/** The reasons after which coming back may work. */
const mayRejoin = ["left", "lost", "call_ended", "expelled", "full", "locked", "unknown", "busy", "media_unavailable", "expired", "duplicate"];

/** Those of them that a check of the connection may find out more about. */
const checkHelps = ["lost", "unknown", "media_unavailable", "expired"];

/** Those of them that end a guest's visit. */
const endsVisit = ["call_ended", "expelled"];

export class Ended {
  #main = byId("ended", HTMLElement);
  #message = byId("ended-message", HTMLElement);
  #detail = byId("ended-detail", HTMLElement);
  #rejoin = byId("rejoin", HTMLButtonElement);
  #logIn = byId("ended-login", HTMLAnchorElement);
  #back = byId("ended-back", HTMLAnchorElement);

  #guest;

  /**
   * @param {() => void} rejoin
   * @param {boolean} guest whether one is here without an account
   */
  constructor(rejoin, guest) {
    this.#guest = guest;
    this.#rejoin.addEventListener("click", rejoin);
  }

  /** @param {import("../core/call.js").Ending} ending */
  show({ reason: given, message }) {
    // A guest has no account to log in to: signed out, they are no guest any more.
    const reason = this.#guest && given === "signed_out" ? "pass_over" : given;
    const over = this.#guest && endsVisit.includes(reason);
    const detail = words.endedDetail[reason] ?? "";
    this.#message.textContent = message || words.ended[reason] || words.ended["unknown"] || "";
    this.#detail.textContent = detail;
    this.#detail.hidden = detail === "";
    this.#rejoin.hidden = over || !mayRejoin.includes(reason);
    byId("ended-check", HTMLButtonElement).hidden = !checkHelps.includes(reason);
    this.#logIn.hidden = reason !== "signed_out";
    this.#back.hidden = reason === "signed_out" || reason === "disabled";
    this.#back.classList.toggle("primary", this.#rejoin.hidden);
    this.busy = false;
    this.#main.hidden = false;
    this.#message.focus();
  }

  /** Leaves nothing else on the page: whoever looks at it may be somebody else by now. */
  alone() {
    delete document.body.dataset.viewer;
    for (let kept = this.#main; kept !== document.body; kept = kept.parentElement ?? document.body) {
      for (const other of [...(kept.parentElement?.children ?? [])]) if (other !== kept) other.remove();
    }
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
