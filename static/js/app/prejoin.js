// The room page before the call: preview, meter, devices, name, Join call.

import { Deafness, LevelMeter } from "../core/level.js";
import { t } from "../core/text.js";
import { byId, within } from "./dom.js";
import { deviceActions } from "./options.js";
import { devicePickers } from "./pickers.js";
import { deviceSwitch } from "./switches.js";
import { words } from "./words.js";

/** @typedef {import("../core/devices.js").Devices} Devices */
/** @typedef {import("../core/devices.js").Problem} Problem */
/** @typedef {import("../core/post.js").Declined} Declined */

/** The reasons that joining failed for, which a check may find out more about. */
const checkHelps = ["unreachable", "media_unavailable", "busy"];

export class Prejoin {
  #main = byId("main", HTMLElement);
  #video = byId("preview-video", HTMLVideoElement);
  #blank = byId("preview-blank", HTMLElement);
  #state = byId("preview-state", HTMLElement);
  #problem = byId("device-problem", HTMLElement);
  #name = byId("display-name", HTMLInputElement);
  #nameError = byId("display-name-error", HTMLElement);
  #error = byId("join-error", HTMLElement);
  #join = byId("join", HTMLButtonElement);
  #bars = [...byId("meter", HTMLElement).children];
  #meter = new LevelMeter();
  #deafness = new Deafness();
  /** Whether the microphone hears nothing. */
  #deaf = false;
  #devices;
  #shown = true;

  /**
   * @param {Devices} devices
   * @param {import("../core/sounds.js").Sounds} sounds
   * @param {(displayName: string) => void} join
   */
  constructor(devices, sounds, join) {
    this.#devices = devices;
    const { signal } = new AbortController(); // lives as long as the page
    deviceSwitch(byId("preview-microphone", HTMLButtonElement), "microphone", devices, signal);
    deviceSwitch(byId("preview-camera", HTMLButtonElement), "camera", devices, signal);
    devicePickers(byId("prejoin-devices", HTMLElement), devices, signal);
    deviceActions(this.#main, devices, sounds);
    within(this.#problem, "button", HTMLButtonElement).addEventListener("click", () => void devices.retry());
    byId("join-form", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#say(null);
      if (this.name) join(this.name);
      else this.#sayName(words.nameless);
    });
    devices.on("change", () => this.#show());
    this.#join.disabled = false;
    this.#show();
    this.#listen();
  }

  /** Whether joining means asking first. @param {boolean} asks */
  set asks(asks) {
    this.#join.textContent = asks ? words.ask : words.join;
  }

  /** The name that was typed. */
  get name() {
    return this.#name.value.trim();
  }

  get shown() {
    return this.#shown;
  }

  /** @param {boolean} shown */
  set shown(shown) {
    const before = this.#shown;
    this.#shown = shown;
    this.#main.hidden = !shown;
    this.busy = false;
    if (!shown) this.#meter.close();
    else if (!before) this.#listen();
    this.#show();
  }

  /** While joining; the button stays where focus is. @param {boolean} busy */
  set busy(busy) {
    this.#join.toggleAttribute("data-busy", busy);
    this.#join.ariaDisabled = String(busy);
  }

  /** @param {Declined} refused */
  refuse(refused) {
    const name = refused.fields["display_name"];
    if (name) this.#sayName(name);
    else this.#say(refused.message || words.refused[refused.reason] || words.refusedOtherwise);
    byId("join-check", HTMLElement).hidden = !checkHelps.includes(refused.reason);
    if (!name) this.#join.focus();
  }

  /** @param {string | null} message */
  #say(message) {
    this.#error.hidden = !message;
    within(this.#error, "span", HTMLElement).textContent = message;
    byId("join-check", HTMLElement).hidden = true;
    if (message === null) this.#sayName(null);
  }

  /** @param {string | null} message */
  #sayName(message) {
    this.#nameError.hidden = !message;
    within(this.#nameError, "span", HTMLElement).textContent = message;
    this.#name.ariaInvalid = message ? "true" : null;
    if (message) {
      this.#name.setAttribute("aria-describedby", this.#nameError.id);
      this.#name.focus();
    } else {
      this.#name.removeAttribute("aria-describedby");
    }
  }

  #show() {
    const { microphone, camera } = this.#devices.use;
    const insecure = camera.problem === "insecure";
    byId("preview-controls", HTMLElement).hidden = insecure;
    byId("prejoin-devices", HTMLElement).hidden = insecure;
    const track = this.#shown && camera.on ? camera.track : null;
    const stream = this.#video.srcObject;
    if (!track) this.#video.srcObject = null;
    else if (!(stream instanceof MediaStream && stream.getVideoTracks()[0] === track)) this.#video.srcObject = new MediaStream([track]);
    this.#video.hidden = !track;
    this.#blank.hidden = track !== null;
    this.#state.textContent = camera.opening ? words.yourCameraStarts : camera.on && camera.problem ? words.yourCamera[camera.problem] : words.yourCameraIsOff;
    if (this.#shown) this.#meter.listen(microphone.on ? microphone.track : null);

    this.#video.classList.toggle("mirrored", this.#devices.mirrors);
    const text = problemText(this.#devices) || (this.#deaf ? `${t("check.microphone_silent")} ${t("check.microphone_silent_do")}` : "");
    this.#problem.hidden = text === "";
    within(this.#problem, "p", HTMLElement).textContent = text;
    within(this.#problem, "button", HTMLButtonElement).hidden = insecure;
  }

  /** Draws the meter until the preview is hidden. */
  #listen() {
    if (!this.#shown) return;
    const level = this.#meter.read() * this.#bars.length;
    this.#bars.forEach((bar, i) => bar.classList.toggle("on", level > i + 0.5));
    const deaf = this.#deafness.lasts(this.#meter.samples(), performance.now());
    if (deaf !== this.#deaf) {
      this.#deaf = deaf;
      this.#show();
    }
    requestAnimationFrame(() => this.#listen());
  }
}

/**
 * What is wrong with one's devices, in words; empty when nothing is.
 * @param {Devices} devices
 */
function problemText(devices) {
  const camera = devices.use.camera.on ? devices.use.camera.problem : null;
  const microphone = devices.use.microphone.on ? devices.use.microphone.problem : null;
  if (camera === "insecure" || microphone === "insecure") return words.problem.insecure;
  if (camera && camera === microphone) return words.problem[camera].both;
  return [camera && words.problem[camera].camera, microphone && words.problem[microphone].microphone].filter(Boolean).join(" ");
}
