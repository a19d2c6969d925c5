// The menu More: what the bar has no button for and, where the window is too small
// for all of its buttons, those too. There it is a sheet at the bottom.

import { byId } from "./dom.js";
import { menuButton } from "./menu.js";

/** @typedef {import("./menu.js").Item} Item */

export class More {
  /** @type {(() => Item[])[]} */
  #sources = [];
  /** @type {(() => Item[])[]} */
  #last = [];
  #bar = byId("bar", HTMLElement);

  /**
   * @param {HTMLButtonElement} button
   * @param {HTMLElement} parent of the menu: whose colours it has
   */
  constructor(button, parent) {
    const items = () => [...this.#rest(), ...this.#sources.flatMap((source) => source()), ...this.#last.flatMap((source) => source())];
    menuButton(button, parent, items, "menu sheet-menu");
    this.#count(button);
  }

  /** Adds items, asked for each time the menu opens. @param {() => Item[]} items */
  add(items) {
    this.#sources.push(items);
  }

  /** The same, at the end. @param {() => Item[]} items */
  addLast(items) {
    this.#last.push(items);
  }

  /** The buttons of the bar that are not drawn, though they are there. @returns {Item[]} */
  #rest() {
    return this.#buttons().filter((button) => !button.hidden && button.offsetParent === null).map((button) => ({
      label: button.ariaLabel ?? "",
      icon: button.querySelector("use")?.getAttribute("href")?.split("#")[1] ?? "",
      badge: button.querySelector(".badge:not([hidden])")?.firstChild?.textContent ?? "",
      disabled: button.ariaDisabled === "true",
      act: () => button.click(),
    }));
  }

  #buttons() {
    return [...this.#bar.querySelectorAll("button[data-rest]")].filter((button) => button instanceof HTMLButtonElement);
  }

  /** Shows on the button that one of those inside has something new. @param {HTMLButtonElement} button */
  #count(button) {
    const badge = button.querySelector("[data-rest-count]");
    if (!(badge instanceof HTMLElement)) return;
    const show = () => {
      const counts = this.#buttons().map((rest) => Number(rest.querySelector(".badge:not([hidden])")?.firstChild?.textContent) || 0);
      const count = counts.reduce((sum, more) => sum + more, 0);
      const text = count ? String(count) : "";
      if (badge.dataset.count === text) return;
      badge.dataset.count = text; // drawn by style: the names of those inside say it
      badge.hidden = text === "";
    };
    for (const rest of this.#buttons()) {
      const inside = rest.querySelector(".badge");
      if (inside) new MutationObserver(show).observe(inside, { attributes: true, childList: true, characterData: true, subtree: true });
    }
  }
}
