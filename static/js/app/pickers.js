// Menus to choose devices from; they follow what is plugged in and out.

import { words } from "./words.js";

/** @typedef {import("../core/devices.js").Devices} Devices */
/** @typedef {import("../core/devices.js").Kind} Kind */

const canChooseSpeaker = "setSinkId" in HTMLMediaElement.prototype;

/**
 * Fills every select[data-kind] inside an element and keeps it true.
 * @param {HTMLElement} parent
 * @param {Devices} devices
 * @param {AbortSignal} signal
 */
export function devicePickers(parent, devices, signal) {
  for (const select of parent.querySelectorAll("select[data-kind]")) {
    if (select instanceof HTMLSelectElement) picker(select, devices, signal);
  }
}

/**
 * @param {HTMLSelectElement} select
 * @param {Devices} devices
 * @param {AbortSignal} signal
 */
function picker(select, devices, signal) {
  const kind = /** @type {Kind} */ (select.dataset.kind);
  const field = select.closest(".field");
  if (kind === "speaker" && !canChooseSpeaker && field instanceof HTMLElement) field.hidden = true;
  const show = () => {
    const list = devices.lists[kind];
    select.disabled = list.length === 0;
    const options = list.length > 0
      ? list.map(({ id, label }, i) => new Option(label || words.device(kind, i + 1), id))
      : [new Option(devices.listed ? nothing(kind, devices) : words.looking, "")];
    const same = options.length === select.options.length
      && options.every((option, i) => option.value === select.options[i]?.value && option.text === select.options[i]?.text);
    if (!same) select.replaceChildren(...options);
    select.value = devices.current(kind);
  };
  select.addEventListener("change", () => void devices.choose(kind, select.value), { signal });
  devices.on("change", show, { signal });
  show();
}

/**
 * What stands in a menu without entries.
 * @param {Kind} kind
 * @param {Devices} devices
 */
function nothing(kind, devices) {
  if (kind === "speaker") return words.usualSpeaker;
  const { problem } = devices.use[kind];
  return problem === "denied" || problem === "system" ? words.blocked : words.noDevice(kind);
}
