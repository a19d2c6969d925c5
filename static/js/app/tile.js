// One person on the stage.

import { hue, initials } from "../core/face.js";
import { personKey } from "../core/layout.js";
import { t } from "../core/text.js";
import { byId, icon, within } from "./dom.js";
import { keepFocus } from "./focus.js";
import { Picture, Sound } from "./picture.js";
import { words } from "./words.js";

/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("./picture.js").Source} Source */

export class Tile {
  element;
  /** Opens what may be done with the tile. */
  more;
  /** Shows a poor connection, and opens its details. */
  bars;
  #source;
  #picture;
  #sound;
  /** @type {Participant} */
  #participant;

  /**
   * @param {Participant} participant
   * @param {Source} source
   * @param {HTMLElement} sounds where elements that play sound are kept
   */
  constructor(participant, source, sounds) {
    this.#source = source;
    const template = byId("tile-template", HTMLTemplateElement);
    const { id, local } = participant;
    this.element = within(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), ".tile", HTMLElement);
    this.element.dataset.participant = id;
    this.more = within(this.element, ".tile-more", HTMLButtonElement);
    this.bars = within(this.element, ".tile-quality", HTMLButtonElement);
    const blank = within(this.element, ".tile-blank", HTMLElement);
    this.#picture = new Picture(source, id, "camera", local, (video) => blank.after(video));
    this.#sound = new Sound(source, id, "microphone", sounds);
    this.#participant = participant;
    this.#showWho();
    this.update(participant);
  }

  get key() {
    return personKey(this.#participant.id);
  }

  get participant() {
    return this.#participant;
  }

  /** How it is called in menus. */
  get name() {
    const { displayName, username } = this.#participant;
    return displayName || username || words.someone;
  }

  /** The element that shows the picture, if there is one. */
  get video() {
    return this.#picture.video;
  }

  /** How large the picture is on screen; null: it is not. @param {import("../media/types.js").Size | null} size */
  set size(size) {
    this.#picture.size = size;
  }

  /** Which speaker plays the sound. @param {string} id */
  set speaker(id) {
    this.#sound.speaker = id;
  }

  /** Whether it is kept large, by oneself or for everybody. @param {"" | "pin" | "spotlight"} mark */
  set held(mark) {
    const held = within(this.element, ".tile-held", HTMLElement);
    held.hidden = mark === "";
    if (mark === "") return;
    held.replaceChildren(mark === "pin" ? icon("pin") : icon("star"), hiddenText(mark === "pin" ? t("stage.pinned") : t("stage.in_spotlight")));
  }

  /** @param {Participant} participant */
  update(participant) {
    const before = this.#participant;
    this.#participant = participant;
    if (participant.username !== before.username || participant.displayName !== before.displayName) this.#showWho();
    const { classList } = this.element;
    classList.toggle("muted", !participant.microphone);
    classList.toggle("mirrored", participant.local && this.#source.mirrors());
    classList.toggle("speaking", participant.speaking && participant.microphone);
    within(this.element, ".tile-state", HTMLElement).textContent = (participant.microphone ? words.microphoneOn : words.microphoneOff) + (participant.hand ? t("hand.on_tile") : "");
    within(this.element, ".tile-hand", HTMLElement).hidden = participant.hand === 0;
    const mark = within(this.element, ".tile-mark", HTMLElement);
    mark.textContent = participant.host ? words.host : participant.guest ? words.guest : "";
    mark.hidden = mark.textContent === "";
    if (this.bars.hidden !== (participant.quality === "good")) keepFocus(() => { this.bars.hidden = !this.bars.hidden; }, () => this.more);
    this.bars.classList.toggle("lost", participant.quality === "lost");
    this.bars.ariaLabel = participant.quality === "lost" ? t("stage.lost_connection") : t("stage.poor_connection");
    this.#picture.show(participant.shown);
    this.#sound.play(participant.sound);
  }

  /** Lets go of the picture and the sound and takes the tile away. */
  remove() {
    this.#picture.show("");
    this.#sound.play("");
    this.element.remove();
  }

  #showWho() {
    const { username, displayName, local } = this.#participant;
    this.element.dataset.user = username;
    const name = displayName || username;
    within(this.element, ".tile-name", HTMLElement).textContent = local ? words.you(name) : name || words.someone;
    this.more.ariaLabel = t("stage.more_for", { name: this.name });
    const avatar = within(this.element, ".avatar", HTMLElement);
    for (const element of [this.element, avatar]) {
      element.classList.remove(...[...element.classList].filter((known) => known.startsWith("hue-")));
      if (name) element.classList.add(`hue-${hue(username || name)}`);
    }
    avatar.replaceChildren(initials(name) || icon("user"));
  }
}

/** @param {string} text */
function hiddenText(text) {
  const span = document.createElement("span");
  span.className = "visually-hidden";
  span.textContent = text;
  return span;
}
