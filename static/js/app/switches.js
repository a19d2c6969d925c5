// The microphone and camera buttons, on the preview and in the bar.

import { setIcon } from "./dom.js";
import { words } from "./words.js";

/** @typedef {import("../core/devices.js").Devices} Devices */
/** @typedef {import("../core/devices.js").Input} Input */

/** @type {Record<Input, {on: string, off: string, turnOn: string, turnOff: string}>} */
const looks = {
  microphone: { on: "mic", off: "mic-off", turnOn: words.unmute, turnOff: words.mute },
  camera: { on: "video", off: "video-off", turnOn: words.cameraOn, turnOff: words.cameraOff },
};

const shareLooks = { on: "screen-share-off", off: "screen-share" };

/**
 * Whether an input sends, or is about to: what its button shows.
 * @param {Devices} devices
 * @param {Input} input
 */
export function isOn(devices, input) {
  const { on, track, opening } = devices.use[input];
  return on && (track !== null || opening);
}

/**
 * Makes a button share the screen and stop that.
 * @param {HTMLButtonElement} button
 * @param {import("../core/screen.js").Screen} screen
 * @returns {(allowed: boolean) => void} to say whether one may share
 */
export function shareSwitch(button, screen) {
  const show = () => {
    const shares = screen.track !== null;
    const name = shares ? words.stopSharing : words.share;
    button.classList.toggle("on", shares);
    button.ariaLabel = name;
    button.title = name;
    setIcon(button, shares ? shareLooks.on : shareLooks.off);
  };
  button.hidden = !screen.possible;
  button.addEventListener("click", () => {
    if (screen.track) screen.stop();
    else if (button.ariaDisabled !== "true") void screen.start();
  });
  screen.on("change", show);
  show();
  return (allowed) => { disable(button, !allowed); };
}

/**
 * Makes a button turn an input on and off.
 * @param {HTMLButtonElement} button
 * @param {Input} input
 * @param {Devices} devices
 * @param {AbortSignal} signal
 * @returns {(allowed: boolean) => void} to say whether the input may be used
 */
export function deviceSwitch(button, input, devices, signal) {
  const { on, off, turnOn, turnOff } = looks[input];
  let allowed = true;
  const show = () => {
    const sends = allowed && isOn(devices, input);
    const name = sends ? turnOff : turnOn;
    button.classList.toggle("off", !sends);
    disable(button, !allowed);
    button.ariaLabel = name;
    button.title = name;
    setIcon(button, sends ? on : off);
  };
  button.addEventListener("click", () => { if (allowed) void devices.turn(input, !isOn(devices, input)); }, { signal });
  devices.on("change", show, { signal });
  show();
  return (now) => { allowed = now; show(); };
}

/**
 * Not by the attribute disabled, which would take focus away: it is there as
 * before, and does nothing.
 * @param {HTMLButtonElement} button
 * @param {boolean} disabled
 */
function disable(button, disabled) {
  button.ariaDisabled = String(disabled);
}
