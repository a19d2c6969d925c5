// The call in a small window above all others: the whole stage with the main
// controls where the browser has windows for that, else the picture of whoever has
// the floor.

import { t } from "../core/text.js";
import { icon } from "./dom.js";
import { keepFocus } from "./focus.js";
import { bringIcons, returnIcons } from "./icons.js";
import { deviceSwitch } from "./switches.js";
import { words } from "./words.js";

/** @typedef {import("../core/devices.js").Devices} Devices */
/** @typedef {import("./stage.js").Stage} Stage */

/** @typedef {{requestWindow: (size: {width: number, height: number}) => Promise<Window>}} Windows */

const size = { width: 400, height: 330 };

export class SmallWindow {
  #stage;
  #devices;
  #leave;
  #problem;
  /** @type {Windows | undefined} */
  #windows = /** @type {{documentPictureInPicture?: Windows}} */ (/** @type {unknown} */ (globalThis)).documentPictureInPicture;
  /** @type {Window | null} */
  #window = null;
  /** Where the stage belongs, while it is away. @type {HTMLElement | null} */
  #placeholder = null;
  #may = { microphone: true, camera: true };
  /** @type {((may: {microphone: boolean, camera: boolean}) => void) | null} */
  #allow = null;

  /**
   * @param {Stage} stage
   * @param {Devices} devices
   * @param {() => void} leave
   * @param {() => void} problem told when the browser refuses
   */
  constructor(stage, devices, leave, problem) {
    this.#stage = stage;
    this.#devices = devices;
    this.#leave = leave;
    this.#problem = problem;
  }

  /** Whether this browser can do any of it. */
  get possible() {
    return this.#windows !== undefined || document.pictureInPictureEnabled;
  }

  /** Whether the call is in a small window now. */
  get open() {
    return this.#window !== null || document.pictureInPictureElement !== null;
  }

  /** Opens it, or brings the call back; to be called from a click. */
  async toggle() {
    if (this.open) {
      this.close();
      return;
    }
    try {
      if (this.#windows) this.#move(await this.#windows.requestWindow(size));
      else await this.#video().requestPictureInPicture();
    } catch {
      this.#problem();
    }
  }

  /** What oneself may send. @param {{microphone: boolean, camera: boolean}} may */
  set may(may) {
    this.#may = may;
    this.#allow?.(may);
  }

  /** Where only one picture fits, it is that of whoever has the floor now. One function, so that a picture is waited for once. */
  follow = () => {
    const shown = document.pictureInPictureElement;
    const next = this.#stage.foremost?.video;
    if (!shown || !next || next === shown) return;
    if (next.readyState > 0) next.requestPictureInPicture().catch(() => {}); // the one before stays
    else next.addEventListener("loadedmetadata", this.follow, { once: true }); // as soon as there is a picture
  };

  #video() {
    const video = this.#stage.foremost?.video;
    if (!video) throw new Error("nobody shows a picture");
    return video;
  }

  /** Brings the call back into the page. */
  close() {
    this.#window?.close();
    if (document.pictureInPictureElement) void document.exitPictureInPicture();
  }

  /** @param {Window} window */
  #move(window) {
    const { document: there } = window;
    there.documentElement.lang = document.documentElement.lang;
    there.documentElement.dir = document.documentElement.dir;
    there.title = document.title;
    // It loads no style sheets: it gets those of this page as they are.
    const { CSSStyleSheet: Sheet } = /** @type {Window & typeof globalThis} */ (window);
    const style = new Sheet();
    style.replaceSync([...document.styleSheets].flatMap(({ cssRules }) => [...cssRules].map(({ cssText }) => cssText)).join("\n"));
    there.adoptedStyleSheets = [style];
    const call = there.createElement("main");
    call.className = "call small-call";
    there.body.className = "in-call";
    there.body.append(call);
    const stage = this.#stage.element;
    this.#placeholder = this.#note();
    stage.replaceWith(this.#placeholder);
    const life = new AbortController();
    call.append(stage, this.#controls(life.signal));
    bringIcons(there, life.signal).catch(() => {}); // without the sprite buttons have their names still
    this.#window = window;
    this.#stage.moved();
    window.addEventListener("pagehide", () => {
      life.abort();
      this.#allow = null;
      this.#window = null;
      keepFocus(() => this.#placeholder?.replaceWith(stage)); // of the button in it that brings the call back
      returnIcons(stage);
      this.#placeholder = null;
      this.#stage.moved();
    }, { once: true });
  }

  /** What stands in the page meanwhile. */
  #note() {
    const note = document.createElement("div");
    note.className = "stage stage-away";
    const text = document.createElement("p");
    text.textContent = t("small.away");
    const back = document.createElement("button");
    back.type = "button";
    back.className = "button";
    back.textContent = t("small.back");
    back.addEventListener("click", () => this.close());
    note.append(text, back);
    return note;
  }

  /** @param {AbortSignal} signal */
  #controls(signal) {
    const bar = document.createElement("div");
    bar.className = "small-bar";
    bar.role = "group";
    bar.ariaLabel = t("bar.controls");
    const microphone = button("round", icon("mic"));
    const camera = button("round", icon("video"));
    const leave = button("round leave", icon("phone-off"));
    const allowMicrophone = deviceSwitch(microphone, "microphone", this.#devices, signal);
    const allowCamera = deviceSwitch(camera, "camera", this.#devices, signal);
    this.#allow = (may) => {
      allowMicrophone(may.microphone);
      allowCamera(may.camera);
    };
    this.#allow(this.#may);
    leave.ariaLabel = leave.title = words.leave;
    leave.addEventListener("click", () => {
      this.close();
      this.#leave();
    });
    bar.append(microphone, camera, leave);
    return bar;
  }
}

/**
 * @param {string} look
 * @param {SVGElement} shows
 */
function button(look, shows) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = look;
  button.append(shows);
  return button;
}
