// What one may do in the call as a moderator, or as its host, and doing it. Who
// may do what, only the server says; it is asked again whenever that may have
// changed.

import { Emitter } from "./emitter.js";
import { asDeclined, isFinal } from "./post.js";

/**
 * @typedef {object} Seat a participant and what one may do with them
 * @property {string} participant
 * @property {string} role
 * @property {boolean} invited a guest who came by an invitation
 * @property {boolean} remove
 * @property {boolean} lobby
 * @property {boolean} ban
 * @property {boolean} mute mute them, and ask them to unmute
 * @property {boolean} stop_share
 * @property {boolean} lower_hand
 * @property {boolean} spotlight
 */

/** @typedef {"microphone" | "camera" | "share" | "chat" | "reactions"} Switch */

/**
 * @typedef {object} Rights
 * @property {{manage_lobby: boolean, ban: boolean, end_call: boolean, lock: boolean, switch: boolean, lead: boolean, delete_messages: boolean}} may
 * @property {boolean} locked the room
 * @property {Record<Switch, boolean>} switches what people below moderator may do
 * @property {Seat[]} people
 */

/**
 * @typedef {object} ModerationEvents
 * @property {Rights} rights
 * @property {import("./post.js").Declined} failed something did not work
 */

/**
 * @typedef {object} Around
 * @property {(path: string) => Promise<Rights>} get
 * @property {(path: string, body: Record<string, string>) => Promise<unknown>} post
 */

/** @type {Rights} */
const none = {
  may: { manage_lobby: false, ban: false, end_call: false, lock: false, switch: false, lead: false, delete_messages: false },
  locked: false,
  switches: { microphone: true, camera: true, share: true, chat: true, reactions: true },
  people: [],
};

/** Several changes within this time are asked about together. */
const gather = 150; // milliseconds

/** When the server could not say, it is asked again after this. */
const again = 5000;

/** @extends {Emitter<ModerationEvents>} */
export class Moderation extends Emitter {
  #base;
  #around;
  #rights = none;
  /** Whether an answer is on its way, which may not know what happens meanwhile. */
  #asking = false;
  /** Whether somebody came or went since it was asked for. */
  #moved = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #retry;
  /** Which question the last answer may belong to. */
  #turn = 0;

  /**
   * @param {string} base path of the room
   * @param {Around} around
   */
  constructor(base, around) {
    super();
    this.#base = base;
    this.#around = around;
  }

  get may() {
    return this.#rights.may;
  }

  /** Whether the room is locked, and its switches. */
  get room() {
    const { locked, switches } = this.#rights;
    return { locked, switches };
  }

  /** What one may do with a participant; undefined while that is not known. @param {string} participant */
  seat(participant) {
    return this.#rights.people.find((seat) => seat.participant === participant);
  }

  /** Asks soon what one may do now. */
  refresh() {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      clearTimeout(this.#retry);
      void this.#refresh();
    }, gather);
  }

  /**
   * Somebody came or went: whoever may do something with others asks what with whom.
   * In a rush that is one question after the other, and none of those who may nothing.
   */
  moved() {
    if (this.#asking) this.#moved = true;
    else if (this.#rights.may.manage_lobby) this.refresh();
  }

  /** Forgets everything: one is not in the call any more. */
  clear() {
    clearTimeout(this.#timer);
    clearTimeout(this.#retry);
    this.#timer = undefined;
    this.#turn++;
    this.#asking = false;
    this.#set(none);
  }

  /** @param {string} entry */
  admit(entry) {
    return this.#do(`lobby/${entry}/admit`);
  }

  admitAll() {
    return this.#do("lobby/admit-all");
  }

  /** @param {string} entry */
  deny(entry) {
    return this.#do(`lobby/${entry}/deny`);
  }

  /**
   * @param {string} entry
   * @param {boolean} invitation also close the invitation they came by
   */
  block(entry, invitation) {
    return this.#do(`lobby/${entry}/block`, invitation ? { invitation: "on" } : {});
  }

  /** @param {string} participant */
  remove(participant) {
    return this.#do(`participants/${participant}/remove`);
  }

  /** @param {string} participant */
  sendToLobby(participant) {
    return this.#do(`participants/${participant}/lobby`);
  }

  /**
   * @param {string} participant
   * @param {boolean} invitation also close the invitation they came by
   */
  ban(participant, invitation) {
    return this.#do(`participants/${participant}/ban`, invitation ? { invitation: "on" } : {});
  }

  /** @param {string} participant */
  mute(participant) {
    return this.#do(`participants/${participant}/mute`);
  }

  muteAll() {
    return this.#do("mute-all");
  }

  /** @param {string} participant */
  askToUnmute(participant) {
    return this.#do(`participants/${participant}/ask-to-unmute`);
  }

  /** @param {string} participant */
  stopShare(participant) {
    return this.#do(`participants/${participant}/stop-share`);
  }

  /** @param {string} participant */
  lowerHand(participant) {
    return this.#do(`participants/${participant}/lower-hand`);
  }

  lowerHands() {
    return this.#do("lower-hands");
  }

  /** Shows somebody large to everyone; empty: nobody any more. @param {string} participant */
  spotlight(participant) {
    return this.#do(participant ? `participants/${participant}/spotlight` : "end-spotlight");
  }

  /** @param {boolean} locked */
  lock(locked) {
    return this.#do("lock", { locked: String(locked) });
  }

  /**
   * Turns one switch of what people below moderator may do.
   * @param {Switch} name
   * @param {boolean} on
   */
  turn(name, on) {
    return this.#do("switches", { [name]: on ? "on" : "off" });
  }

  endCall() {
    return this.#do("end");
  }

  async #refresh() {
    const turn = ++this.#turn;
    this.#asking = true;
    this.#moved = false;
    try {
      const rights = await this.#around.get(`${this.#base}/participants`);
      if (turn !== this.#turn) return;
      this.#asking = false;
      this.#set(rights);
      if (this.#moved) this.moved();
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#asking = false;
      // A refusal means that one may do nothing any more. Out of reach, what was
      // true a moment ago holds until the server says.
      if (isFinal(error)) this.#set(none);
      else this.#retry = setTimeout(() => void this.#refresh(), again);
    }
  }

  /** @param {Rights} rights */
  #set(rights) {
    this.#rights = rights;
    this.emit("rights", rights);
  }

  /**
   * @param {string} path
   * @param {Record<string, string>} body
   */
  async #do(path, body = {}) {
    try {
      await this.#around.post(`${this.#base}/${path}`, body);
      return true;
    } catch (error) {
      this.emit("failed", asDeclined(error));
      this.refresh();
      return false;
    }
  }
}
