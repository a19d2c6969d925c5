// A screen that somebody else shares, on the stage.

import { byId, within } from "./dom.js";
import { words } from "./words.js";

/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("./tile.js").Source} Source */

export class Share {
  element;
  #video;
  #source;
  #id;
  #share = "";

  /**
   * @param {Participant} participant
   * @param {Source} source
   */
  constructor(participant, source) {
    const template = byId("share-template", HTMLTemplateElement);
    this.element = within(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), ".tile", HTMLElement);
    this.element.dataset.share = participant.id;
    this.#video = within(this.element, "video", HTMLVideoElement);
    this.#source = source;
    this.#id = participant.id;
    this.update(participant);
  }

  /** @param {Participant} participant */
  update({ username, displayName, share }) {
    within(this.element, ".tile-name", HTMLElement).textContent = words.screenOf(displayName || username);
    if (share === this.#share) return;
    if (this.#share) this.#source.detachShare(this.#id, this.#video);
    this.#share = share;
    this.#source.attachShare(this.#id, this.#video);
  }

  /** Lets go of the picture and takes the tile away. */
  remove() {
    this.#source.detachShare(this.#id, this.#video);
    this.#video.srcObject = null;
    this.element.remove();
  }
}
