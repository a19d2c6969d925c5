// The stage: a tile for each participant and each screen that is shared, where
// core/layout.js says.

import { Floor } from "../core/floor.js";
import { layOut, needed, personKey } from "../core/layout.js";
import { t } from "../core/text.js";
import { CornerDrag } from "./corner.js";
import { byId, within } from "./dom.js";
import { keepFocus } from "./focus.js";
import { put } from "./glide.js";
import { menuButton } from "./menu.js";
import { Share } from "./share.js";
import { Tile } from "./tile.js";

/** @typedef {import("../core/roster.js").Roster} Roster */
/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("../core/view.js").View} View */
/** @typedef {import("./picture.js").Source} Source */

/** Picture sizes are told a moment after the last change: while a window is drawn larger they change all the time. */
const settled = 150; // milliseconds

/** Who looks at another tab for longer than this needs no pictures. */
const leaves = 5000; // milliseconds

/** How wide browsers draw a picture in a window of its own. */
const smallWindow = 480; // pixels

/**
 * What may be done with a tile besides looking at it.
 * @typedef {object} Acts
 * @property {(tile: Tile | Share) => import("./menu.js").Item[]} items of its menu
 * @property {(participant: Participant, anchor: HTMLElement) => void} details shows how somebody's connection does
 * @property {() => void} changed told whenever tiles are elsewhere, or somebody's shows something else
 */

export class Stage {
  element = byId("stage", HTMLElement);
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
  #floor = new Floor();
  #roster;
  #source;
  #view;
  #acts;
  #page = 0;
  #speaker = "";
  #spotlight = "";
  #settled = false;
  /** Whether a layout is due; when one was asked for only because the stage changed its size, tiles jump. */
  #due = { asked: false, glides: false };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #telling;

  /**
   * @param {Roster} roster
   * @param {Source} source
   * @param {View} view
   * @param {Acts} acts
   */
  constructor(roster, source, view, acts) {
    this.#roster = roster;
    this.#source = source;
    this.#view = view;
    this.#acts = acts;
    roster.on("added", (participant) => this.#add(participant));
    roster.on("changed", (participant) => {
      this.#tiles.get(participant.id)?.update(participant);
      this.#showShare(participant);
      if (!participant.local && this.#floor.update(participant.id, participant.speaking && participant.microphone)) this.#layOut();
      this.#acts.changed();
    });
    roster.on("removed", ({ id }) => {
      keepFocus(() => this.#tiles.get(id)?.remove());
      this.#tiles.delete(id);
      this.#floor.forget(id);
      this.#dropShare(id);
      this.#layOut();
    });
    view.on("change", () => this.#layOut());
    new ResizeObserver(() => this.#layOut(false)).observe(this.element);
    document.addEventListener("visibilitychange", () => this.#tellSizesIn(document.visibilityState === "visible" ? 0 : leaves));
    for (const change of ["fullscreenchange", "enterpictureinpicture", "leavepictureinpicture"]) {
      document.addEventListener(change, () => this.#tellSizes(), { capture: true });
    }
    this.#pager.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button && button.ariaDisabled !== "true") this.turn(Number(button.dataset.step));
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
    for (const tile of [...this.#tiles.values(), ...this.#shares.values()]) tile.speaker = id;
  }

  /** Whom everybody sees large, as a moderator chose; empty: nobody. @param {string} id */
  set spotlight(id) {
    this.#spotlight = id;
    this.#layOut();
  }

  get spotlight() {
    return this.#spotlight;
  }

  /** The tile of who has the floor, else of anybody else: what a small picture of the call shows. */
  get foremost() {
    const [share] = this.#shares.values();
    if (share) return share;
    const others = this.#roster.participants.filter(({ local }) => !local);
    const id = [this.#spotlight, ...this.#floor.speakers].find((known) => others.some((other) => other.id === known)) ?? others[0]?.id;
    return id === undefined ? undefined : this.#tiles.get(id);
  }

  /** The tile of a participant. @param {string} id */
  tile(id) {
    return this.#tiles.get(id);
  }

  /** Shows another page of people. @param {number} step */
  turn(step) {
    this.#page += step;
    this.#layOut();
  }

  /** The stage is in another window now. */
  moved() {
    const { defaultView } = this.element.ownerDocument;
    // This page's observer sleeps when the page does.
    if (defaultView && defaultView !== window) defaultView.addEventListener("resize", () => this.#layOut(false));
    this.#layOut(false);
  }

  /** @param {Participant} participant */
  #add(participant) {
    const tile = new Tile(participant, this.#source, this.#sounds);
    tile.speaker = this.#speaker;
    this.#tiles.set(participant.id, tile);
    tile.element.hidden = true; // until it has a place
    if (participant.local) this.#list.prepend(tile.element);
    else this.#list.append(tile.element);
    menuButton(tile.more, byId("call", HTMLElement), () => this.#acts.items(tile));
    tile.bars.addEventListener("click", () => this.#acts.details(tile.participant, tile.bars));
    if (participant.local) new CornerDrag(tile.element, this.element, (corner) => { this.#view.corner = corner; });
    this.#pinOnDoubleClick(tile);
    this.#showShare(participant);
    this.#layOut();
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
      const added = new Share(participant, this.#source, this.#sounds);
      added.speaker = this.#speaker;
      this.#shares.set(id, added);
      added.element.hidden = true;
      this.#screens.append(added.element);
      menuButton(added.more, byId("call", HTMLElement), () => this.#acts.items(added));
      this.#pinOnDoubleClick(added);
      this.#layOut();
    }
  }

  /** @param {string} id */
  #dropShare(id) {
    const share = this.#shares.get(id);
    if (!share) return;
    keepFocus(() => share.remove());
    this.#shares.delete(id);
    this.#layOut();
  }

  /** @param {Tile | Share} tile */
  #pinOnDoubleClick(tile) {
    tile.element.addEventListener("dblclick", (event) => {
      if (event.target instanceof Element && event.target.closest("button")) return;
      this.#view.pinned = this.#view.pinned === tile.key ? "" : tile.key;
    });
  }

  /** Lays out once for all changes of a moment; not in an animation frame, which tabs in the background do not get. */
  #layOut(glides = true) {
    this.#due.glides ||= glides;
    if (this.#due.asked) return;
    this.#due.asked = true;
    queueMicrotask(() => {
      const { glides: now } = this.#due;
      this.#due = { asked: false, glides: false };
      keepFocus(() => this.#layOutNow(now));
    });
  }

  /** @param {boolean} glides */
  #layOutNow(glides) {
    const participants = this.#roster.participants;
    this.#count.textContent = String(participants.length);
    this.#alone.hidden = !this.#settled || participants.length !== 1;
    const { clientWidth: width, clientHeight: height } = this.element;
    if (participants.length === 0 || width === 0 || height === 0) return;
    const { mode, pinned, hidesSelf, corner } = this.#view;
    const layout = layOut({
      people: participants.map(({ id }) => id),
      self: participants.find(({ local }) => local)?.id ?? "",
      shares: [...this.#shares.keys()],
      mode, pinned, hidesSelf, corner, width, height,
      spotlight: this.#spotlight,
      speakers: this.#floor.speakers,
      page: this.#page,
      rtl: getComputedStyle(this.element).direction === "rtl",
    });
    const tiles = new Map([...this.#tiles.values(), ...this.#shares.values()].map((tile) => [tile.key, tile]));
    const shown = new Map(layout.places.map((place) => [place.key, place]));
    put(layout.places.flatMap((place) => {
      const element = tiles.get(place.key)?.element;
      return element ? [{ element, to: place }] : [];
    }), glides);
    for (const [key, tile] of tiles) {
      const place = shown.get(key);
      tile.element.hidden = place === undefined;
      tile.element.dataset.part = place?.part ?? "";
      if (tile instanceof Share) tile.held = key === pinned;
      else tile.held = key === pinned ? "pin" : key === personKey(this.#spotlight) ? "spotlight" : "";
    }
    this.#screens.hidden = this.#shares.size === 0;
    this.#showPages(layout.page, layout.pages);
    // The first picture should not wait; sizes that only change may.
    if (glides) this.#tellSizes();
    else this.#tellSizesIn(settled);
    this.#acts.changed();
  }

  /** @param {number} ms */
  #tellSizesIn(ms) {
    clearTimeout(this.#telling);
    this.#telling = setTimeout(() => this.#tellSizes(), ms);
  }

  /** Says of every tile how large its picture is needed, so that no more is received. */
  #tellSizes() {
    const { ownerDocument: { defaultView, visibilityState, fullscreenElement } } = this.element;
    const density = defaultView?.devicePixelRatio ?? 1;
    for (const tile of [...this.#tiles.values(), ...this.#shares.values()]) {
      const { element } = tile;
      const seen = visibilityState === "visible" && !element.hidden && (fullscreenElement?.contains(element) ?? true);
      const small = tile.video !== null && tile.video === document.pictureInPictureElement;
      tile.size = seen || small ? needed(Math.max(seen ? element.clientWidth : 0, small ? smallWindow : 0), density) : null;
    }
  }

  /**
   * @param {number} page
   * @param {number} pages
   */
  #showPages(page, pages) {
    this.#page = page;
    this.#pager.hidden = pages === 1;
    within(this.#pager, "span", HTMLElement).textContent = t("stage.page", { page: page + 1, pages });
    for (const button of this.#pager.querySelectorAll("button")) {
      button.ariaDisabled = String(button.dataset.step === "-1" ? page === 0 : page === pages - 1);
    }
  }
}
