// Keys in the call, and the list of them.

import { Hold, keys, shortcut } from "../core/shortcuts.js";
import { t } from "../core/text.js";
import { byId } from "./dom.js";
import { closable } from "./options.js";

const mac = /Mac|iP(hone|ad)/.test(navigator.platform);

/** What takes text, or has its own use for the keys. */
const takesText = "input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable]";
/** What the space bar presses, or scrolls. */
const takesSpace = "button, a[href], input, select, summary, [role=menuitem], [role=tab], [role=option], [tabindex='0']";

export class Shortcuts {
  #dialog = byId("shortcuts", HTMLDialogElement);
  /** Whether a key, not a pointer, led to where focus is. */
  #byKey = false;
  #hold;

  /**
   * @param {object} around
   * @param {() => boolean} around.active whether one is in the call
   * @param {() => void} around.microphone turns it on or off
   * @param {() => void} around.camera
   * @param {(on: boolean) => boolean} around.talk for as long as the space bar is held; false: there is nothing to turn
   * @param {import("../core/settings.js").Settings} around.settings
   */
  constructor({ active, microphone, camera, talk, settings }) {
    this.#hold = new Hold(talk);
    closable(this.#dialog);
    this.#list();
    addEventListener("pointerdown", () => { this.#byKey = false; }, { capture: true });
    addEventListener("keydown", (event) => {
      if (["Tab", "Enter", "ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) this.#byKey = true;
      if (!active()) return;
      const meant = shortcut(event, this.#where(), mac);
      if (!meant || (meant === "hold" && !settings.is("hold")) || (meant === "list" && !settings.is("list"))) return;
      event.preventDefault();
      if (event.repeat) return;
      switch (meant) {
        case "microphone": microphone(); break;
        case "camera": camera(); break;
        case "list": this.open(); break;
        case "hold": this.#hold.press(); break;
      }
    });
    addEventListener("keyup", (event) => {
      if (event.key !== " " || !this.#hold.held) return;
      event.preventDefault(); // else the button that was clicked last is pressed
      this.#hold.release();
    });
    addEventListener("blur", () => this.release());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.release(); });
  }

  /** Lets go of the space bar, whether it is down or not. */
  release() {
    this.#hold.release();
  }

  open() {
    this.#dialog.showModal();
  }

  close() {
    this.release();
    this.#dialog.close();
  }

  #where() {
    const focused = document.activeElement;
    return {
      types: focused?.matches(takesText) ?? false,
      acts: this.#byKey && (focused?.matches(takesSpace) ?? false),
      asks: document.querySelector("dialog[open], :popover-open") !== null,
    };
  }

  #list() {
    const list = byId("shortcut-list", HTMLElement);
    for (const [name, pressed] of /** @type {[keyof typeof keys, readonly string[]][]} */ (Object.entries(keys))) {
      const what = document.createElement("dt");
      what.textContent = t(`shortcuts.${name}`);
      const how = document.createElement("dd");
      for (const key of pressed) {
        const cap = document.createElement("kbd");
        cap.textContent = key === "mod" ? (mac ? "⌘" : t("shortcuts.key_ctrl")) : key === "space" ? t("shortcuts.key_space") : key;
        how.append(cap, " ");
      }
      list.append(what, how);
    }
  }
}
