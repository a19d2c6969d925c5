// What a tile shows and what is heard of it: elements that hold a track of the
// media service, for as long as there is one.

/** @typedef {import("../media/types.js").Source} MediaSource */
/** @typedef {import("../media/types.js").Size} Size */

/**
 * Where tracks come from.
 * @typedef {object} Source
 * @property {(id: string, source: MediaSource, element: HTMLMediaElement) => void} attach
 * @property {(id: string, source: MediaSource, element: HTMLMediaElement) => void} detach
 * @property {(id: string, source: "camera" | "share", size: Size | null) => void} watch
 * @property {() => MediaStreamTrack | null} ownPicture
 * @property {() => boolean} mirrors whether one's own is shown as in a mirror
 */

/** A moving picture. */
export class Picture {
  /** @type {HTMLVideoElement | null} */
  video = null;
  #source;
  #id;
  #of;
  #local;
  #place;
  #name = "";
  /** @type {Size | null} */
  #size = null;

  /**
   * @param {Source} source
   * @param {string} id whose picture
   * @param {"camera" | "share"} of
   * @param {boolean} local it is one's own
   * @param {(video: HTMLVideoElement) => void} place puts the element where it belongs
   */
  constructor(source, id, of, local, place) {
    this.#source = source;
    this.#id = id;
    this.#of = of;
    this.#local = local;
    this.#place = place;
  }

  /** Shows the picture of a name, or none. @param {string} name */
  show(name) {
    if (name === this.#name) return;
    if (this.video) {
      if (!this.#local) this.#source.detach(this.#id, this.#of, this.video);
      this.video.srcObject = null;
      this.video.remove();
      this.video = null;
    }
    this.#name = name;
    if (!name) return;
    const video = document.createElement("video");
    video.autoplay = true;
    video.muted = true;
    video.playsInline = true;
    video.disablePictureInPicture = this.#local;
    this.video = video;
    const own = this.#local ? this.#source.ownPicture() : null;
    if (own) video.srcObject = new MediaStream([own]);
    this.#place(video);
    if (this.#local) return;
    this.#source.attach(this.#id, this.#of, video);
    this.#source.watch(this.#id, this.#of, this.#size);
  }

  /** How large it is on screen; null: it is not. @param {Size | null} size */
  set size(size) {
    const before = this.#size;
    this.#size = size;
    if (this.#local || !this.#name || (before?.width === size?.width && before?.height === size?.height)) return;
    this.#source.watch(this.#id, this.#of, size);
  }
}

/** Something that is heard. */
export class Sound {
  /** @type {HTMLAudioElement | null} */
  element = null;
  #source;
  #id;
  #of;
  #room;
  #speaker = "";
  #name = "";

  /**
   * @param {Source} source
   * @param {string} id whose sound
   * @param {"microphone" | "shareSound"} of
   * @param {HTMLElement} room where elements that play sound are kept
   */
  constructor(source, id, of, room) {
    this.#source = source;
    this.#id = id;
    this.#of = of;
    this.#room = room;
  }

  /** Plays the sound of a name, or none. @param {string} name */
  play(name) {
    if (name === this.#name) return;
    if (this.element) {
      this.#source.detach(this.#id, this.#of, this.element);
      this.element.srcObject = null;
      this.element.remove();
      this.element = null;
    }
    this.#name = name;
    if (!name) return;
    this.element = document.createElement("audio");
    this.element.autoplay = true;
    this.#room.append(this.element);
    this.#source.attach(this.#id, this.#of, this.element);
    this.speaker = this.#speaker;
  }

  /** Which speaker plays it; empty: the browser's default. @param {string} id */
  set speaker(id) {
    this.#speaker = id;
    if (!this.element || !id || !("setSinkId" in this.element)) return;
    // A speaker that was just pulled out: the browser plays on its default.
    this.element.setSinkId(id).catch(() => {});
  }
}
