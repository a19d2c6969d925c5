// The details of somebody's connection, in a small window beside what opened it.

import { summary } from "../core/quality.js";
import { t } from "../core/text.js";
import { byId, within } from "./dom.js";
import { drawn } from "./focus.js";
import { place } from "./menu.js";

/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("../media/types.js").Sample} Sample */
/** @typedef {import("../core/quality.js").Summary} Summary */

const every = 1000; // milliseconds

export class Connection {
  #box = byId("connection", HTMLElement);
  #title = byId("connection-title", HTMLElement);
  #facts = within(this.#box, "dl", HTMLElement);
  #stats;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {HTMLElement | null} */
  #from = null;

  /** @param {(id: string) => Promise<Sample | null>} stats */
  constructor(stats) {
    this.#stats = stats;
    this.#box.addEventListener("beforetoggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open") return;
      clearTimeout(this.#timer);
      if (this.#box.contains(document.activeElement)) (drawn(this.#from) ?? byId("call", HTMLElement)).focus();
    });
    within(this.#box, "[data-close]", HTMLButtonElement).addEventListener("click", () => this.close());
  }

  /**
   * @param {Participant} participant
   * @param {string} name
   * @param {HTMLElement} anchor
   */
  open(participant, name, anchor) {
    this.#from = anchor;
    this.#title.textContent = t("connection.title", { name });
    this.#facts.replaceChildren(...fact(t("connection.measuring"), ""));
    this.#box.showPopover();
    place(this.#box, anchor.getBoundingClientRect());
    this.#title.focus();
    clearTimeout(this.#timer);
    void this.#measure(participant, anchor, null);
  }

  close() {
    this.#box.hidePopover();
  }

  /**
   * @param {Participant} participant
   * @param {HTMLElement} anchor
   * @param {Sample | null} before
   */
  async #measure(participant, anchor, before) {
    const now = await this.#stats(participant.id);
    if (!this.#box.matches(":popover-open") || this.#from !== anchor) return;
    if (!anchor.isConnected) { // they have left
      this.close();
      return;
    }
    if (now && before) {
      this.#facts.replaceChildren(...facts(summary(before, now), participant.local).flatMap(([name, value]) => fact(name, value)));
      // Bars go as soon as the connection is good again; what they opened stays where it is.
      if (drawn(anchor)) place(this.#box, anchor.getBoundingClientRect());
    }
    this.#timer = setTimeout(() => void this.#measure(participant, anchor, now), every);
  }
}

/**
 * What there is to say, in words. What is not known is left out.
 * @param {Summary} rates
 * @param {boolean} own
 * @returns {[string, string][]}
 */
function facts({ roundTrip, path, loss, sending, receiving, tracks }, own) {
  const picture = tracks.find(({ source, bitrate }) => source === "camera" && bitrate > 0);
  const screen = tracks.find(({ source, bitrate }) => source === "share" && bitrate > 0);
  const size = ({ width = 0, height = 0, frames = 0 } = {}) => t("connection.size", { width: String(width), height: String(height), frames: Math.round(frames) });
  return [
    [t("connection.round_trip"), roundTrip === null ? "" : t("connection.milliseconds", { n: Math.round(roundTrip) })],
    [t("connection.loss"), loss === null ? "" : percent.format(loss)],
    [own ? t("connection.sending") : t("connection.receiving"), t("connection.bitrate", { n: Math.round((own ? sending : receiving) / 1000) })],
    [t("connection.picture"), picture ? size(picture) : own ? t("connection.none") : t("connection.not_received")],
    [t("connection.screen"), screen ? size(screen) : ""],
    [t("connection.path"), path ? t(`connection.path_${path}`) : ""],
  ].flatMap(([name = "", value = ""]) => (value ? [/** @type {[string, string]} */ ([name, value])] : []));
}

const percent = new Intl.NumberFormat(document.documentElement.lang || undefined, { style: "percent", maximumFractionDigits: 1 });

/**
 * @param {string} name
 * @param {string} value
 */
function fact(name, value) {
  const [dt, dd] = [document.createElement("dt"), document.createElement("dd")];
  dt.textContent = name;
  dd.textContent = value;
  return [dt, dd];
}
