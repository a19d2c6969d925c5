import assert from "node:assert/strict";
import test from "node:test";
import { Call } from "../js/core/call.js";
import { Emitter } from "../js/core/emitter.js";
import { Declined } from "../js/core/post.js";
import { Refused } from "../js/media/types.js";

const settle = async () => { for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve)); };

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
  async send(outgoing) { this.sent.push(outgoing); }
  async close() { this.closed = true; this.fail?.(new Error("closed")); }
  attach() {} detach() {} watch() {}
  stats() {}
  async playSound() {}
}

class FakeEvents extends Emitter {
  closed = false;
  opened = false;
  resyncs = 0;
  async open() { this.opened = true; }
  close() { this.closed = true; }
  resync() { this.resyncs++; }
  nudge() {}
}

/** A call in a world that a test moves by hand. */
class World {
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

/** @param {import("node:test").TestContext} t */
function clock(t) {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  return async (/** @type {number} */ ms) => { t.mock.timers.tick(ms); await settle(); };
}

test("who comes back says whom they were", async (t) => {
  const world = new World();
  const pass = clock(t);
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  await pass(1000);
  world.answer();
  await settle();
  world.media?.succeed?.();
  await settle();
  assert.equal(world.call.state, "incall");
  assert.deepEqual(world.formers, ["", "me1"]);
});

test("joins: asks, connects, listens, sends", async (t) => {
  clock(t);
  const world = new World();
  const track = /** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({ id: "cam" }));
  world.call.send({ microphone: null, microphoneOn: false, camera: track, share: null, shareSound: null, shareMode: "text" });
  await world.inCall();
  assert.deepEqual(world.states, ["joining", "incall"]);
  assert.deepEqual(world.call.roster.participants.map(({ id, displayName, picture }) => [id, displayName, picture]), [["me1", "Ana", "cam"], ["b", "Ben", ""]]);
  assert.equal(world.events?.opened, true);
  assert.deepEqual(world.media?.sent, [{ microphone: null, microphoneOn: false, camera: track, share: null, shareSound: null, shareMode: "text" }]);
});

test("a second click joins once", async (t) => {
  clock(t);
  const world = new World();
  void world.call.join("Ana");
  void world.call.join("Ana");
  await settle();
  assert.equal(world.asks.length, 1);
});

test("opens the event stream while the media connection is being made", async (t) => {
  clock(t);
  const world = new World();
  void world.call.join("Ana");
  await settle();
  world.answer();
  await settle();
  assert.equal(world.media?.connected, false);
  assert.equal(world.events?.opened, true);
});

test("a refusal leads back to prejoin with its reason", async (t) => {
  clock(t);
  const world = new World();
  void world.call.join("Ana");
  await settle();
  world.refuse(new Declined("full", "The room is full."));
  await settle();
  assert.deepEqual(world.states, ["joining", "prejoin"]);
  assert.deepEqual(world.refusals, ["full"]);
});

test("no network while joining leads back to prejoin too", async (t) => {
  clock(t);
  const world = new World();
  void world.call.join("Ana");
  await settle();
  world.answer();
  await settle();
  world.media?.fail?.(new Error("no route"));
  await settle();
  assert.equal(world.call.state, "prejoin");
  assert.deepEqual(world.refusals, ["unreachable"]);
  assert.equal(world.call.roster.count, 0);
});

test("leaving while joining leaves nothing behind, before and after the answer", async (t) => {
  clock(t);
  for (const answered of [false, true]) {
    const world = new World();
    void world.call.join("Ana");
    await settle();
    if (answered) { world.answer(); await settle(); }
    world.call.leave();
    world.answer();
    world.media?.succeed?.();
    await settle();
    assert.equal(world.call.state, "ended");
    assert.equal(world.ending?.reason, "left");
    assert.deepEqual([world.openMedia.length, world.openStreams.length, world.call.roster.count], [0, 0, 0]);
  }
});

test("reconnecting keeps the people; regaining settles who is there", async (t) => {
  clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("reconnecting", null);
  assert.equal(world.call.state, "reconnecting");
  assert.equal(world.call.roster.count, 2);
  if (world.media) world.media.others = () => [];
  world.media?.emit("reconnected", null);
  assert.equal(world.call.state, "incall");
  assert.equal(world.call.roster.count, 1);
});

test("a lost connection joins afresh with back-off and keeps the people meanwhile", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  await tick(300);
  assert.equal(world.asks.length, 2);
  world.refuse(new TypeError("no network"));
  await settle();
  await tick(900);
  assert.equal(world.asks.length, 2);
  await tick(200);
  assert.equal(world.asks.length, 3);
  assert.equal(world.call.roster.count, 2);
  world.answer();
  await settle();
  world.media?.succeed?.();
  await settle();
  assert.equal(world.call.state, "incall");
  assert.deepEqual(world.call.roster.participants.map(({ id }) => id), ["me2", "b"]);
  assert.deepEqual([world.openMedia.length, world.openStreams.length], [1, 1]);
});

test("a nudge ends the wait", async (t) => {
  clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  await settle();
  world.call.nudge();
  await settle();
  assert.equal(world.asks.length, 2);
});

test("gives up after two minutes", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  for (let i = 0; i < 40 && world.call.state !== "ended"; i++) {
    await tick(8000);
    world.refuse(new TypeError("no network"));
    await settle();
  }
  assert.equal(world.ending?.reason, "lost");
  assert.deepEqual([world.openMedia.length, world.openStreams.length, world.call.roster.count], [0, 0, 0]);
});

for (const [reason, goesOn] of /** @type {const} */ ([["full", true], ["busy", true], ["media_unavailable", true], ["locked", false], ["signed_out", false], ["not_found", false], ["disabled", false]])) {
  test(`coming back to ${reason} ${goesOn ? "goes on trying" : "ends"}`, async (t) => {
    const tick = clock(t);
    const world = new World();
    await world.inCall();
    world.media?.emit("parted", { parting: "lost", reason: "" });
    await tick(300);
    world.refuse(new Declined(reason, "M"));
    await settle();
    assert.equal(world.call.state, goesOn ? "reconnecting" : "ended");
    if (!goesOn) assert.equal(world.ending?.reason, reason);
  });
}

test("put out by the media service: the stream's reason counts if it comes within two seconds", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "refused", reason: "" });
  await tick(1500);
  assert.equal(world.call.state, "incall");
  world.events?.emit("ended", { reason: "removed", by: "Ben", message: "Ben removed you from this room." });
  assert.deepEqual(world.ending, { reason: "removed", message: "Ben removed you from this room." });
});

test("put out by the media service: a general reason when the stream says nothing", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "refused", reason: "" });
  await tick(2000);
  assert.equal(world.ending?.reason, "unknown");
});

test("the gate's refusal ends with its reason", async (t) => {
  const tick = clock(t);
  const world = new World();
  void world.call.join("Ana");
  await settle();
  world.answer();
  await settle();
  world.media?.fail?.(new Refused("locked"));
  await settle();
  await tick(2000);
  assert.equal(world.ending?.reason, "locked");
});

test("ended while coming back stops coming back", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  world.events?.emit("ended", { reason: "room_deleted", by: "", message: "This room was deleted." });
  await tick(60_000);
  assert.equal(world.asks.length, 1);
  assert.equal(world.ending?.reason, "room_deleted");
});

test("a refused event stream ends the call", async (t) => {
  clock(t);
  const world = new World();
  await world.inCall();
  world.events?.emit("refused", { status: 401 });
  assert.equal(world.ending?.reason, "signed_out");
});

test("what one may not send is held back, and sent when one may", async (t) => {
  clock(t);
  const world = new World();
  await world.inCall();
  const microphone = /** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({ id: "mic" }));
  world.call.send({ microphone, microphoneOn: true, camera: null, share: null, shareSound: null, shareMode: "text" });
  world.events?.emit("permissions", { may: { microphone: false, camera: true, share: true } });
  assert.deepEqual(world.media?.sent.at(-1), { microphone, microphoneOn: false, camera: null, share: null, shareSound: null, shareMode: "text" });
  assert.equal(world.call.roster.participants[0]?.microphone, false);
  world.events?.emit("permissions", { may: { microphone: true, camera: true, share: true } });
  assert.deepEqual(world.media?.sent.at(-1), { microphone, microphoneOn: true, camera: null, share: null, shareSound: null, shareMode: "text" });
});

test("a screen that one may not share any more is not sent", async (t) => {
  clock(t);
  const world = new World();
  await world.inCall();
  const share = /** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({ id: "screen" }));
  world.call.send({ microphone: null, microphoneOn: false, camera: null, share, shareSound: null, shareMode: "text" });
  assert.equal(world.call.roster.participants[0]?.share, "screen");
  world.events?.emit("permissions", { may: { microphone: true, camera: true, share: false } });
  assert.deepEqual(world.media?.sent.at(-1), { microphone: null, microphoneOn: false, camera: null, share: null, shareSound: null, shareMode: "text" });
  assert.equal(world.call.roster.participants[0]?.share, "");
});

test("put out, and the event stream says nothing: the media service's own reason stands", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "refused", reason: "duplicate" });
  await tick(2000);
  assert.deepEqual(world.ending, { reason: "duplicate", message: "" });
});

test("tells who hosts, as news only when it changes, and has the rights asked anew", async (t) => {
  clock(t);
  const world = new World();
  /** @type {string[]} */
  const seen = [];
  world.call.on("host", ({ host, news }) => seen.push(`${host.username} ${news}`));
  world.call.on("rights", () => seen.push("rights"));
  await world.inCall();
  world.events?.emit("host", { username: "ben", display_name: "Ben", ends_at: null });
  assert.equal(world.call.roster.participants[1]?.host, true);
  world.events?.emit("role", { role: "moderator" });
  world.events?.emit("people", {});
  world.events?.emit("connection", { up: false });
  assert.deepEqual(seen, [" false", "ben true", "rights", "rights", "rights"]);
  world.events?.emit("connection", { up: true });
  assert.equal(seen.length, 6);
});

test("who waits is forgotten when the stream begins anew, which tells it again, and when the call is over", async (t) => {
  clock(t);
  const world = new World();
  /** @type {number[]} */
  const waiting = [];
  world.call.on("lobby", ({ waiting: queue }) => waiting.push(queue.length));
  await world.inCall();
  const entry = { id: "e", username: "zoe", display_name: "Zoe", guest: false, invited: false, asked_at: "" };
  world.events?.emit("lobby", { waiting: [entry], expected: [] });
  world.events?.emit("connection", { up: true });
  world.events?.emit("lobby", { waiting: [entry], expected: [] });
  world.call.leave();
  assert.deepEqual(waiting, [1, 0, 1, 0]);
});

test("somebody without a name makes the stream begin again", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("present", { id: "stranger", microphone: false, picture: "", share: "", sound: "" });
  await tick(2000);
  assert.equal(world.events?.resyncs, 1);
});

/** Everything that can happen to a call. @type {Record<string, (world: World) => void>} */
const happenings = {
  join: (world) => void world.call.join("Ana"),
  leave: (world) => world.call.leave(),
  answer: (world) => world.answer(),
  refuse: (world) => world.refuse(new Declined("locked", "")),
  unreachable: (world) => world.refuse(new TypeError("no network")),
  connect: (world) => world.media?.succeed?.(),
  fail: (world) => world.media?.fail?.(new Error("no route")),
  lose: (world) => world.media?.emit("reconnecting", null),
  regain: (world) => world.media?.emit("reconnected", null),
  lost: (world) => world.media?.emit("parted", { parting: "lost", reason: "" }),
  putOut: (world) => world.media?.emit("parted", { parting: "refused", reason: "" }),
  ended: (world) => world.events?.emit("ended", { reason: "removed", by: "", message: "" }),
  refusedStream: (world) => world.events?.emit("refused", { status: 404 }),
  nudge: (world) => world.call.nudge(),
  late: (world) => { for (const events of world.streams.slice(0, -1)) events.emit("ended", { reason: "removed", by: "", message: "" }); },
};

/** From a state, what may follow. @type {Record<string, string[]>} */
const transitions = {
  prejoin: ["joining"],
  joining: ["incall", "prejoin", "ended"],
  incall: ["reconnecting", "ended"],
  reconnecting: ["incall", "ended"],
  ended: ["joining"],
};

/** @param {World} world @param {string} path */
function check(world, path) {
  let before = "prejoin";
  for (const state of world.states) {
    if (state === before && state === "reconnecting") continue; // the SDK gave up and a fresh join takes over
    assert.ok(transitions[before]?.includes(state), `${path}: ${before} → ${state}`);
    before = state;
  }
  assert.equal(world.call.state, before, path);
  assert.ok(world.openMedia.length <= 1, `${path}: ${world.openMedia.length} media connections`);
  assert.ok(world.openStreams.length <= 1, `${path}: ${world.openStreams.length} streams`);
  if (before === "prejoin" || before === "ended") {
    assert.equal(world.openMedia.length, 0, `${path}: media left open`);
    assert.equal(world.openStreams.length, 0, `${path}: a stream left open`);
    assert.equal(world.call.roster.count, 0, `${path}: people left`);
    assert.ok(world.asks.every(({ settled }) => settled), `${path}: a question left open`);
  }
  if (before === "ended") assert.ok(world.ending, `${path}: no reason`);
  if (before === "incall") {
    assert.equal(world.openMedia.length, 1, `${path}: in the call without media`);
    assert.equal(world.openStreams.length, 1, `${path}: in the call without a stream`);
    assert.ok(world.media?.connected, `${path}: not connected`);
  }
}

test("every order of what can happen keeps one connection at most and leaves nothing behind", { timeout: 400_000 }, async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const names = Object.keys(happenings);
  /** @param {string[]} path @param {(world: World) => Promise<void>} begin */
  const walk = async (path, begin) => {
    const world = new World();
    await begin(world);
    for (const name of path) {
      happenings[name]?.(world);
      await settle();
      t.mock.timers.tick(2500);
      await settle();
      check(world, path.join(" "));
    }
    world.call.leave();
    await settle();
    check(world, `${path.join(" ")} leave`);
    t.mock.timers.tick(200_000);
    await settle();
    check(world, `${path.join(" ")} leave, later`);
  };
  for (const a of names) {
    for (const b of names) {
      for (const c of names) {
        await walk([a, b, c], async () => {});
        await walk([a, b, c], (world) => world.inCall());
      }
    }
  }
  // What a call is made of, in every order of four, after it has begun.
  const parts = ["answer", "connect", "lose", "regain", "lost", "putOut", "ended"];
  for (let n = 0; n < parts.length ** 4; n++) {
    await walk(Array.from({ length: 4 }, (_, i) => parts[Math.floor(n / parts.length ** i) % parts.length] ?? ""), (world) => world.inCall());
  }
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  for (let run = 0; run < 300; run++) {
    await walk(Array.from({ length: 40 }, () => names[Math.floor(random() * names.length)] ?? ""), async () => {});
  }
});
