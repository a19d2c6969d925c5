// That oneself shares a screen: how, whether it shows the call itself, and an end.

import { t } from "../core/text.js";
import { byId, within } from "./dom.js";
import { keepFocus } from "./focus.js";

/** @typedef {import("../core/screen.js").Screen} Screen */

export class Sharing {
  #box = byId("sharing", HTMLElement);
  #on = byId("sharing-on", HTMLElement);
  #warning = byId("sharing-warning", HTMLElement);
  #screen;
  #back;

  /**
   * @param {Screen} screen
   * @param {HTMLElement} back where focus goes when it ends
   */
  constructor(screen, back) {
    this.#screen = screen;
    this.#back = back;
    for (const button of this.#modes()) button.addEventListener("click", () => { screen.mode = button.value === "motion" ? "motion" : "text"; });
    within(this.#box, "[data-stop]", HTMLButtonElement).addEventListener("click", () => screen.stop());
    screen.on("change", () => this.#show());
  }

  #modes() {
    return [...this.#box.querySelectorAll("button[value]")].filter((button) => button instanceof HTMLButtonElement);
  }

  #show() {
    const { track, mode, tunnel } = this.#screen;
    keepFocus(() => { this.#box.hidden = track === null; }, () => this.#back);
    this.#on.textContent = track === null ? "" : t("sharing.on"); // said aloud once
    for (const button of this.#modes()) button.ariaPressed = String(button.value === mode);
    this.#warning.textContent = tunnel === "itself" ? t("sharing.tunnel") : tunnel === "perhaps" ? t("sharing.perhaps_tunnel") : "";
    this.#warning.hidden = tunnel === "";
  }
}
