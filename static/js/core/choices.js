// Which devices somebody chose, and which they had on, remembered on this computer.

import { remembered } from "./capture.js";

/** @typedef {import("./devices.js").Device} Device */
/** @typedef {import("./devices.js").Input} Input */
/** @typedef {import("./devices.js").Kind} Kind */

const memory = "foyer.devices";

export class Choices {
  #storage;
  /** @type {Partial<Record<Kind, Device>>} */
  #chosen = {};
  #on = { microphone: true, camera: true };

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage null where the browser refuses it */
  constructor(storage) {
    this.#storage = storage;
    this.#recall();
  }

  /** Whether an input was on when it was last turned by hand. @param {Input} input */
  isOn(input) {
    return this.#on[input];
  }

  /** @param {Input} input @param {boolean} on */
  turn(input, on) {
    this.#on[input] = on;
    this.#remember();
  }

  /** @param {Kind} kind @param {Device} device */
  choose(kind, device) {
    this.#chosen[kind] = device;
    this.#remember();
  }

  /**
   * The chosen device, if it is among those there are.
   * @param {Kind} kind
   * @param {Device[]} devices
   */
  among(kind, devices) {
    return remembered(devices, this.#chosen[kind]);
  }

  /** The chosen device, there or not. @param {Kind} kind */
  of(kind) {
    return this.#chosen[kind];
  }

  #recall() {
    try {
      const saved = JSON.parse(this.#storage?.getItem(memory) ?? "{}");
      for (const kind of /** @type {const} */ (["microphone", "camera", "speaker"])) {
        const { id, label } = saved[kind] ?? {};
        if (typeof id === "string" && typeof label === "string") this.#chosen[kind] = { id, label };
      }
      for (const input of /** @type {const} */ (["microphone", "camera"])) this.#on[input] = saved.off?.[input] !== true;
    } catch {
      // Not ours, or not readable: as if nothing had been chosen.
    }
  }

  #remember() {
    const off = { microphone: !this.#on.microphone, camera: !this.#on.camera };
    try {
      this.#storage?.setItem(memory, JSON.stringify({ ...this.#chosen, off }));
    } catch {
      // Full, or forbidden: the choice holds until the page is closed.
    }
  }
}
