// A screen that somebody else shares, on the stage.

import { shareKey } from "../core/layout.js";
import { t } from "../core/text.js";
import { byId, setIcon, within } from "./dom.js";
import { Picture, Sound } from "./picture.js";
import { ZoomView } from "./zoom.js";
import { words } from "./words.js";

/** @typedef {import("../core/roster.js").Participant} Participant */

const fullLooks = { on: "minimize", off: "maximize" };

export class Share {
  element;
  /** Opens what may be done with it. */
  more;
  #frame;
  #picture;
  #sound;
  #participant;
  /** @type {import("../media/types.js").Size | null} */
  #size = null;
  #scale = 1;

  /**
   * @param {Participant} participant
   * @param {import("./picture.js").Source} source
   * @param {HTMLElement} sounds where elements that play sound are kept
   */
  constructor(participant, source, sounds) {
    const template = byId("share-template", HTMLTemplateElement);
    this.element = within(/** @type {DocumentFragment} */ (template.content.cloneNode(true)), ".tile", HTMLElement);
    this.element.dataset.share = participant.id;
    this.more = within(this.element, ".tile-more", HTMLButtonElement);
    this.#frame = within(this.element, ".share-frame", HTMLElement);
    this.#participant = participant;
    this.#picture = new Picture(source, participant.id, "share", false, (video) => this.#frame.prepend(video));
    this.#sound = new Sound(source, participant.id, "shareSound", sounds);
    this.#offerZoom();
    this.#offerFullScreen();
    this.update(participant);
  }

  get key() {
    return shareKey(this.#participant.id);
  }

  get participant() {
    return this.#participant;
  }

  get name() {
    const { displayName, username } = this.#participant;
    return words.screenOf(displayName || username);
  }

  get video() {
    return this.#picture.video;
  }

  /** How large the picture is on screen; null: it is not. @param {import("../media/types.js").Size | null} size */
  set size(size) {
    this.#size = size;
    this.#picture.size = size && { width: Math.round(size.width * this.#scale), height: Math.round(size.height * this.#scale) };
  }

  /** Which speaker plays the sound. @param {string} id */
  set speaker(id) {
    this.#sound.speaker = id;
  }

  /** @param {boolean} pinned */
  set held(pinned) {
    within(this.element, ".tile-held", HTMLElement).hidden = !pinned;
  }

  /** @param {Participant} participant */
  update(participant) {
    this.#participant = participant;
    within(this.element, ".tile-name", HTMLElement).textContent = this.name;
    this.#frame.ariaLabel = this.name;
    this.more.ariaLabel = t("stage.more_for", { name: this.name });
    this.#picture.show(participant.share);
    this.#sound.play(participant.shareSound);
  }

  /** Lets go of the picture and the sound and takes the tile away. */
  remove() {
    this.#picture.show("");
    this.#sound.play("");
    this.element.remove();
  }

  #offerZoom() {
    const button = (/** @type {string} */ name) => within(this.element, `[data-zoom=${name}]`, HTMLButtonElement);
    const [larger, smaller, whole] = [button("in"), button("out"), button("whole")];
    const zoom = new ZoomView(this.#frame, () => this.#picture.video, (scale) => {
      // Not the attribute disabled: it would take focus away.
      for (const back of [smaller, whole]) back.ariaDisabled = String(scale === 1);
      this.#scale = Math.ceil(scale);
      this.size = this.#size;
    });
    larger.addEventListener("click", () => zoom.enlarge());
    smaller.addEventListener("click", () => zoom.shrink());
    whole.addEventListener("click", () => zoom.reset());
  }

  #offerFullScreen() {
    const button = within(this.element, "[data-full-screen]", HTMLButtonElement);
    button.hidden = !document.fullscreenEnabled;
    button.addEventListener("click", () => {
      if (document.fullscreenElement === this.element) void document.exitFullscreen();
      else this.element.requestFullscreen().catch(() => {}); // the browser says no: it stays as it is
    });
    this.element.addEventListener("fullscreenchange", () => {
      const full = document.fullscreenElement === this.element;
      button.ariaLabel = button.title = full ? t("stage.leave_full_screen") : t("stage.full_screen");
      setIcon(button, full ? fullLooks.on : fullLooks.off);
    });
  }
}
