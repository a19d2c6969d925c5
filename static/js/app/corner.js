// Lets one's own tile be drawn from one corner of the stage to another.

import { nearest } from "../core/layout.js";
import { isLetGo } from "./pointer.js";

const starts = 4; // pixels that a finger moves before it draws the tile along

export class CornerDrag {
  #tile;
  #stage;
  #moved;
  /** Where the tile is held. @type {{x: number, y: number, left: number, top: number, drawn: boolean} | null} */
  #held = null;

  /**
   * @param {HTMLElement} tile
   * @param {HTMLElement} stage
   * @param {(corner: import("../core/layout.js").Corner) => void} moved
   */
  constructor(tile, stage, moved) {
    this.#tile = tile;
    this.#stage = stage;
    this.#moved = moved;
    tile.addEventListener("pointerdown", (event) => this.#press(event));
    tile.addEventListener("pointermove", (event) => this.#move(event));
    tile.addEventListener("pointerup", () => this.#release());
    tile.addEventListener("pointercancel", () => this.#release());
  }

  /** @param {PointerEvent} event */
  #press({ target, button, clientX: x, clientY: y }) {
    if (this.#tile.dataset.part !== "corner" || button !== 0 || (target instanceof Element && target.closest("button"))) return;
    const stage = this.#stage.getBoundingClientRect();
    const tile = this.#tile.getBoundingClientRect();
    this.#held = { x, y, left: tile.left - stage.left, top: tile.top - stage.top, drawn: false };
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (isLetGo(event)) this.#release();
    const { clientX, clientY, pointerId } = event;
    const held = this.#held;
    if (!held) return;
    const [x, y] = [clientX - held.x, clientY - held.y];
    if (!held.drawn && Math.hypot(x, y) < starts) return;
    if (!held.drawn) this.#tile.setPointerCapture(pointerId);
    held.drawn = true;
    this.#tile.classList.add("drawn");
    this.#tile.style.transform = `translate(${held.left + x}px, ${held.top + y}px)`;
  }

  #release() {
    const drawn = this.#held?.drawn;
    this.#held = null;
    if (!drawn) return;
    this.#tile.classList.remove("drawn");
    const stage = this.#stage.getBoundingClientRect();
    const tile = this.#tile.getBoundingClientRect();
    const rtl = getComputedStyle(this.#stage).direction === "rtl";
    this.#moved(nearest(tile.left + tile.width / 2 - stage.left, tile.top + tile.height / 2 - stage.top, stage.width, stage.height, rtl));
  }
}
