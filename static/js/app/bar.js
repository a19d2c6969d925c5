// The bar under the stage, and the sheet with the device menus.

import { byId, within } from "./dom.js";
import { menuButton } from "./menu.js";
import { devicePickers } from "./pickers.js";
import { deviceSwitch, shareSwitch } from "./switches.js";
import { words } from "./words.js";

/** @typedef {import("../core/devices.js").Devices} Devices */

/** @type {import("../core/devices.js").Input[]} */
const inputs = ["microphone", "camera"];

const between = 8; // pixels from the sheet to the bar

export class Bar {
  #bar = byId("bar", HTMLElement);
  #sheet = byId("sheet", HTMLDialogElement);
  #time = byId("bar-time", HTMLTimeElement);
  #ways = byId("leave-more", HTMLButtonElement);
  #end = byId("sheet-end", HTMLButtonElement);
  #allowMicrophone;
  #allowCamera;
  #allowShare;
  #may = { microphone: true, camera: true, share: true };

  /**
   * @param {Devices} devices
   * @param {import("../core/screen.js").Screen} screen
   * @param {() => void} leave
   * @param {() => void} endForAll
   */
  constructor(devices, screen, leave, endForAll) {
    const { signal } = new AbortController(); // lives as long as the page
    this.#allowMicrophone = deviceSwitch(byId("bar-microphone", HTMLButtonElement), "microphone", devices, signal);
    this.#allowCamera = deviceSwitch(byId("bar-camera", HTMLButtonElement), "camera", devices, signal);
    this.#allowShare = shareSwitch(byId("bar-share", HTMLButtonElement), screen);
    devicePickers(this.#sheet, devices, signal);
    byId("leave", HTMLButtonElement).addEventListener("click", leave);
    menuButton(this.#ways, byId("call", HTMLElement), () => [
      { label: words.leave, act: leave },
      { label: words.endForAll, danger: true, act: endForAll },
    ]);
    this.#end.addEventListener("click", () => {
      this.#sheet.close();
      endForAll();
    });

    for (const button of this.#bar.querySelectorAll("button[data-devices]")) {
      if (button instanceof HTMLButtonElement) button.addEventListener("click", () => this.#open(button));
    }
    this.#sheet.addEventListener("click", (event) => {
      // The dialog itself is hit only outside of its content: on the backdrop or its edge.
      if (event.target === this.#sheet) this.#sheet.close();
    });
    within(this.#sheet, "[data-close]", HTMLButtonElement).addEventListener("click", () => this.#sheet.close());
    addEventListener("resize", () => this.#sheet.close()); // it was placed for the window as it was
    const problem = byId("sheet-problem", HTMLElement);
    devices.on("change", () => {
      problem.textContent = inputs.flatMap((input) => {
        const { on, problem: wrong } = devices.use[input];
        return on && wrong ? [words.problemInCall[wrong][input]] : [];
      }).join(" ");
      problem.hidden = problem.textContent === "";
    });
    this.#tick();
  }

  get may() {
    return this.#may;
  }

  /** @param {import("../media/types.js").May} may */
  set may(may) {
    this.#may = may;
    this.#allowMicrophone(may.microphone);
    this.#allowCamera(may.camera);
    this.#allowShare(may.share);
  }

  /** @param {boolean} may whether one may end the call for everyone */
  set mayEnd(may) {
    this.#ways.hidden = !may;
    this.#end.hidden = !may;
  }

  /** @param {string} name */
  set room(name) {
    byId("bar-room", HTMLElement).textContent = name;
    byId("call-name", HTMLElement).textContent = name;
  }

  close() {
    this.#sheet.close();
  }

  /** @param {HTMLButtonElement} button */
  #open(button) {
    this.#sheet.removeAttribute("style");
    this.#sheet.showModal();
    if (this.#sheet.offsetWidth === innerWidth) return; // a phone: it lies at the bottom, as wide as the window
    const anchor = button.getBoundingClientRect();
    const width = this.#sheet.offsetWidth;
    const left = Math.min(Math.max(between, anchor.left + anchor.width / 2 - width / 2), innerWidth - width - between);
    this.#sheet.style.left = `${left}px`;
    this.#sheet.style.right = "auto";
    this.#sheet.style.bottom = `${innerHeight - anchor.top + between}px`;
  }

  /** Shows the time of day and comes back when the minute turns. */
  #tick() {
    const now = new Date();
    this.#time.textContent = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(now);
    this.#time.dateTime = now.toISOString();
    setTimeout(() => this.#tick(), 60_000 - (now.getTime() % 60_000));
  }
}
