// What belongs to holding a call on this device: the screen stays on, the system
// knows of the conversation, and what it took away for a phone call comes back.

import { Awake, playAgain, tellAudioSession } from "../core/phone.js";
import { byId } from "./dom.js";

export class Presence {
  #blocked;
  #awake = new Awake(navigator.wakeLock, document);
  #inCall = false;

  /**
   * @param {import("../core/devices.js").Devices} devices
   * @param {() => void} blocked the browser wants a tap before sound goes on
   */
  constructor(devices, blocked) {
    this.#blocked = blocked;
    const again = async () => {
      if (document.hidden || !this.#inCall) return;
      await devices.resume();
      await this.play();
    };
    document.addEventListener("visibilitychange", () => void again());
    addEventListener("pageshow", () => void again());
    // A phone call is over: the microphone sounds again, and with it the rest should.
    devices.on("change", () => devices.use.microphone.track?.addEventListener("unmute", again));
  }

  /** Plays what has stopped; from a tap, also what the browser holds back without one. */
  async play() {
    const elements = [...byId("call", HTMLElement).querySelectorAll("audio, video")].filter((element) => element instanceof HTMLMediaElement);
    if (!(await playAgain(elements))) this.#blocked();
  }

  /** @param {boolean} inCall */
  set inCall(inCall) {
    if (inCall === this.#inCall) return;
    this.#inCall = inCall;
    this.#awake.wanted = inCall;
    tellAudioSession(navigator, inCall);
  }
}
