// What the page does when the computer or the network is too weak, and audio only,
// which is one click away at any time.

import { pictureSizes } from "../core/capture.js";
import { Strain } from "../core/strain.js";
import { t } from "../core/text.js";

const measureEvery = 2000; // milliseconds

export class Weak {
  #call;
  #devices;
  #notices;
  #strain = new Strain(pictureSizes);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #timer;
  /** Whether the camera was on before audio only. */
  #camera = false;

  /**
   * @param {import("../core/call.js").Call} call
   * @param {import("../core/devices.js").Devices} devices
   * @param {import("./notices.js").Notices} notices
   */
  constructor(call, devices, notices) {
    this.#call = call;
    this.#devices = devices;
    this.#notices = notices;
    this.#strain.on("size", ({ size }) => void devices.limit(size));
    this.#strain.on("dark", () => {
      void devices.turnForNow("camera", false);
      notices.say(t("weak.camera_off"));
    });
    this.#strain.on("weak", () => {
      if (!this.soundOnly) notices.offer(t("weak.connection"), t("weak.audio_only"), () => { this.soundOnly = true; });
    });
    // Whoever turns the camera on again wants to be seen more than not to see.
    devices.on("change", () => {
      if (this.soundOnly && devices.use.camera.on) this.soundOnly = false;
    });
  }

  /** Measures for as long as one is in the call. @param {boolean} on */
  set watching(on) {
    clearInterval(this.#timer);
    this.#strain.pause();
    if (on) this.#timer = setInterval(() => void this.#measure(), measureEvery);
  }

  get soundOnly() {
    return this.#call.soundOnly;
  }

  /** @param {boolean} only */
  set soundOnly(only) {
    if (only === this.soundOnly) return;
    const { camera } = this.#devices.use;
    if (only) {
      this.#camera = camera.on;
      void this.#devices.turnForNow("camera", false);
    }
    this.#call.soundOnly = only;
    if (!only && this.#camera && !camera.on) void this.#devices.turnForNow("camera", true);
    this.#notices.keep("sound", only ? t("weak.audio_only_on") : null, { label: t("weak.show_cameras"), act: () => { this.soundOnly = false; } });
  }

  /** The call is over: the next begins as usual. */
  reset() {
    this.watching = false;
    this.#call.soundOnly = false;
    this.#strain.reset();
  }

  async #measure() {
    const pressure = await this.#call.pressure().catch(() => null); // of a connection that ends just now
    if (!pressure) return;
    this.#strain.take({ ...pressure, sending: this.#devices.outgoing().camera !== null, quality: this.#call.quality }, performance.now());
  }
}
