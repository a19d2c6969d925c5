// One person in the panel of people: what they send, what they are, and what one
// may do with them.

import { hue, initials } from "../core/face.js";
import { t } from "../core/text.js";
import { ask } from "./ask.js";
import { byId, icon, setIcon, within } from "./dom.js";
import { menuButton } from "./menu.js";
import { words } from "./words.js";

/** @typedef {import("../core/roster.js").Participant} Participant */
/** @typedef {import("../core/moderation.js").Seat} Seat */
/** @typedef {import("./menu.js").Item} Item */

/** A page has obeyed within this time, if it does. */
const obeysWithin = 4000; // milliseconds

export class Person {
  /** Whom everybody sees large; empty: nobody. */
  spotlight = "";
  #call = byId("call", HTMLElement);
  #roster;
  #moderation;
  #stillHeard;

  /**
   * @param {import("../core/roster.js").Roster} roster
   * @param {import("../core/moderation.js").Moderation} moderation
   * @param {(name: string) => void} stillHeard
   */
  constructor(roster, moderation, stillHeard) {
    this.#roster = roster;
    this.#moderation = moderation;
    this.#stillHeard = stillHeard;
  }

  /** A new row. @param {string} id */
  row(id) {
    const row = copy("person-template");
    menuButton(within(row, "[data-more]", HTMLButtonElement), this.#call, () => this.#items(id));
    return row;
  }

  /**
   * @param {HTMLElement} row
   * @param {Participant} person
   */
  update(row, person) {
    const { id, username, displayName, local, guest, host, role, microphone, picture, share, hand } = person;
    const name = displayName || username || words.someone;
    face(row, username, displayName, host ? words.host : guest ? words.guest : words.roles[role] ?? "");
    within(row, "[data-name]", HTMLElement).textContent = local ? words.you(name) : name;
    row.classList.toggle("muted", !microphone);
    row.classList.toggle("blind", !picture);
    setIcon(within(row, "[data-microphone]", HTMLElement), microphone ? "mic" : "mic-off");
    setIcon(within(row, "[data-camera]", HTMLElement), picture ? "video" : "video-off");
    within(row, "[data-hand]", HTMLElement).hidden = hand === 0;
    within(row, "[data-sharing]", HTMLElement).hidden = !share;
    within(row, "[data-spotlit]", HTMLElement).hidden = id !== this.spotlight;
    within(row, "[data-state]", HTMLElement).textContent = [
      microphone ? words.microphoneIsOn : words.microphoneIsOff,
      picture ? t("people.camera_on") : t("people.camera_off"),
      ...(hand ? [t("people.hand_up")] : []),
      ...(share ? [t("people.shares")] : []),
      ...(id === this.spotlight ? [t("people.spotlit")] : []),
    ].join(", ");
    const more = within(row, "[data-more]", HTMLButtonElement);
    more.ariaLabel = words.moreFor(name);
    more.hidden = this.#items(id).length === 0;
  }

  /** What one may do with somebody just now. @param {string} id @returns {Item[]} */
  #items(id) {
    const seat = this.#moderation.seat(id);
    const person = this.#roster.participants.find((participant) => participant.id === id);
    if (!seat || !person) return [];
    const name = person.displayName || words.them;
    /** @type {[boolean, Item][]} */
    const items = [
      [seat.mute && person.microphone, { label: t("people.mute"), icon: "mic-off", act: () => void this.#mute(id) }],
      [seat.mute && !person.microphone, { label: t("people.ask_to_unmute"), icon: "mic", act: () => void this.#moderation.askToUnmute(id) }],
      [seat.stop_share && person.share !== "", { label: t("people.stop_share"), icon: "screen-share-off", act: () => void this.#moderation.stopShare(id) }],
      [seat.lower_hand && person.hand > 0, { label: t("people.lower_hand"), icon: "hand", act: () => void this.#moderation.lowerHand(id) }],
      [seat.spotlight && id !== this.spotlight, { label: t("people.spotlight"), icon: "star", act: () => void this.#moderation.spotlight(id) }],
      [this.#moderation.may.lead && id === this.spotlight, { label: t("people.end_spotlight"), icon: "star", act: () => void this.#moderation.spotlight("") }],
      [seat.lobby, { label: words.toLobby, icon: "door-open", act: () => void this.#moderation.sendToLobby(id) }],
      [seat.remove, { label: words.removeFromCall, icon: "x", danger: true, act: () => void this.#moderation.remove(id) }],
      [seat.ban, { label: words.removeAndBan, icon: "ban", danger: true, act: () => void this.#ban(id, name, seat.invited) }],
    ];
    return items.filter(([offered]) => offered).map(([, item]) => item);
  }

  /**
   * Mutes somebody. Not every media service can make sure of it: one has to know
   * when their page does not do it.
   * @param {string} id
   */
  async #mute(id) {
    if (!await this.#moderation.mute(id)) return;
    setTimeout(() => {
      const person = this.#roster.participants.find((participant) => participant.id === id);
      if (person?.microphone) this.#stillHeard(person.displayName || words.them);
    }, obeysWithin);
  }

  /**
   * @param {string} id
   * @param {string} name
   * @param {boolean} invited
   */
  async #ban(id, name, invited) {
    const yes = await ask({ question: words.banQuestion(name), action: words.banYes, option: invited ? words.closeInvitation : "", parent: this.#call });
    if (yes) await this.#moderation.ban(id, yes.option);
  }
}

/** @param {string} template */
export function copy(template) {
  const content = /** @type {DocumentFragment} */ (byId(template, HTMLTemplateElement).content.cloneNode(true));
  return within(content, "li", HTMLElement);
}

/**
 * Shows who somebody is.
 * @param {HTMLElement} row
 * @param {string} username
 * @param {string} name
 * @param {string} mark
 */
export function face(row, username, name, mark) {
  const avatar = within(row, ".avatar", HTMLElement);
  const known = username || name;
  avatar.className = known ? `avatar hue-${hue(known)}` : "avatar";
  avatar.replaceChildren(initials(name) || icon("user"));
  within(row, "[data-name]", HTMLElement).textContent = name;
  const tag = within(row, "[data-mark]", HTMLElement);
  tag.textContent = mark;
  tag.hidden = mark === "";
}
