// The panel of switches: what members and guests may do in this call, and whether
// the room is locked.

import { byId } from "./dom.js";
import { keepFocus } from "./focus.js";
import { Panel } from "./panels.js";

/** @typedef {import("../core/moderation.js").Switch} Switch */

export class Rules {
  #panel;
  #moderation;
  #opener = byId("open-rules", HTMLButtonElement);
  #lock = byId("rule-lock", HTMLInputElement);
  #lockLine = byId("rule-lock-line", HTMLElement);
  /** @type {Map<Switch, HTMLInputElement>} */
  #switches = new Map();

  /** @param {import("../core/moderation.js").Moderation} moderation */
  constructor(moderation) {
    this.#moderation = moderation;
    this.#panel = new Panel("rules", [this.#opener]);
    for (const input of this.#panel.element.querySelectorAll("input[data-switch]")) {
      if (!(input instanceof HTMLInputElement)) continue;
      const name = /** @type {Switch} */ (input.dataset.switch);
      this.#switches.set(name, input);
      input.addEventListener("change", () => void this.#turn(input, moderation.turn(name, input.checked)));
    }
    this.#lock.addEventListener("change", () => void this.#turn(this.#lock, moderation.lock(this.#lock.checked)));
    moderation.on("rights", () => this.#show());
  }

  open() {
    this.#panel.show();
  }

  close() {
    this.#panel.close();
  }

  #show() {
    const { may, room } = this.#moderation;
    keepFocus(() => {
      this.#opener.hidden = !may.switch;
      this.#lockLine.hidden = !may.lock;
    });
    if (!may.switch) this.#panel.close(); // the right is gone
    if (!this.#lock.dataset.busy) this.#lock.checked = room.locked;
    for (const [name, input] of this.#switches) {
      if (!input.dataset.busy) input.checked = room.switches[name];
    }
  }

  /**
   * Leaves a switch as it was turned until that is done; what is true then shows.
   * @param {HTMLInputElement} input
   * @param {Promise<boolean>} done
   */
  async #turn(input, done) {
    input.dataset.busy = "yes";
    const worked = await done;
    delete input.dataset.busy;
    if (worked) this.#moderation.refresh();
    else this.#show();
  }
}
