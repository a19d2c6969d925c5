// Waiting to be let in, as a state machine:
//
//   outside → asking → waiting → outside (admitted, or not any more)
//                ↑        ↓
//                └──── denied
//
// It shows nothing and joins nothing. What it is told by an earlier question or
// stream, it ignores.

import { Emitter } from "./emitter.js";
import { asDeclined } from "./post.js";

/** @typedef {"outside" | "asking" | "waiting" | "denied"} State */

/**
 * @typedef {object} LobbyEvents
 * @property {{state: State, message: string}} state message: why one was denied, or moved here
 * @property {{people: number}} told how many people who can let one in know of it
 * @property {{up: boolean}} connection whether the server is heard
 * @property {null} admitted one may join now
 * @property {import("./post.js").Declined} refused asking did not work
 * @property {{reason: "signed_out" | "not_found"}} closed the room is not there for one any more
 */

/**
 * @typedef {object} Around what the lobby needs of the world
 * @property {(displayName: string, signal: AbortSignal) => Promise<{state: string}>} knock
 * @property {() => void} leave tells the server that one waits no more
 * @property {() => import("./events.js").EventStream} listen a new stream of one's standing, not yet open
 */

/** @extends {Emitter<LobbyEvents>} */
export class Lobby extends Emitter {
  #around;
  /** @type {State} */
  #state = "outside";
  #displayName = "";
  #attempt = new AbortController();
  /** @type {import("./events.js").EventStream | null} */
  #stream = null;

  /** @param {Around} around */
  constructor(around) {
    super();
    this.#around = around;
  }

  get state() {
    return this.#state;
  }

  /**
   * Asks to be let in; does nothing while one asks or waits already.
   * @param {string} displayName
   */
  ask(displayName) {
    if (this.#state === "asking" || this.#state === "waiting") return;
    void this.#ask(displayName);
  }

  /**
   * Goes on waiting: after a load of the page, or because somebody moved one
   * here. Who is not in the lobby asks.
   * @param {string} displayName
   * @param {string} message why one is here
   */
  wait(displayName, message = "") {
    if (this.#state === "asking" || this.#state === "waiting") return;
    this.#displayName = displayName;
    this.#begin();
    this.#become("waiting", message);
    this.#listen();
  }

  /** Shows that one was not let in. @param {string} message */
  deny(message) {
    this.#begin();
    this.#become("denied", message);
  }

  /** Gives up. */
  cancel() {
    const waits = this.#state === "asking" || this.#state === "waiting";
    this.#leave();
    if (waits) this.#around.leave();
  }

  /** Says that the network may be back. */
  nudge() {
    this.#stream?.nudge();
  }

  /** @param {string} displayName */
  async #ask(displayName) {
    const { signal } = this.#begin();
    this.#displayName = displayName;
    this.#become("asking");
    try {
      const { state } = await this.#around.knock(displayName, signal);
      if (signal.aborted) return;
      if (state === "admitted") {
        this.#letIn();
        return;
      }
      this.#become("waiting");
      this.#listen();
    } catch (error) {
      if (signal.aborted) return;
      this.#leave();
      this.emit("refused", asDeclined(error));
    }
  }

  #listen() {
    const stream = this.#around.listen();
    this.#stream = stream;
    /** @template T @param {(detail: T) => void} act @returns {(detail: T) => void} */
    const ifOwn = (act) => (detail) => { if (this.#stream === stream) act(detail); };
    stream.on("connection", ifOwn((connection) => this.emit("connection", connection)));
    stream.on("standing", ifOwn(({ state, told, message }) => {
      switch (state) {
        case "waiting":
          this.emit("told", { people: told });
          break;
        case "admitted":
          this.#letIn();
          break;
        case "denied":
          this.deny(message);
          break;
        default: // taken out, as after a long silence: this page still waits
          void this.#ask(this.#displayName);
      }
    }));
    stream.on("refused", ifOwn(({ status }) => {
      this.#leave();
      this.emit("closed", { reason: status === 401 ? "signed_out" : "not_found" });
    }));
    void stream.open();
  }

  #letIn() {
    this.#leave();
    this.emit("admitted", null);
  }

  #leave() {
    this.#begin();
    if (this.#state !== "outside") this.#become("outside");
  }

  /** Ends what was under way. */
  #begin() {
    this.#attempt.abort();
    this.#attempt = new AbortController();
    this.#stream?.close();
    this.#stream = null;
    return this.#attempt;
  }

  /**
   * @param {State} state
   * @param {string} message
   */
  #become(state, message = "") {
    this.#state = state;
    this.emit("state", { state, message });
  }
}
