// The stage: a tile for each participant, laid out to fill it.

import { fit, perPage, places } from "../core/grid.js";
import { byId, within } from "./dom.js";
import { Tile } from "./tile.js";
import { words } from "./words.js";

/** @typedef {import("../core/roster.js").Roster} Roster */
/** @typedef {import("./tile.js").Source} Source */

export class Stage {
  #stage = byId("stage", HTMLElement);
  #list = byId("tiles", HTMLElement);
  #sounds = byId("sounds", HTMLElement);
  #pager = byId("pager", HTMLElement);
  #alone = byId("alone", HTMLElement);
  #count = within(document, "[data-participant-count]", HTMLElement);
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  #roster;
  #source;
  #page = 0;
  #speaker = "";
  #settled = false;
  #laying = false;

  /**
   * @param {Roster} roster
   * @param {Source} source
   */
  constructor(roster, source) {
    this.#roster = roster;
    this.#source = source;
    roster.on("added", (participant) => {
      const tile = new Tile(participant, source, this.#sounds);
      this.#tiles.set(participant.id, tile);
      if (participant.local) this.#list.prepend(tile.element);
      else this.#list.append(tile.element);
      this.#sendSoundTo(tile);
      this.#layOut();
    });
    roster.on("changed", (participant) => {
      const tile = this.#tiles.get(participant.id);
      const before = tile?.audio;
      tile?.update(participant);
      if (tile && tile.audio !== before) this.#sendSoundTo(tile);
    });
    roster.on("removed", ({ id }) => {
      this.#tiles.get(id)?.remove();
      this.#tiles.delete(id);
      this.#layOut();
    });
    new ResizeObserver(() => this.#layOut()).observe(this.#stage);
    this.#pager.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (!button) return;
      this.#page += Number(button.dataset.step);
      this.#layOut();
    });
  }

  /** Whether it is known who is there: only then is one alone. @param {boolean} settled */
  set settled(settled) {
    this.#settled = settled;
    this.#layOut();
  }

  /** Plays everybody's sound on a speaker. @param {string} id */
  set speaker(id) {
    if (id === this.#speaker) return;
    this.#speaker = id;
    for (const tile of this.#tiles.values()) this.#sendSoundTo(tile);
  }

  /** @param {Tile} tile */
  #sendSoundTo(tile) {
    if (!tile.audio || !this.#speaker || !("setSinkId" in tile.audio)) return;
    // A speaker that was just pulled out: the browser plays on its default.
    tile.audio.setSinkId(this.#speaker).catch(() => {});
  }

  /** Lays out once for all changes of a moment; not in an animation frame, which tabs in the background do not get. */
  #layOut() {
    if (this.#laying) return;
    this.#laying = true;
    queueMicrotask(() => {
      this.#laying = false;
      this.#layOutNow();
    });
  }

  #layOutNow() {
    const participants = this.#roster.participants;
    this.#count.textContent = String(participants.length);
    this.#alone.hidden = !this.#settled || participants.length !== 1;
    const { clientWidth: width, clientHeight: height } = this.#stage;
    if (participants.length === 0 || width === 0 || height === 0) return;
    const size = perPage(participants.length, width, height);
    const pages = Math.ceil(participants.length / size);
    this.#page = Math.max(0, Math.min(this.#page, pages - 1));
    const first = this.#page * size;
    const shown = participants.slice(first, first + size);
    const grid = fit(shown.length, width, height);
    const corners = places(grid, shown.length, width, height);
    for (const [i, { id }] of participants.entries()) {
      const element = this.#tiles.get(id)?.element;
      const corner = corners[i - first];
      if (!element) continue;
      element.hidden = !corner;
      if (!corner) continue;
      element.style.width = `${grid.width}px`;
      element.style.height = `${grid.height}px`;
      element.style.transform = `translate(${corner.x}px, ${corner.y}px)`;
    }
    this.#pager.hidden = pages === 1;
    within(this.#pager, "span", HTMLElement).textContent = words.pages(this.#page + 1, pages);
    for (const button of this.#pager.querySelectorAll("button")) {
      button.disabled = button.dataset.step === "-1" ? this.#page === 0 : this.#page === pages - 1;
    }
  }
}
