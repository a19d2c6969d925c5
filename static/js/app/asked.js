// The question of a moderator whether one unmutes. Nobody else can do that.

import { t } from "../core/text.js";
import { byId, say } from "./dom.js";

const staysFor = 30_000; // milliseconds

export class Asked {
  #card = byId("asked", HTMLElement);
  #line = byId("asked-line", HTMLElement);
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {() => void} unmute */
  constructor(unmute) {
    byId("asked-yes", HTMLButtonElement).addEventListener("click", () => {
      this.#leave();
      unmute();
    });
    byId("asked-no", HTMLButtonElement).addEventListener("click", () => this.#leave());
  }

  /** @param {string} by whose question it is */
  show(by) {
    this.#card.hidden = false;
    say(this.#line, t("lead.asks_to_unmute", { name: by }));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.hide(), staysFor);
  }

  /** The question is settled. */
  hide() {
    if (!this.#card.hidden && this.#card.contains(document.activeElement)) this.#leave();
    clearTimeout(this.#timer);
    this.#card.hidden = true;
    say(this.#line, "");
  }

  /** Focus goes on to the button that does the same. */
  #leave() {
    byId("bar-microphone", HTMLButtonElement).focus();
    this.hide();
  }
}
