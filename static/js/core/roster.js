// Who is in the call. The media service says who is there and what they send;
// the event stream says who they are. Either may come first.

import { Emitter } from "./emitter.js";
import { Speaking } from "./speaking.js";

/** How long somebody may be without a name before the names are asked for again. */
const namelessFor = 2000; // milliseconds

/**
 * @typedef {object} Who
 * @property {string} participant media identity
 * @property {string} username empty for guests
 * @property {string} display_name
 * @property {string} role
 * @property {string | null} [hand_at] since when their hand is up
 */

/**
 * @typedef {object} Participant
 * @property {string} id
 * @property {boolean} local
 * @property {string} username empty while not known, and for guests
 * @property {string} displayName empty while not known
 * @property {boolean} guest is here without an account
 * @property {string} role in the room; empty for none, and while it is not known
 * @property {number} hand since when it is up, as Date.now() counts; 0: it is down
 * @property {boolean} host moderates the call while none of the room's moderators is in it
 * @property {boolean} microphone
 * @property {string} picture that they send
 * @property {string} shown of it: the same, or empty while the others' pictures are left out
 * @property {string} share
 * @property {string} sound
 * @property {string} shareSound
 * @property {boolean} speaking
 * @property {import("../media/types.js").Quality} quality
 */

/**
 * @typedef {object} RosterEvents
 * @property {Participant} added
 * @property {Participant} changed
 * @property {Participant} removed
 * @property {{id: string}} nameless somebody has been there for a while without a name
 */

/** @extends {Emitter<RosterEvents>} */
export class Roster extends Emitter {
  /** @type {Map<string, Participant>} */
  #participants = new Map();
  /** @type {Map<string, Who>} */
  #names = new Map();
  /** Since when hands are up, also of those who are about to come. @type {Map<string, number>} */
  #hands = new Map();
  /** Own identities of earlier connections, which the service may still show for a while. @type {Set<string>} */
  #formerSelves = new Set();
  /** @type {Map<string, ReturnType<typeof setTimeout>>} */
  #waits = new Map();
  #self = "";
  #host = "";
  #soundOnly = false;
  #speaking = new Speaking((id, speaking) => this.#change(id, { speaking }));

  get count() {
    return this.#participants.size;
  }

  /** Everybody, oneself first, then in the order of their coming. */
  get participants() {
    return [...this.#participants.values()].sort((a, b) => Number(b.local) - Number(a.local));
  }

  /**
   * Begins a connection under an identity of one's own. Others stay until
   * settle() says who is there now, so that a new connection does not clear the
   * stage.
   * @param {string} self
   * @param {Who[]} people oneself among them
   */
  begin(self, people) {
    const before = this.#participants.get(this.#self);
    if (before && before.id !== self) {
      this.#formerSelves.add(before.id);
      this.#remove(before.id);
    }
    this.#self = self;
    this.#hands.clear();
    for (const who of people) this.#learn(who);
    for (const id of this.#participants.keys()) this.#change(id, this.#who(id));
    this.#put({ id: self, microphone: before?.microphone ?? false, picture: before?.picture ?? "", share: before?.share ?? "", sound: "", shareSound: "" });
  }

  /**
   * Takes who is there, all of them.
   * @param {import("../media/types.js").Present[]} others
   */
  settle(others) {
    const ids = new Set(others.map((other) => other.id));
    for (const id of [...this.#participants.keys()]) {
      if (id !== this.#self && !ids.has(id)) this.#remove(id);
    }
    for (const other of others) this.present(other);
  }

  /** @param {import("../media/types.js").Present} other */
  present(other) {
    if (this.#formerSelves.has(other.id)) return;
    this.#put(other);
  }

  /** @param {string} id */
  gone(id) {
    if (id !== this.#self) this.#remove(id);
  }

  /**
   * What oneself sends.
   * @param {{microphone: boolean, picture: string, share: string}} sent
   */
  own(sent) {
    this.#change(this.#self, sent);
  }

  /** @param {Who} who */
  name(who) {
    this.#learn(who);
    this.#stopWaiting(who.participant);
    this.#change(who.participant, this.#who(who.participant));
  }

  /**
   * A hand went up, or down.
   * @param {string} id
   * @param {string | null} at since when it is up
   */
  hand(id, at) {
    this.#hands.set(id, at ? Date.parse(at) : 0);
    this.#change(id, this.#who(id));
  }

  /** Takes who hosts the call, by username; empty: nobody. @param {string} username */
  host(username) {
    this.#host = username;
    for (const id of this.#participants.keys()) this.#change(id, this.#who(id));
  }

  /** Whether the others' pictures are left out; their screens stay. */
  get soundOnly() {
    return this.#soundOnly;
  }

  set soundOnly(only) {
    this.#soundOnly = only;
    for (const id of this.#participants.keys()) this.#change(id, {});
  }

  /**
   * Which picture of somebody is to be shown.
   * @param {boolean} local
   * @param {string} picture
   */
  #shown(local, picture) {
    return this.#soundOnly && !local ? "" : picture;
  }

  /** Drops the name of somebody who left. @param {string} id */
  unname(id) {
    if (!this.#participants.has(id)) this.#names.delete(id);
  }

  /** @param {string[]} ids */
  speaking(ids) {
    this.#speaking.update(ids.filter((id) => this.#participants.has(id)));
  }

  /**
   * @param {string} id
   * @param {import("../media/types.js").Quality} quality
   */
  quality(id, quality) {
    this.#change(id, { quality });
  }

  /** Everybody goes; the call is over. */
  clear() {
    for (const id of [...this.#participants.keys()]) this.#remove(id);
    this.#speaking.forget();
    this.#names.clear();
    this.#hands.clear();
    this.#formerSelves.clear();
    this.#self = "";
    this.#host = "";
  }

  /** What is known of somebody. @param {string} id */
  #who(id) {
    const { username = "", display_name: displayName = "", role = "" } = this.#names.get(id) ?? {};
    return { username, displayName, role, guest: role === "guest", host: username !== "" && username === this.#host, hand: this.#hands.get(id) ?? 0 };
  }

  /** @param {Who} who */
  #learn(who) {
    this.#names.set(who.participant, who);
    if (who.hand_at !== undefined) this.#hands.set(who.participant, who.hand_at ? Date.parse(who.hand_at) : 0);
  }

  /** @param {import("../media/types.js").Present} present */
  #put(present) {
    if (this.#participants.has(present.id)) {
      this.#change(present.id, present);
      return;
    }
    const local = present.id === this.#self;
    /** @type {Participant} */
    const participant = {
      ...present,
      ...this.#who(present.id),
      local,
      shown: this.#shown(local, present.picture),
      speaking: false,
      quality: "good",
    };
    this.#participants.set(present.id, participant);
    this.emit("added", participant);
    if (!this.#names.has(present.id)) this.#waits.set(present.id, setTimeout(() => {
      this.#waits.delete(present.id);
      this.emit("nameless", { id: present.id });
    }, namelessFor));
  }

  /**
   * @param {string} id
   * @param {Partial<Participant>} change
   */
  #change(id, change) {
    const participant = this.#participants.get(id);
    if (!participant) return;
    const now = { ...participant, ...change };
    now.shown = this.#shown(now.local, now.picture);
    const keys = /** @type {(keyof Participant)[]} */ (Object.keys(now));
    if (keys.every((key) => now[key] === participant[key])) return;
    this.#participants.set(id, now);
    this.emit("changed", now);
  }

  /** @param {string} id */
  #remove(id) {
    const participant = this.#participants.get(id);
    if (!participant) return;
    this.#participants.delete(id);
    this.#stopWaiting(id);
    this.#speaking.forget(id);
    this.emit("removed", participant);
  }

  /** @param {string} id */
  #stopWaiting(id) {
    clearTimeout(this.#waits.get(id));
    this.#waits.delete(id);
  }
}
