// The chat of a room: what was written, and an outbox of what is on its way.
//
// The event stream tells of messages from the position of joining on, and misses
// nothing when it reconnects; what was missed between two calls is fetched. A
// message that is told again replaces what was known of it, unless that is newer.

import { Emitter } from "./emitter.js";
import { Outbox } from "./outbox.js";
import { isFinal } from "./post.js";
import { Rests, within } from "./rest.js";
import { t } from "./text.js";

/**
 * @typedef {object} ChatFile
 * @property {string} id
 * @property {string} name
 * @property {string} type
 * @property {number} size
 * @property {boolean} image
 */

/**
 * @typedef {object} Message
 * @property {string} id
 * @property {number} position
 * @property {number} revision
 * @property {string} at
 * @property {string} username
 * @property {string} display_name
 * @property {boolean} own
 * @property {string} text
 * @property {boolean} edited
 * @property {"" | "author" | "moderator"} deleted
 * @property {{id: string, display_name: string, text: string, deleted: boolean} | null} reply
 * @property {ChatFile[]} files
 * @property {number} [seen] with events: how far the stream has told of messages
 */

/** @typedef {{messages: Message[], more: boolean, position: number}} Page */

/**
 * @typedef {object} ChatEvents
 * @property {null} change something is otherwise
 * @property {{problem: string}} failed a message was not sent, and is not tried again by itself
 * @property {{message: Message}} arrived somebody else has just written
 */

/**
 * @typedef {object} Around what the chat needs of the world
 * @property {(path: string, signal?: AbortSignal) => Promise<any>} get
 * @property {(path: string, body: Record<string, unknown>, signal?: AbortSignal) => Promise<any>} post
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem"> | null} lasting the browser's memory
 * @property {Pick<Storage, "getItem" | "setItem" | "removeItem"> | null} ofTab the tab's
 * @property {number[]} [pauses] before another attempt, in milliseconds; the last repeats
 */

/** How long the server may take for a page of messages. */
const answersWithin = 15_000; // milliseconds

const usualPauses = [500, 1000, 2000, 4000, 8000];

/** How much of a message a quote has, in characters, as the server cuts it. */
const quoted = 160;

/** @extends {Emitter<ChatEvents>} */
export class Chat extends Emitter {
  #base;
  #around;
  #pauses;
  #key;
  #outbox;
  /** Confirmed ones by id, in order. @type {Map<string, Message>} */
  #known = new Map();
  /** @type {Message[]} */
  #ordered = [];
  /** Everything up to here is known; null before anything is. @type {number | null} */
  #upTo = null;
  /** The last that the stream has told of. */
  #told = 0;
  #more = false;
  #read = -1;
  #going = new AbortController();
  #rests = new Rests();

  /** Whether what was written so far is being fetched. */
  loading = false;

  /**
   * @param {string} base the room's path
   * @param {string} who the person's, for what is remembered
   * @param {Around} around
   */
  constructor(base, who, around) {
    super();
    this.#base = base;
    this.#around = around;
    this.#pauses = around.pauses ?? usualPauses;
    this.#key = `foyer.chat.${who}.${base}`;
    this.#going.abort();
    this.#read = Number(around.lasting?.getItem(`${this.#key}.read`) ?? -1);
    this.#outbox = new Outbox({
      send: (message, signal) => around.post(`${base}/messages`, message, signal),
      remembered: () => around.ofTab?.getItem(`${this.#key}.outbox`) ?? "",
      remember: (text) => this.#keep("ofTab", "outbox", text),
      pauses: this.#pauses,
    });
    this.#outbox.on("change", () => this.emit("change", null));
    this.#outbox.on("failed", ({ problem }) => this.emit("failed", { problem }));
    this.#outbox.on("sent", ({ message }) => {
      this.#take([message]);
      this.emit("change", null);
    });
  }

  get messages() {
    return this.#ordered;
  }

  /** What the server does not have yet. */
  get outbox() {
    return this.#outbox.pending;
  }

  /** Whether there are earlier messages to be fetched. */
  get more() {
    return this.#more;
  }

  get unread() {
    return this.#ordered.filter((message) => this.isUnread(message)).length;
  }

  /** @param {Message} message */
  isUnread(message) {
    return !message.own && !message.deleted && message.position > this.#read;
  }

  /** @param {string} id */
  find(id) {
    return this.#known.get(id);
  }

  /** What was being typed. */
  get draft() {
    return this.#around.ofTab?.getItem(`${this.#key}.draft`) ?? "";
  }

  set draft(text) {
    this.#keep("ofTab", "draft", text);
  }

  /** The call has begun, or been joined afresh: fetches what is missing and sends what waits. */
  begin() {
    this.#going.abort();
    this.#going = new AbortController();
    this.#told = 0;
    void this.#catchUp(this.#going.signal);
    this.#outbox.begin(this.#going.signal);
  }

  /** The call is over. What was not sent waits for the next. */
  end() {
    this.#going.abort();
  }

  /** The server may be back: waits end now. */
  nudge() {
    this.#rests.nudge();
    this.#outbox.nudge();
  }

  /** The event stream tells of a message. @param {Message} message */
  tell(message) {
    this.#told = Math.max(this.#told, message.seen ?? 0);
    if (this.#upTo !== null && !this.loading) this.#upTo = Math.max(this.#upTo, this.#told);
    const news = !this.#known.has(message.id);
    if (!this.#take([message])) return;
    this.emit("change", null);
    if (news && this.isUnread(message)) this.emit("arrived", { message });
  }

  /** Everything that is shown has been read. */
  markRead() {
    const last = this.#ordered.at(-1)?.position ?? 0;
    if (last <= this.#read) return;
    this.#setRead(last);
    this.emit("change", null);
  }

  /**
   * @param {string} text
   * @param {string} replyTo id, or empty
   * @param {ChatFile[]} files
   */
  send(text, replyTo = "", files = []) {
    this.#outbox.add({ text, reply_to: replyTo, files });
  }

  /** Tries a message that failed again. @param {string} id */
  retry(id) {
    this.#outbox.retry(id);
  }

  /** Gives a message up that failed, with its files. @param {string} id */
  discard(id) {
    for (const file of this.#outbox.discard(id)?.files ?? []) this.forget(file.id);
  }

  /** Removes a file that was uploaded and will not be sent. @param {string} file */
  forget(file) {
    void this.#around.post(`${this.#base}/files/${file}/discard`, {}).catch(() => {}); // it is swept in time
  }

  /**
   * Changes what one wrote. Rejects as post does.
   * @param {string} id
   * @param {string} text
   */
  async edit(id, text) {
    this.#take([await this.#around.post(`${this.#base}/messages/${id}`, { text })]);
    this.emit("change", null);
  }

  /** Takes a message away. Rejects as post does. @param {string} id */
  async remove(id) {
    await this.#around.post(`${this.#base}/messages/${id}/delete`, {});
    const message = this.#known.get(id);
    if (!message || message.deleted) return;
    // Until the stream says who it was, which is a moment away.
    this.#place({ ...message, text: "", files: [], deleted: message.own ? "author" : "moderator" });
    this.emit("change", null);
  }

  /** Fetches earlier messages. Rejects as get does. */
  async older() {
    const first = this.#ordered[0];
    if (!first) return;
    /** @type {Page} */
    const page = await this.#around.get(`${this.#base}/messages?before=${first.position}`);
    this.#more = false; // so that what is earlier is taken
    this.#take(page.messages);
    this.#more = page.more;
    this.emit("change", null);
  }

  /** @param {AbortSignal} signal */
  async #catchUp(signal) {
    this.loading = true;
    this.emit("change", null);
    for (let attempt = 0; !signal.aborted;) {
      try {
        if (await this.#fetchSome(signal)) break;
        attempt = 0;
      } catch (error) {
        if (signal.aborted || isFinal(error)) break;
        await this.#rests.rest(this.#pauses[Math.min(attempt++, this.#pauses.length - 1)] ?? 0, signal);
      }
    }
    if (signal.aborted) return;
    this.loading = false;
    if (this.#upTo !== null) this.#upTo = Math.max(this.#upTo, this.#told);
    this.emit("change", null);
  }

  /** Fetches a page of what is missing and says whether that was all. @param {AbortSignal} signal */
  async #fetchSome(signal) {
    const first = this.#upTo === null;
    /** @type {Page} */
    const page = await within(answersWithin, signal, (either) => this.#around.get(`${this.#base}/messages${first ? "" : `?since=${this.#upTo}`}`, either));
    if (signal.aborted) return true;
    this.#take(page.messages);
    if (first) {
      this.#more = page.more;
      // To whoever comes for the first time nothing is new.
      if (this.#read < 0) this.#setRead(page.messages.at(-1)?.position ?? 0);
    }
    this.#upTo = page.position;
    this.emit("change", null);
    return first || !page.more;
  }

  /**
   * Takes in what the server says, and says whether anything is otherwise now.
   * @param {Message[]} messages
   */
  #take(messages) {
    let changed = false;
    for (const message of messages) {
      const before = this.#known.get(message.id);
      if (before && before.revision >= message.revision) continue;
      // What comes before all that is shown is fetched when it is wanted; what quotes it is shown.
      if (!before && this.#more && message.position < (this.#ordered[0]?.position ?? 0)) {
        changed = this.#requote(message) || changed;
        continue;
      }
      this.#place(message);
      changed = true;
      this.#outbox.delivered(message.id);
    }
    return changed;
  }

  /** Has quotes of a message that is not shown itself say what has become of it. @param {Message} message */
  #requote({ id, text, deleted }) {
    const quoting = this.#ordered.filter(({ reply }) => reply?.id === id);
    for (const message of quoting) {
      if (message.reply) this.#place({ ...message, reply: { ...message.reply, text: text.slice(0, quoted), deleted: deleted !== "" } });
    }
    return quoting.length > 0;
  }

  /** @param {Message} message */
  #place(message) {
    const known = this.#known.has(message.id);
    this.#known.set(message.id, message);
    if (known) {
      this.#ordered = this.#ordered.map((one) => (one.id === message.id ? message : one));
      return;
    }
    let at = this.#ordered.length;
    while (at > 0 && (this.#ordered[at - 1]?.position ?? 0) > message.position) at--;
    this.#ordered = this.#ordered.toSpliced(at, 0, message);
  }

  /** @param {number} position */
  #setRead(position) {
    this.#read = position;
    this.#keep("lasting", "read", String(position));
  }

  /**
   * @param {"lasting" | "ofTab"} where
   * @param {string} what
   * @param {string} value
   */
  #keep(where, what, value) {
    try {
      if (value) this.#around[where]?.setItem(`${this.#key}.${what}`, value);
      else this.#around[where]?.removeItem(`${this.#key}.${what}`);
    } catch {
      // A memory that is full keeps nothing; the page goes on without.
    }
  }
}

/**
 * What is said aloud of messages that have just arrived.
 * @param {Message[]} messages
 * @param {(names: string[]) => string} listed
 */
export function spoken(messages, listed) {
  const [first] = messages;
  if (!first) return "";
  if (messages.length === 1) {
    const text = first.text || t("chat.files_said", { count: first.files.length });
    return t("chat.said", { name: first.display_name, text: text.length > 200 ? `${text.slice(0, 200)}…` : text });
  }
  return t("chat.several_said", { count: messages.length, names: listed([...new Set(messages.map((message) => message.display_name))]) });
}
