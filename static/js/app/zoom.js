// Enlarges a shared screen: by buttons, keys, the wheel with Ctrl, and two fingers.

import { panned, whole, zoomed } from "../core/zoom.js";
import { isLetGo } from "./pointer.js";

const step = 1.4;
const shift = 0.1; // of the frame, for an arrow key
const perPixel = 0.0022; // of the wheel

export class ZoomView {
  #frame;
  #video;
  #zoom = whole;
  /** Fingers, or the mouse, on the picture. @type {Map<number, {x: number, y: number}>} */
  #pointers = new Map();
  #changed;

  /**
   * @param {HTMLElement} frame what takes keys and pointers
   * @param {() => HTMLVideoElement | null} video
   * @param {(scale: number) => void} changed
   */
  constructor(frame, video, changed) {
    this.#frame = frame;
    this.#video = video;
    this.#changed = changed;
    frame.addEventListener("keydown", (event) => this.#key(event));
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    frame.addEventListener("pointerdown", (event) => this.#press(event));
    frame.addEventListener("pointermove", (event) => this.#move(event));
    for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
      frame.addEventListener(type, ({ pointerId }) => this.#pointers.delete(pointerId));
    }
  }

  enlarge() {
    this.#show(zoomed(this.#zoom, step));
  }

  shrink() {
    this.#show(zoomed(this.#zoom, 1 / step));
  }

  reset() {
    this.#show(whole);
  }

  /** @param {import("../core/zoom.js").Zoom} zoom */
  #show(zoom) {
    this.#zoom = zoom;
    const video = this.#video();
    if (video) video.style.transform = zoom.scale === 1 ? "" : `translate(${zoom.x * 100}%, ${zoom.y * 100}%) scale(${zoom.scale})`;
    this.#frame.classList.toggle("zoomed", zoom.scale > 1);
    this.#changed(zoom.scale);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.target !== this.#frame || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const acts = {
      "+": () => this.enlarge(),
      "=": () => this.enlarge(),
      "-": () => this.shrink(),
      "0": () => this.reset(),
      ArrowLeft: () => this.#show(panned(this.#zoom, shift, 0)),
      ArrowRight: () => this.#show(panned(this.#zoom, -shift, 0)),
      ArrowUp: () => this.#show(panned(this.#zoom, 0, shift)),
      ArrowDown: () => this.#show(panned(this.#zoom, 0, -shift)),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** With Ctrl, as browsers also tell two fingers on a touchpad; without, the picture moves once it is enlarged. @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey && this.#zoom.scale === 1) return;
    event.preventDefault();
    const { width, height } = this.#frame.getBoundingClientRect();
    if (event.ctrlKey) {
      const { x, y } = this.#at(event);
      this.#show(zoomed(this.#zoom, Math.exp(-event.deltaY * perPixel * 4), x, y));
    } else {
      this.#show(panned(this.#zoom, -event.deltaX / width, -event.deltaY / height));
    }
  }

  /** @param {PointerEvent} event */
  #press(event) {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest("button"))) return;
    this.#pointers.set(event.pointerId, this.#at(event));
    if (this.#zoom.scale > 1 || this.#pointers.size > 1) this.#frame.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (isLetGo(event)) this.#pointers.delete(event.pointerId);
    const before = this.#pointers.get(event.pointerId);
    if (!before) return;
    const now = this.#at(event);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.#pointers.set(event.pointerId, now);
    if (!other) {
      this.#show(panned(this.#zoom, now.x - before.x, now.y - before.y));
      return;
    }
    const factor = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(0.01, Math.hypot(before.x - other.x, before.y - other.y));
    this.#show(zoomed(this.#zoom, factor, (now.x + other.x) / 2, (now.y + other.y) / 2));
  }

  /** @param {MouseEvent} event */
  #at({ clientX, clientY }) {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    return { x: (clientX - left) / width - 0.5, y: (clientY - top) / height - 0.5 };
  }
}
