// The bar under the stage.

import { t } from "../core/text.js";
import { byId } from "./dom.js";
import { keepFocus } from "./focus.js";
import { menuButton } from "./menu.js";
import { More } from "./more.js";
import { Options } from "./options.js";
import { deviceSwitch, shareSwitch } from "./switches.js";
import { words } from "./words.js";

/** @typedef {import("../core/devices.js").Devices} Devices */

export class Bar {
  #time = byId("bar-time", HTMLTimeElement);
  #ways = byId("leave-more", HTMLButtonElement);
  #allowMicrophone;
  #allowCamera;
  #allowShare;
  #may = { microphone: true, camera: true, share: true, chat: true, reactions: true };
  #mayEnd = false;
  /** The menu of what the bar has no button for. */
  more;
  options;

  /**
   * @param {Devices} devices
   * @param {import("../core/screen.js").Screen} screen
   * @param {import("../core/settings.js").Settings} settings
   * @param {import("../core/sounds.js").Sounds} sounds
   * @param {() => void} leave
   * @param {() => void} endForAll
   */
  constructor(devices, screen, settings, sounds, leave, endForAll) {
    const { signal } = new AbortController(); // lives as long as the page
    this.#allowMicrophone = deviceSwitch(byId("bar-microphone", HTMLButtonElement), "microphone", devices, signal);
    this.#allowCamera = deviceSwitch(byId("bar-camera", HTMLButtonElement), "camera", devices, signal);
    this.#allowShare = shareSwitch(byId("bar-share", HTMLButtonElement), screen);
    byId("leave", HTMLButtonElement).addEventListener("click", leave);
    const end = { label: words.endForAll, icon: "phone-off", danger: true, act: endForAll };
    menuButton(this.#ways, byId("call", HTMLElement), () => [{ label: words.leave, act: leave }, end]);
    this.options = new Options(devices, settings, sounds);
    this.more = new More(byId("bar-more", HTMLButtonElement), byId("call", HTMLElement));
    this.more.add(() => [{ label: t("bar.settings"), icon: "settings", act: () => this.options.open("all") }]);
    // On phones the caret beside Leave has no room.
    this.more.addLast(() => this.#mayEnd && this.#ways.offsetParent === null ? [end] : []);
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
    this.#mayEnd = may;
    keepFocus(() => { this.#ways.hidden = !may; }, () => byId("leave", HTMLElement));
  }

  /** @param {string} name */
  set room(name) {
    byId("bar-room", HTMLElement).textContent = name;
    byId("call-name", HTMLElement).textContent = name;
  }

  close() {
    this.options.close();
  }

  /** Shows the time of day and comes back when the minute turns. */
  #tick() {
    const now = new Date();
    this.#time.textContent = new Intl.DateTimeFormat(undefined, { timeStyle: "short" }).format(now);
    this.#time.dateTime = now.toISOString();
    setTimeout(() => this.#tick(), 60_000 - (now.getTime() % 60_000));
  }
}
