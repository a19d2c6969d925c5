// The panels at the side of the call: people, switches, and whatever else there
// is. One is open at a time; focus goes in and comes back to where it was.

import { byId, within } from "./dom.js";

/** On a phone a panel covers the call. */
const phone = matchMedia("(max-width: 599px)");

/** @type {Panel | null} */
let current = null;

export class Panel {
  element;
  #call = byId("call", HTMLElement);
  #title;
  #openers;
  /** Where focus goes back to. @type {HTMLElement | null} */
  #from = null;
  #shown;

  /**
   * A panel has an element that #call holds, with a heading that takes focus and a
   * button [data-close].
   * @param {string} id of its element
   * @param {HTMLElement[]} openers the buttons that open it, and close it again; the first stands in the bar
   * @param {(open: boolean) => void} [shown] told when it opens and closes
   */
  constructor(id, openers, shown = () => {}) {
    this.element = byId(id, HTMLElement);
    this.#title = within(this.element, "h2", HTMLElement);
    this.#openers = openers;
    this.#shown = shown;
    for (const opener of openers) {
      opener.ariaExpanded = "false";
      opener.setAttribute("aria-controls", id);
      opener.addEventListener("click", () => this.toggle(opener));
    }
    within(this.element, "[data-close]", HTMLElement).addEventListener("click", () => this.close());
    this.element.addEventListener("keydown", (event) => {
      // Escape in a menu or a question closes that.
      if (event.key !== "Escape" || event.defaultPrevented || this.#call.querySelector(":popover-open, dialog[open]")) return;
      event.stopPropagation();
      this.close();
    });
    phone.addEventListener("change", () => cover(this.#call));
  }

  get open() {
    return !this.element.hidden;
  }

  /** @param {HTMLElement | null} [from] where focus goes back to; the button in the bar, if not given */
  toggle(from = null) {
    if (this.open) this.close();
    else this.show(from);
  }

  /** @param {HTMLElement | null} [from] */
  show(from = null) {
    if (this.open) return;
    const before = current;
    current = this;
    // A panel that was opened from another one leads back to where that came from.
    this.#from = from && before?.element.contains(from) ? before.#from : from;
    if (before) before.#hide();
    this.element.hidden = false;
    for (const opener of this.#openers) opener.ariaExpanded = "true";
    cover(this.#call);
    this.#shown(true);
    this.#title.focus();
  }

  close() {
    if (!this.open) return;
    current = null;
    this.#hide();
    cover(this.#call);
    this.#back().focus();
  }

  #hide() {
    this.element.hidden = true;
    for (const opener of this.#openers) opener.ariaExpanded = "false";
    this.#shown(false);
  }

  /** Where focus goes: a button that is not drawn, on a phone, cannot have it. */
  #back() {
    const drawn = [this.#from, ...this.#openers, byId("bar-more", HTMLElement)].find((element) => element?.offsetParent);
    return drawn ?? this.#call;
  }
}

/** Puts what a panel covers out of reach, but for what is told meanwhile. @param {HTMLElement} call */
function cover(call) {
  for (const child of call.children) {
    if (child !== current?.element && child instanceof HTMLElement && !(child instanceof HTMLDialogElement) && child.dataset.told === undefined) child.inert = phone.matches && current !== null;
  }
}
