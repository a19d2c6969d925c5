// The call as a state machine:
//
//   prejoin → joining → incall ⇄ reconnecting
//      ↑         │         │          │
//      └─────────┴────→ ended ←───────┘        (ended → joining: rejoin)
//
// It drives one media connection and one event stream at a time and shows
// nothing. What it is told by a connection that is no longer its own, it ignores.

import { Emitter } from "./emitter.js";
import { Declined, asDeclined } from "./post.js";
import { Rests, sleep, within } from "./rest.js";
import { Roster } from "./roster.js";
import { Sending } from "./sending.js";
import { Refused } from "../media/types.js";

/** @typedef {"prejoin" | "joining" | "incall" | "reconnecting" | "ended"} State */
/** @typedef {import("./join.js").Answer} Answer */
/** @typedef {import("../media/types.js").Media} Media */
/** @typedef {import("../media/types.js").Outgoing} Outgoing */
/** @typedef {import("../media/types.js").May} May */

/**
 * @typedef {object} Ending why a call is over for this person
 * @property {string} reason one of the server's, or "left", "lost", "unknown"
 * @property {string} message a sentence from the server, or empty
 */

/**
 * @typedef {object} CallEvents
 * @property {{state: State, ending: Ending | null}} state
 * @property {Answer} admitted the server has let us in; the connection is being made
 * @property {Declined} refused joining did not work; the state is prejoin again
 * @property {May} may
 * @property {{name: string, topic: string}} room
 * @property {{host: import("./join.js").Host, news: boolean}} host who hosts the call; no news when one joins
 * @property {import("./events.js").StreamEvents["lobby"]} lobby who waits or is expected, as far as one may let them in
 * @property {{participant: string, by: string}} hand one's own or another's went up or down
 * @property {{participant: string, reaction: string}} reaction
 * @property {{participant: string}} spotlight whom everybody sees large; empty: nobody
 * @property {{by: string}} muted somebody muted this person
 * @property {{by: string}} askUnmute somebody asks this person to unmute
 * @property {{by: string}} shareStopped somebody stopped this person's share
 * @property {import("./chat.js").Message} message somebody wrote, edited or deleted something
 * @property {null} joined the server knows somebody else in the call, a moment after they are seen there
 * @property {null} heard the server is heard, for the first time or again
 * @property {null} rights who may do what may be otherwise now
 * @property {{blocked: boolean}} sound
 */

/**
 * @typedef {object} Around what the call needs of the world
 * @property {(displayName: string, signal: AbortSignal, former: string) => Promise<Answer>} ask
 *   to be let in; former is whom one was in the call before, or empty
 * @property {(backend: string) => Promise<Media>} media a new connection, not yet connected
 * @property {(participant: string, position: number) => import("./events.js").EventStream} listen
 *   a new event stream, not yet open
 * @property {(participant: string) => void} leave tells the server, also from a page that is closed
 */

/**
 * @typedef {object} Connection
 * @property {Media} media
 * @property {import("./events.js").EventStream} events
 * @property {boolean} connected
 */

/** How long to wait for the event stream to say why the media service refused. */
const reasonWithin = 2000; // milliseconds

/** How long a stream that has just begun may take to say who waits. */
const lobbyWithin = 1500; // milliseconds

/** The pauses before fresh joins after a connection was lost; the last repeats. */
const pauses = [300, 1000, 2000, 4000, 8000];

/** How long the server may take to say whether one is let in: behind a network that swallows what is sent nothing would ever come. */
const answersWithin = 15_000; // milliseconds

/** How long to go on trying to come back. */
const giveUpAfter = 120_000;

/** Refusals that may pass by themselves, so that a lost connection goes on trying. */
const passing = ["busy", "media_unavailable", "full", "unreachable"];

/** @extends {Emitter<CallEvents>} */
export class Call extends Emitter {
  roster = new Roster();
  #around;
  /** @type {State} */
  #state = "prejoin";
  #displayName = "";
  /** Whom one is in the call, or was last. */
  #participant = "";
  /** Aborted when what is under way is no longer wanted. */
  #attempt = new AbortController();
  /** @type {Connection | null} */
  #connection = null;
  /** @type {May} */
  #may = { microphone: true, camera: true, share: true, chat: true, reactions: true };
  /** @type {Outgoing} */
  #outgoing = { microphone: null, microphoneOn: false, camera: null, share: null, shareSound: null, shareMode: "text" };
  #rests = new Rests();
  #sending = new Sending(this.#rests);

  /** @param {Around} around */
  constructor(around) {
    super();
    this.#around = around;
    this.roster.on("nameless", () => this.#connection?.events.resync());
  }

  get state() {
    return this.#state;
  }

  get may() {
    return this.#may;
  }

  /** Whom one is in the call, or was last. */
  get participant() {
    return this.#participant;
  }

  /**
   * Joins, from prejoin or after an end; at any other time it does nothing, so
   * that a second click joins once.
   * @param {string} displayName
   */
  async join(displayName) {
    if (this.#state !== "prejoin" && this.#state !== "ended") return;
    this.#displayName = displayName;
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    this.#become("joining");
    try {
      await this.#enter(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) {
        await this.#endWithReason(error.reason, signal);
        return;
      }
      this.#drop();
      this.roster.clear();
      this.#become("prejoin");
      this.emit("refused", asDeclined(error));
    }
  }

  /** Leaves, whatever is going on. Who joins again then is new in the call. */
  leave() {
    if (this.#state === "prejoin" || this.#state === "ended") return;
    const participant = this.#participant;
    this.#participant = "";
    this.#end({ reason: "left", message: "" });
    if (participant) this.#around.leave(participant);
  }

  /** Says that the network may be back: waits end now. */
  nudge() {
    this.#rests.nudge();
    this.#connection?.events.nudge();
  }

  /**
   * What to send from now on; what one may not send is held back.
   * @param {Outgoing} outgoing
   */
  send(outgoing) {
    this.#outgoing = outgoing;
    this.#sendNow();
  }

  /**
   * @param {string} id
   * @param {import("../media/types.js").Source} source
   * @param {HTMLMediaElement} element
   */
  attach(id, source, element) {
    this.#connection?.media.attach(id, source, element);
  }

  /**
   * @param {string} id
   * @param {import("../media/types.js").Source} source
   * @param {HTMLMediaElement} element
   */
  detach(id, source, element) {
    this.#connection?.media.detach(id, source, element);
  }

  /**
   * How large a picture is shown; null: not at all.
   * @param {string} id
   * @param {"camera" | "share"} source
   * @param {import("../media/types.js").Size | null} size
   */
  watch(id, source, size) {
    this.#connection?.media.watch(id, source, size);
  }

  /** Whether the others' pictures are neither shown nor received; their screens are. */
  get soundOnly() {
    return this.roster.soundOnly;
  }

  set soundOnly(only) {
    this.roster.soundOnly = only; // when it ends, whoever shows pictures says again how large
    for (const { id, local } of this.roster.participants) if (!local) this.#leaveOut(id);
  }

  /** Has nothing received of somebody's picture, while there is sound only. @param {string} id */
  #leaveOut(id) {
    if (this.soundOnly) this.watch(id, "camera", null);
  }

  /**
   * How the connection does, of one participant's tracks or of everybody's; null
   * without a connection.
   * @param {string} [id]
   */
  async stats(id) {
    const media = this.#connection?.connected ? this.#connection.media : null;
    return media ? media.stats(id) : null;
  }

  /** How sending one's picture does; null when one is not in the call. */
  async pressure() {
    return this.#connection?.connected ? this.#connection.media.pressure() : null;
  }

  /** How good one's own connection is. */
  get quality() {
    return this.roster.participants.find(({ local }) => local)?.quality ?? "good";
  }

  /** Starts sound that the browser held back; to be called from a tap. */
  async playSound() {
    await this.#connection?.media.playSound();
  }

  /**
   * One attempt: ask, connect, take over. It rejects when it fails or is aborted,
   * having closed what it opened.
   * @param {AbortSignal} signal
   */
  async #enter(signal) {
    const answer = await within(answersWithin, signal, (either) => this.#around.ask(this.#displayName, either, this.#participant));
    this.#participant = answer.participant;
    const media = await this.#around.media(answer.backend);
    if (signal.aborted) {
      void media.close();
      signal.throwIfAborted();
    }
    const connecting = media.connect(answer.url, answer.token);
    const connection = { media, events: this.#around.listen(answer.participant, answer.position), connected: false };
    this.#drop();
    this.#connection = connection;
    this.#follow(connection, signal);
    void connection.events.open();
    this.#permit(answer.may);
    this.roster.begin(answer.participant, answer.people);
    this.roster.host(answer.host.username);
    this.#showOwn();
    this.emit("admitted", answer);
    this.emit("host", { host: answer.host, news: false });
    this.emit("spotlight", { participant: answer.spotlight });
    await connecting;
    signal.throwIfAborted();
    connection.connected = true;
    this.roster.settle(media.others());
    this.#become("incall");
    this.#sendNow();
  }

  /**
   * @param {Connection} connection
   * @param {AbortSignal} signal
   */
  #follow(connection, signal) {
    const { media, events } = connection;
    const own = () => this.#connection === connection && !signal.aborted;
    /** @template T @param {(detail: T) => void} act @returns {(detail: T) => void} */
    const ifOwn = (act) => (detail) => { if (own()) act(detail); };
    // Before it is connected, what becomes of it is for connect() to say.
    /** @template T @param {(detail: T) => void} act @returns {(detail: T) => void} */
    const ifConnected = (act) => (detail) => { if (own() && connection.connected) act(detail); };

    media.on("present", ifOwn((present) => {
      this.#leaveOut(present.id); // before their picture comes, on this connection
      this.roster.present(present);
    }));
    media.on("gone", ifOwn(({ id }) => this.roster.gone(id)));
    media.on("speaking", ifOwn(({ ids }) => this.roster.speaking(ids)));
    media.on("quality", ifOwn(({ id, quality }) => this.roster.quality(id, quality)));
    media.on("sound", ifOwn((sound) => this.emit("sound", sound)));
    media.on("reconnecting", ifConnected(() => { if (this.#state === "incall") this.#become("reconnecting"); }));
    media.on("reconnected", ifConnected(() => {
      if (this.#state !== "reconnecting") return;
      this.roster.settle(media.others());
      this.#become("incall");
      this.#sendNow();
    }));
    media.on("parted", ifConnected(({ parting, reason }) => {
      if (parting === "refused") void this.#endWithReason(reason, signal);
      else void this.#comeBack();
    }));

    events.on("admitted", ifOwn((who) => this.roster.name(who)));
    events.on("joined", ifOwn((who) => {
      this.roster.name(who);
      if (who.participant !== this.#participant) this.emit("joined", null);
    }));
    events.on("left", ifOwn(({ participant }) => this.roster.unname(participant)));
    events.on("hand", ifOwn(({ participant, hand_at: at, by }) => {
      this.roster.hand(participant, at);
      this.emit("hand", { participant, by });
    }));
    events.on("reaction", ifOwn((reaction) => this.emit("reaction", reaction)));
    events.on("spotlight", ifOwn(({ participant }) => this.emit("spotlight", { participant })));
    events.on("muted", ifOwn(({ by }) => this.emit("muted", { by })));
    events.on("ask_unmute", ifOwn(({ by }) => this.emit("askUnmute", { by })));
    events.on("share_stopped", ifOwn(({ by }) => this.emit("shareStopped", { by })));
    events.on("room", ifOwn((room) => this.emit("room", room)));
    events.on("host", ifOwn((host) => {
      this.roster.host(host.username);
      this.emit("host", { host, news: true });
      this.emit("rights", null);
    }));
    events.on("role", ifOwn(() => this.emit("rights", null)));
    events.on("message", ifOwn((message) => this.emit("message", message)));
    events.on("people", ifOwn(() => this.emit("rights", null)));
    let lobbyTold = false;
    events.on("lobby", ifOwn((lobby) => {
      lobbyTold = true;
      this.emit("lobby", lobby);
    }));
    events.on("connection", ifOwn(async ({ up }) => {
      if (!up) return;
      // What a stream missed has to be asked, but for who waits: that it tells at first, unless nobody does.
      this.emit("rights", null);
      this.emit("heard", null);
      lobbyTold = false;
      await sleep(lobbyWithin, signal);
      if (own() && !lobbyTold) this.emit("lobby", { waiting: [], expected: [] });
    }));
    events.on("permissions", ifOwn(({ may }) => {
      this.#permit(may);
      this.#sendNow();
    }));
    events.on("ended", ifOwn(({ reason, message }) => this.#end({ reason, message })));
    events.on("refused", ifOwn(({ status }) => this.#end({ reason: status === 401 ? "signed_out" : "not_found", message: "" })));
  }

  /**
   * We are out, and not let in again. The event stream tells who did it and in what
   * words; it may be a moment behind.
   * @param {string} reason as far as known
   * @param {AbortSignal} signal
   */
  async #endWithReason(reason, signal) {
    await sleep(reasonWithin, signal);
    if (!signal.aborted) this.#end({ reason: reason || "unknown", message: "" });
  }

  /** The connection is lost for good: joins afresh until it works or makes no sense any more. */
  async #comeBack() {
    this.#attempt.abort();
    this.#attempt = new AbortController();
    const { signal } = this.#attempt;
    this.#sending.end();
    // The old stream goes on listening: it may say that there is nothing to come back to.
    const events = this.#connection?.events;
    events?.on("ended", ({ reason, message }) => this.#end({ reason, message }), { signal });
    this.#become("reconnecting");
    const giveUp = Date.now() + giveUpAfter;
    /** @type {Ending} */
    let ending = { reason: "lost", message: "" };
    for (let attempt = 0; Date.now() < giveUp; attempt++) {
      await this.#rests.rest(pauses[Math.min(attempt, pauses.length - 1)] ?? 0, signal);
      if (signal.aborted) return;
      try {
        await this.#enter(signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        // The media service may refuse for a moment too: for it, whom we were takes a place until it has noticed.
        if (!(error instanceof Declined || error instanceof Refused)) continue;
        if (!passing.includes(error.reason)) {
          if (error instanceof Declined) events?.nudge(); // it knows who did it
          await this.#endWithReason(error.reason, signal);
          return;
        }
        ending = { reason: error.reason, message: "" };
        if (error instanceof Declined && error.retryAfter) await this.#rests.rest(error.retryAfter * 1000, signal);
      }
    }
    if (!signal.aborted) this.#end(ending);
  }

  /** @param {Ending} ending */
  #end(ending) {
    this.#attempt.abort();
    this.#drop();
    this.roster.clear();
    this.emit("lobby", { waiting: [], expected: [] });
    this.#become("ended", ending);
  }

  /** Closes the connection there is. */
  #drop() {
    const connection = this.#connection;
    this.#connection = null;
    this.#sending.end();
    connection?.events.close();
    void connection?.media.close();
  }

  /**
   * What one may not send any more is forgotten: when one may again, it has to be
   * given anew, so that nobody is put on air by others.
   * @param {May} may
   */
  #permit(may) {
    this.#may = may;
    this.#outgoing = this.#allowed();
    this.emit("may", may);
  }

  #allowed() {
    const { microphoneOn, camera, share, shareSound } = this.#outgoing;
    return {
      ...this.#outgoing,
      microphoneOn: microphoneOn && this.#may.microphone,
      camera: this.#may.camera ? camera : null,
      share: this.#may.share ? share : null,
      shareSound: this.#may.share ? shareSound : null,
    };
  }

  #sendNow() {
    this.#showOwn();
    if (!this.#connection?.connected) return;
    const { media } = this.#connection;
    // While it is mended too: what is turned off must not be sent.
    void this.#sending.begin(() => media.send(this.#allowed()));
  }

  #showOwn() {
    const { microphone, microphoneOn, camera, share } = this.#allowed();
    this.roster.own({ microphone: microphone !== null && microphoneOn, picture: camera?.id ?? "", share: share?.id ?? "" });
  }

  /**
   * @param {State} state
   * @param {Ending | null} ending
   */
  #become(state, ending = null) {
    this.#state = state;
    this.emit("state", { state, ending });
  }
}
