// A call in a world that tests move by hand.

import assert from "node:assert/strict";
import { Call } from "../../js/core/call.js";
import { Emitter } from "../../js/core/emitter.js";

/** Waits until what follows from what happened has happened. */
export const settle = async () => { for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve)); };

/** A media connection that does what a test says. */
class FakeMedia extends Emitter {
  closed = false;
  connected = false;
  /** @type {unknown[]} */
  sent = [];
  others = () => [{ id: "b", microphone: true, picture: "", share: "", sound: "s", shareSound: "" }];
  connect() {
    return new Promise((resolve, reject) => {
      this.succeed = () => { this.connected = true; resolve(undefined); };
      this.fail = reject;
    });
  }
  /** Whether what is sent does not get through. */
  deaf = false;
  async send(outgoing) {
    this.sent.push(outgoing);
    if (this.deaf) throw new Error("publication timed out");
  }
  async close() { this.closed = true; this.fail?.(new Error("closed")); }
  /** Whose cameras are received, by the last that was said of them. @type {Map<string, object | null>} */
  watched = new Map();
  attach() {} detach() {}
  watch(id, source, size) { this.watched.set(`${id} ${source}`, size); }
  stats() {}
  async playSound() {}
}

class FakeEvents extends Emitter {
  closed = false;
  opened = false;
  resyncs = 0;
  nudges = 0;
  async open() { this.opened = true; }
  close() { this.closed = true; }
  resync() { this.resyncs++; }
  nudge() { this.nudges++; }
}

/** A call in a world that a test moves by hand. */
export class World {
  /** @type {{resolve: (answer: object) => void, reject: (error: Error) => void, settled: boolean, aborted: () => boolean}[]} */
  asks = [];
  /** @type {FakeMedia[]} */
  medias = [];
  /** @type {FakeEvents[]} */
  streams = [];
  /** @type {string[]} */
  states = [];
  /** @type {{reason: string, message: string} | null} */
  ending = null;
  /** @type {string[]} */
  refusals = [];
  participants = 0;
  /** @type {string[]} */
  formers = [];
  /** @type {string[]} */
  left = [];

  constructor() {
    this.call = new Call({
      ask: (_name, signal, former) => new Promise((resolve, reject) => {
        this.formers.push(former);
        const ask = { resolve, reject, settled: false, aborted: () => signal.aborted };
        signal.addEventListener("abort", () => { ask.settled = true; reject(signal.reason); });
        this.asks.push(ask);
      }),
      media: async () => { const media = new FakeMedia(); this.medias.push(media); return /** @type {never} */ (media); },
      listen: () => { const events = new FakeEvents(); this.streams.push(events); return /** @type {never} */ (events); },
      leave: (participant) => this.left.push(participant),
    });
    this.call.on("state", ({ state, ending }) => { this.states.push(state); this.ending = ending; });
    this.call.on("refused", ({ reason }) => this.refusals.push(reason));
  }

  get media() { return this.medias.at(-1); }
  get events() { return this.streams.at(-1); }
  get openMedia() { return this.medias.filter(({ closed }) => !closed); }
  get openStreams() { return this.streams.filter(({ closed }) => !closed); }

  answer() {
    const ask = this.asks.find(({ settled }) => !settled);
    if (!ask) return;
    ask.settled = true;
    const participant = `me${++this.participants}`;
    ask.resolve({
      backend: "x", url: "", token: "t", participant, position: 1, may: { microphone: true, camera: true, share: true },
      host: { username: "", display_name: "", ends_at: null },
      people: [{ participant, username: "ana", display_name: "Ana", role: "owner" }, { participant: "b", username: "ben", display_name: "Ben", role: "member" }],
    });
  }

  /** @param {Error} error */
  refuse(error) {
    const ask = this.asks.find(({ settled }) => !settled);
    if (!ask) return;
    ask.settled = true;
    ask.reject(error);
  }

  async inCall() {
    void this.call.join("Ana");
    await settle();
    this.answer();
    await settle();
    this.media?.succeed?.();
    await settle();
    assert.equal(this.call.state, "incall");
  }
}

/** A clock that a test moves. @param {import("node:test").TestContext} t */
export function clock(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  return async (/** @type {number} */ ms) => { t.mock.timers.tick(ms); await settle(); };
}
