// Messages on their way. Each has an id that is made here, and waits, in order,
// until the server has it. Sent again after a lost answer it is still one message.
// What waits outlives a reload.

import { Emitter } from "./emitter.js";
import { Declined, Failed, isFinal } from "./post.js";
import { Rests, within } from "./rest.js";

/** @typedef {import("./chat.js").ChatFile} ChatFile */
/** @typedef {import("./chat.js").Message} Message */

/**
 * @typedef {object} Pending a message that the server does not have yet
 * @property {string} id
 * @property {string} text
 * @property {string} reply_to
 * @property {ChatFile[]} files
 * @property {"sending" | "waiting" | "failed"} state waiting: it will be tried again by itself
 * @property {string} problem why it failed, for the person
 */

/**
 * @typedef {object} OutboxEvents
 * @property {null} change something is otherwise
 * @property {{message: Message}} sent the server has it
 * @property {{problem: string}} failed a message was not sent, and is not tried again by itself
 */

/**
 * @typedef {object} Mails how an outbox sends and remembers
 * @property {(message: Record<string, unknown>, signal: AbortSignal) => Promise<Message>} send rejects as post does
 * @property {() => string} remembered
 * @property {(text: string) => void} remember
 * @property {number[]} pauses before another attempt, in milliseconds; the last repeats
 */

/** How long the server may take for one: a connection that is dead without a word would keep it for many minutes. */
const answersWithin = 15_000; // milliseconds

/**
 * After so many attempts with which the server had trouble, the message behind is tried at
 * once after each: when that is sent, the trouble is the message.
 */
const suspectAfter = 5;

/**
 * Whether a message is not sent and will not be by itself. Who is out of the call for
 * a moment may not write until they are back.
 * @param {unknown} error
 * @returns {error is Declined}
 */
function isRefusal(error) {
  return isFinal(error) && error.reason !== "not_in_call";
}

/** @extends {Emitter<OutboxEvents>} */
export class Outbox extends Emitter {
  #by;
  /** @type {Pending[]} */
  #pending;
  #sending = false;
  #over = AbortSignal.abort();
  #rests = new Rests();

  /** @param {Mails} by */
  constructor(by) {
    super();
    this.#by = by;
    this.#pending = recall(by.remembered());
  }

  get pending() {
    return this.#pending;
  }

  /** Sends what waits, and what is added, until the signal. @param {AbortSignal} over */
  begin(over) {
    this.#over = over;
    void this.#work();
  }

  /** The server may be back: waits end now. */
  nudge() {
    this.#rests.nudge();
  }

  /** @param {Pick<Pending, "text" | "reply_to" | "files">} message */
  add(message) {
    this.#pending.push({ id: newId(), ...message, state: "sending", problem: "" });
    this.#changed();
    void this.#work();
  }

  /** Tries a message that failed again. @param {string} id */
  retry(id) {
    const pending = this.#pending.find((one) => one.id === id);
    if (!pending) return;
    pending.state = "sending";
    pending.problem = "";
    this.#changed();
    this.nudge();
    void this.#work();
  }

  /** Gives a message up, and returns it. @param {string} id */
  discard(id) {
    const pending = this.#pending.find((one) => one.id === id);
    this.delivered(id);
    this.emit("change", null);
    return pending;
  }

  /** The server has a message: that was it. @param {string} id */
  delivered(id) {
    if (!this.#pending.some((one) => one.id === id)) return;
    this.#pending = this.#pending.filter((one) => one.id !== id);
    this.#remember();
  }

  /** Sends one after the other. */
  async #work() {
    if (this.#sending) return;
    this.#sending = true;
    let times = 0; // that the server had trouble with the first
    let says = ""; // the server, of that
    let suspects = false; // the message that is tried is not the first
    for (let attempt = 0; !this.#over.aborted;) {
      const over = this.#over;
      const [first, second] = this.#pending.filter(({ state }) => state !== "failed");
      if (!first) break;
      suspects &&= second !== undefined;
      const next = suspects && second ? second : first;
      try {
        const { id, text, reply_to, files } = next;
        const message = await within(answersWithin, over, (signal) => this.#by.send({ id, text, reply_to, files: files.map((file) => file.id) }, signal));
        attempt = times = 0;
        if (suspects && this.#pending.includes(first)) this.#fail(first, says);
        suspects = false;
        this.delivered(id);
        this.emit("sent", { message });
      } catch (error) {
        if (over.aborted) continue; // the next call goes on
        if (isRefusal(error)) {
          this.#fail(next, Object.values(error.fields)[0] || error.message);
          if (next === first) times = 0;
          suspects = false;
          continue;
        }
        next.state = "waiting";
        this.#changed();
        if (next === first && error instanceof Failed) {
          says = error.message;
          suspects = ++times >= suspectAfter && second !== undefined;
          if (suspects) continue;
        }
        suspects = false;
        const asked = error instanceof Declined ? error.retryAfter * 1000 : 0;
        await this.#rests.rest(Math.max(asked, this.#by.pauses[Math.min(attempt++, this.#by.pauses.length - 1)] ?? 0), over);
      }
    }
    this.#sending = false;
  }

  /**
   * @param {Pending} message
   * @param {string} problem
   */
  #fail(message, problem) {
    message.state = "failed";
    message.problem = problem;
    this.#changed();
    this.emit("failed", { problem });
  }

  #changed() {
    this.#remember();
    this.emit("change", null);
  }

  #remember() {
    this.#by.remember(this.#pending.length ? JSON.stringify(this.#pending) : "");
  }
}

/** A random UUID, also where the page is not secure and the browser makes none. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** What is remembered of an outbox. @param {string} text @returns {Pending[]} */
function recall(text) {
  try {
    /** @type {Pending[]} */
    const pending = JSON.parse(text || "[]");
    return pending.map((one) => (one.state === "failed" ? one : { ...one, state: "sending" }));
  } catch {
    return [];
  }
}
