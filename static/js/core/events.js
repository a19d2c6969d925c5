// The room's event stream: server-sent events read with fetch rather than
// EventSource, because the page has to know why a stream is refused (the status)
// and to ask again from an earlier position.

import { Emitter } from "./emitter.js";
import { Rests } from "./rest.js";

/** Without any sign of life for this long the connection is taken for dead; the server sends one each 15 s. */
const silentFor = 40_000; // milliseconds

const firstPause = 500; // milliseconds before the first attempt to come back
const longestPause = 8000;

/**
 * @typedef {object} Ending
 * @property {string} reason
 * @property {string} by
 * @property {string} message
 */

/**
 * @typedef {object} Waiting somebody who waits to be let in
 * @property {string} id
 * @property {string} username empty for guests
 * @property {string} display_name
 * @property {boolean} guest
 * @property {boolean} invited a guest who came by an invitation
 * @property {string} asked_at
 */

/**
 * @typedef {object} Standing what the lobby says of oneself
 * @property {"" | "waiting" | "admitted" | "denied"} state
 * @property {number} told how many people who can let one in know of it
 * @property {string} message
 */

/**
 * @typedef {object} StreamEvents
 * @property {import("./roster.js").Who} admitted
 * @property {import("./roster.js").Who} joined
 * @property {{participant: string}} left
 * @property {{may: import("../media/types.js").May}} permissions
 * @property {{participant: string, hand_at: string | null, by: string}} hand
 * @property {{participant: string, reaction: string}} reaction
 * @property {{participant: string, by: string}} spotlight whom everybody sees large; empty: nobody
 * @property {{by: string}} muted by whom one was muted
 * @property {{by: string}} ask_unmute who asks one to unmute
 * @property {{by: string}} share_stopped who stopped one's share
 * @property {{name: string, topic: string}} room
 * @property {import("./join.js").Host} host
 * @property {{role: string}} role one's own
 * @property {import("./chat.js").Message} message as it is now
 * @property {{}} people somebody is something else in the room now
 * @property {{waiting: Waiting[], expected: Waiting[]}} lobby who waits, and who was let in and has not come
 * @property {Standing} standing
 * @property {{up: boolean}} connection whether the server is heard; not from the server
 * @property {Ending} ended nothing follows
 * @property {{status: number}} refused the server will not have this stream; nothing follows
 */

/** The statuses that asking again will not change. */
const final = [400, 401, 403, 404, 410];

/**
 * What is taken again when a stream begins again: who is there. All else was done
 * when it was told first, and most of it is not true any more.
 */
const takenAgain = ["admitted", "joined", "left"];

/** What is of the moment in which it is told, and has no position of its own. */
const ofNow = ["lobby", "role", "reaction", "ended"];

/** @extends {Emitter<StreamEvents>} */
export class EventStream extends Emitter {
  #address;
  #fetch;
  #lastId = "";
  /** Up to where everything was told before the stream began again. */
  #known = 0;
  #over = new AbortController();
  #connection = new AbortController();
  #pause = firstPause;
  #rests = new Rests();

  /**
   * @param {string} address of the stream
   * @param {number | null} from position that the stream begins after; null: it has none
   * @param {typeof globalThis.fetch} fetch
   */
  constructor(address, from, fetch = (...args) => globalThis.fetch(...args)) {
    super();
    this.#address = from === null ? address : `${address}${address.includes("?") ? "&" : "?"}after=${from}`;
    this.#fetch = fetch;
  }

  /** Reads until closed, ended or refused; comes back by itself whenever the connection breaks. */
  async open() {
    while (!this.#over.signal.aborted) {
      this.#connection = new AbortController();
      try {
        await this.#read(this.#connection);
      } catch {
        // A broken connection, or one that was given up on: the next one goes on from the last event.
      }
      if (this.#over.signal.aborted) return;
      this.emit("connection", { up: false });
      await this.#rest();
    }
  }

  /** Begins again from where the stream first began: who is there is told again. */
  resync() {
    this.#known = Math.max(this.#known, Number(this.#lastId));
    this.#lastId = "";
    this.#connection.abort();
    this.nudge();
  }

  /** Tries again now if it was waiting to. */
  nudge() {
    this.#pause = firstPause;
    this.#rests.nudge();
  }

  close() {
    this.#over.abort();
    this.#connection.abort();
  }

  /** @param {AbortController} connection */
  async #read(connection) {
    /** @type {Record<string, string>} */
    const headers = { Accept: "text/event-stream" };
    if (this.#lastId) headers["Last-Event-ID"] = this.#lastId;
    let silence = setTimeout(() => connection.abort(), silentFor);
    try {
      const answer = await this.#fetch(this.#address, { headers, cache: "no-store", signal: connection.signal });
      if (final.includes(answer.status)) {
        this.close();
        this.emit("refused", { status: answer.status });
        return;
      }
      if (!answer.ok || !answer.body) return;
      this.#pause = firstPause;
      this.emit("connection", { up: true });
      const parser = new EventParser();
      const decoder = new TextDecoder();
      const reader = answer.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#over.signal.aborted) return;
        clearTimeout(silence);
        silence = setTimeout(() => connection.abort(), silentFor);
        for (const event of parser.push(decoder.decode(value, { stream: true }))) this.#take(event);
      }
    } finally {
      clearTimeout(silence);
      connection.abort(); // also frees the connection of an answer that was not read to its end
    }
  }

  /** @param {{name: string, data: string, id: string}} event */
  #take(event) {
    if (this.#over.signal.aborted) return;
    if (event.id) this.#lastId = event.id;
    const name = /** @type {keyof StreamEvents} */ (event.name);
    if (name === "ended") this.close();
    const detail = JSON.parse(event.data);
    if (event.id && Number(event.id) <= this.#known && !ofNow.includes(name)) {
      if (!takenAgain.includes(name)) return;
      delete detail.hand_at; // it may have gone up or down since
    }
    this.emit(name, detail);
  }

  async #rest() {
    const pause = this.#pause * (0.75 + Math.random() / 2);
    this.#pause = Math.min(this.#pause * 2, longestPause);
    await this.#rests.rest(pause, this.#over.signal);
  }
}

/** Cuts text that comes in pieces into events, as the HTML standard says for text/event-stream. */
export class EventParser {
  #rest = "";
  #name = "";
  #id = "";
  /** @type {string[]} */
  #data = [];

  /**
   * @param {string} piece
   * @returns {{name: string, data: string, id: string}[]}
   */
  push(piece) {
    const events = [];
    this.#rest += piece;
    // A carriage return at the very end may be half of a line's end.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.#data.length) events.push({ name: this.#name || "message", data: this.#data.join("\n"), id: this.#id });
        this.#name = "";
        this.#data = [];
        continue;
      }
      const colon = line.indexOf(":");
      const field = colon < 0 ? line : line.slice(0, colon);
      const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
      if (field === "event") this.#name = value;
      else if (field === "data") this.#data.push(value);
      else if (field === "id" && !value.includes("\0")) this.#id = value;
    }
    return events;
  }
}
