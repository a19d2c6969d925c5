// A check of everything that a call needs, one thing after the other, each with
// what was found. It enters no call: the server gives it a way of its own to the
// media service.

import { Emitter } from "./emitter.js";
import { loudness, silence } from "./level.js";
import { Declined, Failed } from "./post.js";

/** @typedef {"server" | "signalling" | "media" | "microphone" | "camera"} Step */

/**
 * @typedef {object} Result
 * @property {Step} step
 * @property {"waiting" | "running" | "good" | "fair" | "bad" | "left_out"} state
 * @property {string} finding what was found, in a word that the catalogue has sentences for; empty before
 */

/** @typedef {import("../media/types.js").Way} Way */
/** @typedef {import("./devices.js").Use} Use */

/**
 * @typedef {object} Around what the check needs of the world
 * @property {() => Promise<{backend: string, url: string, token: string}>} ask for a way to the media service
 * @property {(backend: string, url: string, token: string) => Promise<Way>} probe
 * @property {() => Record<import("./devices.js").Input, Use>} use the devices as they are now
 * @property {(track: MediaStreamTrack) => {samples(): Float32Array | null, close(): void}} listen
 *   null as long as the browser does not play
 * @property {() => boolean} online what the browser says of the network
 */

/** @type {Step[]} */
const steps = ["server", "signalling", "media", "microphone", "camera"];

const opensWithin = 30_000; // milliseconds for the person to answer the browser's question
const listenFor = 6000; // milliseconds to wait for a word
const listenEvery = 100;
/** As core/level.js measures: a voice, rather than the room. */
const voice = 0.25;

/** @extends {Emitter<{change: Result[]}>} */
export class Check extends Emitter {
  #around;
  #life = new AbortController();
  /** @type {Map<Step, Result>} */
  #results = new Map();

  /** @param {Around} around */
  constructor(around) {
    super();
    this.#around = around;
  }

  get results() {
    return steps.flatMap((step) => this.#results.get(step) ?? []);
  }

  /** Whether everything that was begun has been found out. */
  get done() {
    return this.results.every(({ state }) => state !== "waiting" && state !== "running");
  }

  /** Begins anew and settles when everything is found out, or it is stopped. */
  async run() {
    this.stop();
    this.#life = new AbortController();
    const { signal } = this.#life;
    for (const step of steps) this.#results.set(step, { step, state: "waiting", finding: "" });
    await Promise.all([this.#tryNetwork(signal), this.#tryMicrophone(signal), this.#findDevice("camera", signal)]);
  }

  /** Stops listening, and forgets what is under way. */
  stop() {
    this.#life.abort();
  }

  /** @param {AbortSignal} signal */
  async #tryNetwork(signal) {
    this.#set("server", "running");
    let way;
    try {
      way = await this.#around.ask();
    } catch (error) {
      if (signal.aborted) return;
      this.#set("server", "bad", this.#refusal(error));
      this.#set("signalling", "left_out");
      this.#set("media", "left_out");
      return;
    }
    if (signal.aborted) return;
    this.#set("server", "good", "server_good");
    if (!way.token) {
      this.#set("signalling", "left_out", "only_by_joining");
      this.#set("media", "left_out", "only_by_joining");
      return;
    }
    this.#set("signalling", "running");
    const path = await this.#around.probe(way.backend, way.url, way.token);
    if (signal.aborted) return;
    if (path.signalling !== "open") {
      this.#set("signalling", "bad", path.signalling === "unavailable" ? "media_unavailable" : "signalling_blocked");
      this.#set("media", "left_out");
      return;
    }
    this.#set("signalling", "good", "signalling_good");
    if (path.media === "none") this.#set("media", "bad", "media_blocked");
    else this.#set("media", path.media === "udp" ? "good" : "fair", `media_${path.media}`);
  }

  /** @param {unknown} error */
  #refusal(error) {
    if (error instanceof Failed) return "server_failed";
    if (!(error instanceof Declined)) return this.#around.online() ? "server_unreachable" : "offline";
    return ["signed_out", "not_found", "media_unavailable", "media_misconfigured", "busy"].includes(error.reason) ? error.reason : "refused";
  }

  /** @param {AbortSignal} signal */
  async #tryMicrophone(signal) {
    if (!(await this.#findDevice("microphone", signal))) return;
    const { track } = this.#around.use().microphone;
    if (!track) return;
    this.#set("microphone", "running", "say_something");
    const ear = this.#around.listen(track);
    let most = -1; // nothing could be heard at all: the browser does not play yet
    try {
      for (let waited = 0; waited < listenFor && !signal.aborted; waited += listenEvery) {
        await new Promise((resolve) => { setTimeout(resolve, listenEvery); });
        const samples = ear.samples();
        if (!samples) continue;
        for (const sample of samples) most = Math.max(most, Math.abs(sample));
        if (loudness(samples) < voice) continue;
        if (!signal.aborted) this.#set("microphone", "good", "microphone_good");
        return;
      }
    } finally {
      ear.close();
    }
    if (signal.aborted) return;
    if (most < 0) this.#set("microphone", "left_out", "not_listening");
    else if (most < silence) this.#set("microphone", "bad", "microphone_silent");
    else this.#set("microphone", "fair", "microphone_quiet");
  }

  /**
   * Finds what can be said of a device without trying it, once the browser has
   * opened it or not. Returns whether there is something to try.
   * @param {import("./devices.js").Input} input
   * @param {AbortSignal} signal
   */
  async #findDevice(input, signal) {
    for (let waited = 0; this.#around.use()[input].opening && waited < opensWithin; waited += listenEvery) {
      this.#set(input, "running", "asks");
      await new Promise((resolve) => { setTimeout(resolve, listenEvery); });
      if (signal.aborted) return false;
    }
    const { on, track, problem, opening } = this.#around.use()[input];
    if (on && problem) this.#set(input, problem === "missing" ? "fair" : "bad", `${input}_${problem}`);
    else if (!on) this.#set(input, "left_out", `${input}_off`);
    else if (!track) this.#set(input, "left_out", opening ? "asks" : "not_open");
    else this.#set(input, "good", `${input}_good`);
    return on && track !== null && !problem;
  }

  /**
   * @param {Step} step
   * @param {Result["state"]} state
   * @param {string} finding
   */
  #set(step, state, finding = "") {
    this.#results.set(step, { step, state, finding });
    this.emit("change", this.results);
  }
}
