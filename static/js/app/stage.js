// The stage: a tile for each participant, laid out to fill it, or beside the
// screens that are shared.

import { divide, fit, perPage, places } from "../core/grid.js";
import { byId, within } from "./dom.js";
import { Share } from "./share.js";
import { Tile } from "./tile.js";
import { words } from "./words.js";

/** @typedef {import("../core/roster.js").Roster} Roster */
/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("../core/grid.js").Area} Area */
/** @typedef {import("./tile.js").Source} Source */

export class Stage {
  #stage = byId("stage", HTMLElement);
  #list = byId("tiles", HTMLElement);
  #screens = byId("screens", HTMLElement);
  #sounds = byId("sounds", HTMLElement);
  #pager = byId("pager", HTMLElement);
  #alone = byId("alone", HTMLElement);
  #count = within(document, "[data-participant-count]", HTMLElement);
  /** @type {Map<string, Tile>} */
  #tiles = new Map();
  /** @type {Map<string, Share>} */
  #shares = new Map();
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
      this.#showShare(participant);
      this.#layOut();
    });
    roster.on("changed", (participant) => {
      const tile = this.#tiles.get(participant.id);
      const before = tile?.audio;
      tile?.update(participant);
      if (tile && tile.audio !== before) this.#sendSoundTo(tile);
      this.#showShare(participant);
    });
    roster.on("removed", ({ id }) => {
      this.#tiles.get(id)?.remove();
      this.#tiles.delete(id);
      this.#dropShare(id);
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

  /** One's own screen one sees anyway. @param {Participant} participant */
  #showShare(participant) {
    const { id, local, share } = participant;
    const shown = this.#shares.get(id);
    if (local || !share) {
      this.#dropShare(id);
    } else if (shown) {
      shown.update(participant);
    } else {
      const added = new Share(participant, this.#source);
      this.#shares.set(id, added);
      this.#screens.append(added.element);
      this.#layOut();
    }
  }

  /** @param {string} id */
  #dropShare(id) {
    const share = this.#shares.get(id);
    if (!share) return;
    share.remove();
    this.#shares.delete(id);
    this.#layOut();
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
    const whole = { x: 0, y: 0, width, height };
    const { screens, people } = this.#shares.size > 0 ? divide(this.#shares.size, width, height) : { screens: whole, people: whole };
    this.#screens.hidden = this.#shares.size === 0;
    this.#place([...this.#shares.values()].map(({ element }) => element), screens);
    const size = perPage(participants.length, people.width, people.height);
    const pages = Math.ceil(participants.length / size);
    this.#page = Math.max(0, Math.min(this.#page, pages - 1));
    const elements = participants.flatMap(({ id }) => this.#tiles.get(id)?.element ?? []);
    const shown = elements.slice(this.#page * size, (this.#page + 1) * size);
    for (const element of elements) element.hidden = !shown.includes(element);
    this.#place(shown, people);
    this.#pager.hidden = pages === 1;
    within(this.#pager, "span", HTMLElement).textContent = words.pages(this.#page + 1, pages);
    for (const button of this.#pager.querySelectorAll("button")) {
      button.disabled = button.dataset.step === "-1" ? this.#page === 0 : this.#page === pages - 1;
    }
  }

  /**
   * Fills an area with tiles.
   * @param {HTMLElement[]} elements
   * @param {Area} area
   */
  #place(elements, { x: left, y: top, width, height }) {
    if (elements.length === 0) return;
    const grid = fit(elements.length, width, height);
    const corners = places(grid, elements.length, width, height);
    for (const [i, element] of elements.entries()) {
      const { x, y } = corners[i] ?? { x: 0, y: 0 };
      element.style.width = `${grid.width}px`;
      element.style.height = `${grid.height}px`;
      element.style.transform = `translate(${left + x}px, ${top + y}px)`;
    }
  }
}
