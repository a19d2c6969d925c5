// The sheet of devices and switches: those of sound, those of the picture, or all.

import { t } from "../core/text.js";
import { byId, within } from "./dom.js";
import { devicePickers } from "./pickers.js";
import { words } from "./words.js";

/** @typedef {import("../core/devices.js").Devices} Devices */
/** @typedef {import("../core/settings.js").Settings} Settings */
/** @typedef {import("../core/settings.js").Setting} Setting */
/** @typedef {"sound" | "picture" | "all"} Part */

/** @type {import("../core/devices.js").Input[]} */
const inputs = ["microphone", "camera"];

const between = 8; // pixels from the sheet to the bar

export class Options {
  #sheet = byId("sheet", HTMLDialogElement);

  /**
   * @param {Devices} devices
   * @param {Settings} settings
   * @param {import("../core/sounds.js").Sounds} sounds
   */
  constructor(devices, settings, sounds) {
    const { signal } = new AbortController(); // lives as long as the page
    devicePickers(this.#sheet, devices, signal);
    deviceActions(this.#sheet, devices, sounds);
    settingSwitches(this.#sheet, settings);
    for (const button of byId("bar", HTMLElement).querySelectorAll("button[data-options]")) {
      if (button instanceof HTMLButtonElement) button.addEventListener("click", () => this.open(/** @type {Part} */ (button.dataset.options), button));
    }
    closable(this.#sheet);
    addEventListener("resize", () => this.close()); // it was placed for the window as it was
    const problem = byId("sheet-problem", HTMLElement);
    devices.on("change", () => {
      problem.textContent = inputs.flatMap((input) => {
        const { on, problem: wrong } = devices.use[input];
        return on && wrong ? [words.problemInCall[wrong][input]] : [];
      }).join(" ");
      problem.hidden = problem.textContent === "";
    });
  }

  /**
   * @param {Part} part
   * @param {HTMLElement} [button] that the sheet stands above
   */
  open(part, button) {
    byId("sheet-title", HTMLElement).textContent = part === "sound" ? t("settings.sound") : part === "picture" ? t("settings.picture") : t("settings.title");
    for (const section of this.#sheet.querySelectorAll("[data-part]")) {
      if (section instanceof HTMLElement) section.hidden = part !== "all" && section.dataset.part !== part;
    }
    this.#sheet.classList.toggle("whole", part === "all");
    this.#sheet.removeAttribute("style");
    this.#sheet.showModal();
    if (!button || this.#sheet.offsetWidth === innerWidth) return; // as wide as the window on a phone, at its bottom
    const anchor = button.getBoundingClientRect();
    const width = this.#sheet.offsetWidth;
    const left = Math.min(Math.max(between, anchor.left + anchor.width / 2 - width / 2), innerWidth - width - between);
    this.#sheet.style.left = `${left}px`;
    this.#sheet.style.right = "auto";
    this.#sheet.style.bottom = `${innerHeight - anchor.top + between}px`;
  }

  close() {
    this.#sheet.close();
  }
}

/**
 * Closes a dialog by its button and by a click beside it.
 * @param {HTMLDialogElement} dialog
 */
export function closable(dialog) {
  dialog.addEventListener("click", (event) => {
    // The dialog itself is hit only outside of its content: on the backdrop or its edge.
    if (event.target === dialog) dialog.close();
  });
  within(dialog, "[data-close]", HTMLButtonElement).addEventListener("click", () => dialog.close());
}

/**
 * Has the buttons beside the menus of devices do what they say: play tones on the
 * speaker, turn to the camera on the other side.
 * @param {HTMLElement} parent
 * @param {Devices} devices
 * @param {import("../core/sounds.js").Sounds} sounds
 */
export function deviceActions(parent, devices, sounds) {
  within(parent, "[data-test-speaker]", HTMLButtonElement).addEventListener("click", () => sounds.test());
  const flip = within(parent, "[data-flip]", HTMLButtonElement);
  flip.addEventListener("click", () => void devices.flip());
  devices.on("change", () => { flip.hidden = !devices.flips; });
}

/**
 * Joins the switches inside an element to the settings that they name.
 * @param {HTMLElement} parent
 * @param {Settings} settings
 */
export function settingSwitches(parent, settings) {
  for (const box of parent.querySelectorAll("input[data-setting]")) {
    if (!(box instanceof HTMLInputElement)) continue;
    const setting = /** @type {Setting} */ (box.dataset.setting);
    const show = () => { box.checked = settings.is(setting); };
    box.addEventListener("change", () => settings.set(setting, box.checked));
    settings.on("change", show);
    show();
  }
}
