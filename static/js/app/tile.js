// One person on the stage.

import { hue, initials } from "../core/face.js";
import { byId, icon, within } from "./dom.js";
import { words } from "./words.js";

/** @typedef {import("../core/roster.js").Participant} Participant */

/**
 * Where a tile gets its picture and its sound from.
 * @typedef {object} Source
 * @property {(id: string, element: HTMLVideoElement) => void} attachPicture
 * @property {(id: string, element: HTMLVideoElement) => void} detachPicture
 * @property {(id: string, element: HTMLVideoElement) => void} attachShare
 * @property {(id: string, element: HTMLVideoElement) => void} detachShare
 * @property {(id: string, element: HTMLAudioElement) => void} attachSound
 * @property {(id: string, element: HTMLAudioElement) => void} detachSound
 * @property {() => MediaStreamTrack | null} ownPicture
 */

export class Tile {
  element;
  #source;
  #sounds;
  /** @type {Participant} */
  #participant;
  /** @type {HTMLVideoElement | null} */
  #video = null;
  /** @type {HTMLAudioElement | null} */
  #audio = null;
  #picture = "";
  #sound = "";

  /**
   * @param {Participant} participant
   * @param {Source} source
   * @param {HTMLElement} sounds where elements that play sound are kept
   */
  constructor(participant, source, sounds) {
    const template = byId("tile-template", HTMLTemplateElement);
    this.element = within(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), ".tile", HTMLElement);
    this.element.dataset.participant = participant.id;
    this.element.classList.toggle("mirrored", participant.local);
    this.#source = source;
    this.#sounds = sounds;
    this.#participant = participant;
    this.#showWho();
    this.update(participant);
  }

  /** The element that plays this person's sound, if there is one. */
  get audio() {
    return this.#audio;
  }

  get participant() {
    return this.#participant;
  }

  /** @param {Participant} participant */
  update(participant) {
    const before = this.#participant;
    this.#participant = participant;
    if (participant.username !== before.username || participant.displayName !== before.displayName) this.#showWho();
    const { classList } = this.element;
    classList.toggle("muted", !participant.microphone);
    classList.toggle("speaking", participant.speaking && participant.microphone);
    within(this.element, ".tile-state", HTMLElement).textContent = participant.microphone ? words.microphoneOn : words.microphoneOff;
    const mark = within(this.element, ".tile-mark", HTMLElement);
    mark.textContent = participant.host ? words.host : participant.guest ? words.guest : "";
    mark.hidden = mark.textContent === "";
    within(this.element, ".tile-quality", HTMLElement).hidden = participant.quality === "good";
    if (participant.picture !== this.#picture) this.#showPicture(participant.picture);
    if (participant.sound !== this.#sound) this.#playSound(participant.sound);
  }

  /** Lets go of the picture and the sound and takes the tile away. */
  remove() {
    this.#showPicture("");
    this.#playSound("");
    this.element.remove();
  }

  #showWho() {
    const { username, displayName, local } = this.#participant;
    this.element.dataset.user = username;
    const name = displayName || username;
    within(this.element, ".tile-name", HTMLElement).textContent = local ? words.you(name) : name || words.someone;
    const avatar = within(this.element, ".avatar", HTMLElement);
    for (const element of [this.element, avatar]) {
      element.classList.remove(...[...element.classList].filter((known) => known.startsWith("hue-")));
      if (name) element.classList.add(`hue-${hue(username || name)}`);
    }
    avatar.replaceChildren(initials(name) || icon("user"));
  }

  /** @param {string} picture */
  #showPicture(picture) {
    const { id, local } = this.#participant;
    if (this.#video) {
      if (!local) this.#source.detachPicture(id, this.#video);
      this.#video.srcObject = null;
      this.#video.remove();
      this.#video = null;
    }
    this.#picture = picture;
    if (!picture) return;
    const video = document.createElement("video");
    video.autoplay = true;
    video.muted = true;
    video.playsInline = true;
    video.disablePictureInPicture = local;
    const own = local ? this.#source.ownPicture() : null;
    if (own) video.srcObject = new MediaStream([own]);
    this.#video = video;
    within(this.element, ".tile-blank", HTMLElement).after(video);
    if (!local) this.#source.attachPicture(id, video);
  }

  /** @param {string} sound */
  #playSound(sound) {
    const { id } = this.#participant;
    if (this.#audio) {
      this.#source.detachSound(id, this.#audio);
      this.#audio.srcObject = null;
      this.#audio.remove();
      this.#audio = null;
    }
    this.#sound = sound;
    if (!sound) return;
    this.#audio = document.createElement("audio");
    this.#audio.autoplay = true;
    this.#sounds.append(this.#audio);
    this.#source.attachSound(id, this.#audio);
  }
}
