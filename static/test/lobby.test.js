import assert from "node:assert/strict";
import test from "node:test";
import { Emitter } from "../js/core/emitter.js";
import { Lobby } from "../js/core/lobby.js";
import { Declined } from "../js/core/post.js";

const settle = async () => { for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve)); };

class FakeStream extends Emitter {
  closed = false;
  opened = false;
  async open() { this.opened = true; }
  close() { this.closed = true; }
  nudge() {}
}

/** A lobby in a world that a test moves by hand. */
class World {
  /** @type {{name: string, resolve: (answer: {state: string}) => void, reject: (error: Error) => void, settled: boolean}[]} */
  knocks = [];
  /** @type {FakeStream[]} */
  streams = [];
  left = 0;
  /** @type {string[]} */
  seen = [];
  /** @type {string[]} */
  states = [];

  constructor() {
    this.lobby = new Lobby({
      knock: (name, signal) => new Promise((resolve, reject) => {
        const knock = { name, resolve, reject, settled: false };
        signal.addEventListener("abort", () => { knock.settled = true; reject(signal.reason); });
        this.knocks.push(knock);
      }),
      leave: () => { this.left++; },
      listen: () => { const stream = new FakeStream(); this.streams.push(stream); return /** @type {never} */ (stream); },
    });
    this.lobby.on("state", ({ state, message }) => { this.states.push(state); this.seen.push(message ? `${state}: ${message}` : state); });
    this.lobby.on("told", ({ people }) => this.seen.push(`told ${people}`));
    this.lobby.on("admitted", () => this.seen.push("admitted"));
    this.lobby.on("refused", ({ reason }) => this.seen.push(`refused ${reason}`));
    this.lobby.on("closed", ({ reason }) => this.seen.push(`closed ${reason}`));
    this.lobby.on("connection", ({ up }) => this.seen.push(up ? "up" : "down"));
  }

  get stream() { return this.streams.at(-1); }
  get openStreams() { return this.streams.filter(({ closed }) => !closed); }
  get openKnocks() { return this.knocks.filter(({ settled }) => !settled); }

  /** @param {string} state */
  async answer(state) {
    const [knock] = this.openKnocks;
    if (!knock) return;
    knock.settled = true;
    knock.resolve({ state });
    await settle();
  }

  /** @param {Error} error */
  async refuse(error) {
    const [knock] = this.openKnocks;
    if (!knock) return;
    knock.settled = true;
    knock.reject(error);
    await settle();
  }

  /** @param {string} state @param {number} told */
  say(state, told = 0, message = "") {
    this.stream?.emit("standing", { state, told, message });
  }
}

test("asks, waits, is told, is let in", async () => {
  const world = new World();
  world.lobby.ask("Zoe");
  await world.answer("waiting");
  assert.equal(world.stream?.opened, true);
  world.say("waiting", 0);
  world.say("waiting", 2);
  world.say("admitted");
  assert.deepEqual(world.seen, ["asking", "waiting", "told 0", "told 2", "outside", "admitted"]);
  assert.equal(world.knocks[0]?.name, "Zoe");
  assert.equal(world.openStreams.length, 0);
});

test("who need not wait is let in at once", async () => {
  const world = new World();
  world.lobby.ask("Zoe");
  await world.answer("admitted");
  assert.deepEqual(world.seen, ["asking", "outside", "admitted"]);
  assert.equal(world.streams.length, 0);
});

test("denied: may ask again", async () => {
  const world = new World();
  world.lobby.ask("Zoe");
  await world.answer("waiting");
  world.say("denied", 0, "You were not let in.");
  assert.deepEqual(world.seen, ["asking", "waiting", "denied: You were not let in."]);
  assert.equal(world.openStreams.length, 0);
  world.lobby.ask("Zoe");
  await world.answer("waiting");
  assert.equal(world.lobby.state, "waiting");
  assert.equal(world.openStreams.length, 1);
});

test("a second press asks once", async () => {
  const world = new World();
  world.lobby.ask("Zoe");
  world.lobby.ask("Zoe");
  await world.answer("waiting");
  world.lobby.ask("Zoe");
  world.lobby.wait("Zoe");
  assert.equal(world.knocks.length, 1);
  assert.equal(world.streams.length, 1);
});

test("sent back: waits without asking, with the reason", () => {
  const world = new World();
  world.lobby.wait("Zoe", "Ana moved you to the lobby.");
  assert.deepEqual(world.seen, ["waiting: Ana moved you to the lobby."]);
  assert.equal(world.knocks.length, 0);
  world.say("admitted");
  assert.deepEqual(world.seen.slice(1), ["outside", "admitted"]);
});

test("taken out of the lobby while the page waits: asks again, under the same name", async () => {
  const world = new World();
  world.lobby.wait("Zoe");
  world.say("");
  assert.equal(world.lobby.state, "asking");
  assert.equal(world.openStreams.length, 0);
  assert.equal(world.knocks[0]?.name, "Zoe");
  await world.answer("waiting");
  assert.equal(world.lobby.state, "waiting");
});

test("cancel tells the server, and what comes late is not heard", async () => {
  for (const answered of [false, true]) {
    const world = new World();
    world.lobby.ask("Zoe");
    const [knock] = world.knocks;
    if (answered) await world.answer("waiting");
    const { stream } = world;
    world.lobby.cancel();
    assert.equal(world.left, 1);
    world.seen.length = 0;
    knock?.resolve({ state: "admitted" });
    stream?.emit("standing", { state: "admitted", told: 0, message: "" });
    stream?.emit("refused", { status: 404 });
    await settle();
    assert.deepEqual(world.seen, []);
    assert.equal(world.lobby.state, "outside");
  }
});

test("giving up after a denial tells the server nothing", () => {
  const world = new World();
  world.lobby.deny("");
  world.lobby.cancel();
  assert.equal(world.left, 0);
  assert.deepEqual(world.seen, ["denied", "outside"]);
});

test("asking that does not work leads outside, with the reason", async () => {
  const world = new World();
  world.lobby.ask("Zoe");
  await world.refuse(new Declined("locked", "The room is locked."));
  world.lobby.ask("Zoe");
  await world.refuse(new TypeError("no network"));
  assert.deepEqual(world.seen, ["asking", "outside", "refused locked", "asking", "outside", "refused unreachable"]);
});

test("closed: signed out, or no such room any more", () => {
  for (const [status, reason] of /** @type {const} */ ([[401, "signed_out"], [404, "not_found"], [403, "not_found"]])) {
    const world = new World();
    world.lobby.wait("Zoe");
    world.stream?.emit("refused", { status });
    assert.deepEqual(world.seen, ["waiting", "outside", `closed ${reason}`]);
    assert.equal(world.openStreams.length, 0);
  }
});

test("a lost connection changes nothing but is told", () => {
  const world = new World();
  world.lobby.wait("Zoe");
  world.stream?.emit("connection", { up: false });
  world.stream?.emit("connection", { up: true });
  world.say("waiting", 1);
  assert.deepEqual(world.seen, ["waiting", "down", "up", "told 1"]);
});

/** Everything that can happen to somebody in a lobby. @type {Record<string, (world: World) => unknown>} */
const happenings = {
  ask: (world) => world.lobby.ask("Zoe"),
  wait: (world) => world.lobby.wait("Zoe", "Moved."),
  deny: (world) => world.lobby.deny("No."),
  cancel: (world) => world.lobby.cancel(),
  waits: (world) => world.answer("waiting"),
  need: (world) => world.answer("admitted"),
  refused: (world) => world.refuse(new Declined("busy", "")),
  unreachable: (world) => world.refuse(new TypeError("no network")),
  told: (world) => world.say("waiting", 1),
  admitted: (world) => world.say("admitted"),
  denied: (world) => world.say("denied", 0, "No."),
  swept: (world) => world.say(""),
  lost: (world) => world.stream?.emit("connection", { up: false }),
  found: (world) => world.stream?.emit("connection", { up: true }),
  closed: (world) => world.stream?.emit("refused", { status: 404 }),
  late: (world) => { for (const stream of world.streams.slice(0, -1)) stream.emit("standing", { state: "admitted", told: 0, message: "" }); },
};

/** From a state, what may follow. @type {Record<string, string[]>} */
const transitions = {
  outside: ["asking", "waiting", "denied"],
  asking: ["waiting", "outside", "denied"],
  waiting: ["asking", "outside", "denied"],
  denied: ["asking", "waiting", "outside", "denied"],
};

/** @param {World} world @param {string} path */
function check(world, path) {
  let before = "outside";
  for (const state of world.states) {
    assert.ok(transitions[before]?.includes(state), `${path}: ${before} → ${state}`);
    before = state;
  }
  assert.equal(world.lobby.state, before, path);
  assert.equal(world.openStreams.length, before === "waiting" ? 1 : 0, `${path}: streams in the state ${before}`);
  assert.equal(world.openKnocks.length, before === "asking" ? 1 : 0, `${path}: questions in the state ${before}`);
}

test("every order of what can happen keeps one stream while waiting, one question while asking, and else none", { timeout: 120_000 }, async () => {
  const names = Object.keys(happenings);
  for (const a of names) {
    for (const b of names) {
      for (const c of names) {
        for (const first of ["", "wait"]) {
          const world = new World();
          for (const name of [first, a, b, c]) {
            await happenings[name]?.(world);
            await settle();
            check(world, `${first} ${a} ${b} ${c}, at ${name}`);
          }
          const admissions = world.seen.filter((what) => what === "admitted").length;
          const asked = world.states.filter((state) => state === "asking" || state === "waiting").length;
          assert.ok(admissions <= asked, `${a} ${b} ${c}: let in without having waited`);
        }
      }
    }
  }
});
