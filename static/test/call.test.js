import assert from "node:assert/strict";
import test from "node:test";
import { Declined } from "../js/core/post.js";
import { Refused } from "../js/media/types.js";
import { trouble } from "./lib/answers.js";
import { World, clock, settle } from "./lib/callworld.js";

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
    assert.deepEqual(world.left, answered ? ["me1"] : []);
  }
});

test("the server is told of leaving, once, and not of what it ended itself", async (t) => {
  clock(t);
  const world = new World();
  await world.inCall();
  world.call.leave();
  world.call.leave();
  assert.deepEqual(world.left, ["me1"]);
  void world.call.join("Ana");
  await settle();
  world.answer();
  world.media?.succeed?.();
  await settle();
  world.events?.emit("ended", { reason: "removed", message: "" });
  assert.deepEqual(world.left, ["me1"]);
  assert.deepEqual(world.formers, ["", ""]);
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
    await tick(2000); // the stream may say who did it
    assert.equal(world.call.state, goesOn ? "reconnecting" : "ended");
    if (!goesOn) assert.equal(world.ending?.reason, reason);
  });
}

test("coming back to a server that has trouble goes on trying until that is over", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  for (let i = 0; i < 8; i++) {
    await tick(8000);
    world.refuse(await trouble());
    await settle();
    assert.equal(world.call.state, "reconnecting");
  }
  await tick(8000);
  world.answer();
  await settle();
  world.media?.succeed?.();
  await settle();
  assert.equal(world.call.state, "incall");
});

test("that the server knows somebody else in the call is told", async (t) => {
  clock(t);
  const world = new World();
  let joined = 0;
  world.call.on("joined", () => { joined++; });
  await world.inCall();
  world.events?.emit("joined", { participant: "me1", username: "ana", display_name: "Ana", role: "owner" });
  world.events?.emit("admitted", { participant: "c", username: "cleo", display_name: "Cleo", role: "member" });
  assert.equal(joined, 0);
  world.events?.emit("joined", { participant: "c", username: "cleo", display_name: "Cleo", role: "member" });
  assert.equal(joined, 1);
});

test("joining a server that has trouble says so", async (t) => {
  clock(t);
  const world = new World();
  void world.call.join("Ana");
  await settle();
  world.refuse(await trouble());
  await settle();
  assert.deepEqual(world.states, ["joining", "prejoin"]);
  assert.deepEqual(world.refusals, ["failed"]);
});

test("coming back, the media service's own full is waited out; what does not pass ends", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  await tick(300);
  world.answer();
  await settle();
  world.media?.fail?.(new Refused("full"));
  await settle();
  await tick(1000);
  assert.equal(world.call.state, "reconnecting");
  assert.equal(world.asks.length, 3);
  assert.deepEqual(world.formers, ["", "me1", "me2"]);
  world.answer();
  await settle();
  world.media?.fail?.(new Refused("removed"));
  await settle();
  await tick(2000);
  assert.equal(world.ending?.reason, "removed");
});

test("not let back in: the stream, which is asked at once, says who did it", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("parted", { parting: "lost", reason: "" });
  await tick(300);
  world.refuse(new Declined("not_found", "M"));
  await settle();
  assert.equal(world.events?.nudges, 1);
  world.events?.emit("ended", { reason: "removed", by: "Ben", message: "Ben removed you from this room." });
  assert.deepEqual(world.ending, { reason: "removed", message: "Ben removed you from this room." });
});

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

test("a server that does not answer is given up on: joining says so, and coming back asks again", async (t) => {
  const tick = clock(t);
  const world = new World();
  void world.call.join("Ana");
  await settle();
  await tick(14_999);
  assert.equal(world.call.state, "joining");
  await tick(1);
  assert.deepEqual([world.call.state, world.refusals], ["prejoin", ["unreachable"]]);
  await world.inCall();
  await tick(15_000);
  assert.equal(world.call.state, "incall");
  world.media?.emit("parted", { parting: "lost", reason: "" });
  await tick(300);
  assert.equal(world.asks.length, 3);
  await tick(15_000);
  assert.equal(world.asks.at(-1)?.aborted(), true);
  await tick(1000);
  assert.equal(world.asks.length, 4);
  world.answer();
  await settle();
  world.media?.succeed?.();
  await settle();
  assert.equal(world.call.state, "incall");
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

test("what one may not send is held back, and nobody is on air again by what others do", async (t) => {
  clock(t);
  const world = new World();
  await world.inCall();
  const microphone = /** @type {MediaStreamTrack} */ (/** @type {unknown} */ ({ id: "mic" }));
  const on = { microphone, microphoneOn: true, camera: null, share: null, shareSound: null, shareMode: /** @type {const} */ ("text") };
  world.call.send(on);
  world.events?.emit("permissions", { may: { microphone: false, camera: true, share: true } });
  assert.deepEqual(world.media?.sent.at(-1), { ...on, microphoneOn: false });
  assert.equal(world.call.roster.participants[0]?.microphone, false);
  world.events?.emit("permissions", { may: { microphone: true, camera: true, share: true } });
  assert.deepEqual(world.media?.sent.at(-1), { ...on, microphoneOn: false });
  assert.equal(world.call.roster.participants[0]?.microphone, false);
  world.call.send(on);
  assert.deepEqual(world.media?.sent.at(-1), on);
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

test("who waits stays while the stream begins anew and tells it again; they are forgotten when it does not, and when the call is over", async (t) => {
  const tick = clock(t);
  const world = new World();
  /** @type {number[]} */
  const waiting = [];
  world.call.on("lobby", ({ waiting: queue }) => waiting.push(queue.length));
  await world.inCall();
  const entry = { id: "e", username: "zoe", display_name: "Zoe", guest: false, invited: false, asked_at: "" };
  world.events?.emit("lobby", { waiting: [entry], expected: [] });
  world.events?.emit("connection", { up: true });
  world.events?.emit("lobby", { waiting: [entry], expected: [] });
  await tick(10_000);
  assert.deepEqual(waiting, [1, 1]);
  world.events?.emit("connection", { up: true });
  await tick(10_000);
  assert.deepEqual(waiting, [1, 1, 0]);
  world.events?.emit("connection", { up: true });
  world.call.leave();
  await tick(10_000);
  assert.deepEqual(waiting, [1, 1, 0, 0]);
});

test("somebody without a name makes the stream begin again", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  world.media?.emit("present", { id: "stranger", microphone: false, picture: "", share: "", sound: "" });
  await tick(2000);
  assert.equal(world.events?.resyncs, 1);
});

test("with sound only no camera of others is asked for: not of who is there, nor of who comes, nor on a new connection", async (t) => {
  const tick = clock(t);
  const world = new World();
  await world.inCall();
  const size = { width: 320, height: 180 };
  const other = { id: "b", microphone: true, picture: "p", share: "", sound: "s", shareSound: "" };
  world.media?.emit("present", other);
  world.call.watch("b", "camera", size);
  assert.deepEqual(world.media?.watched, new Map([["b camera", size]]));
  world.call.soundOnly = true;
  world.media?.emit("present", { ...other, id: "c", picture: "" });
  assert.deepEqual(world.media?.watched, new Map([["b camera", null], ["c camera", null]]));
  world.media?.emit("parted", { parting: "lost", reason: "" });
  await tick(300);
  world.answer();
  await settle();
  world.media?.emit("present", other);
  assert.deepEqual(world.media?.watched, new Map([["b camera", null]]));
  world.media?.succeed?.();
  await settle();
  // What is shown again says how large, of itself.
  const shown = [];
  world.call.roster.on("changed", (participant) => { if (participant.shown) shown.push(participant.id); });
  world.call.soundOnly = false;
  world.media?.emit("present", { ...other, picture: "p2" });
  assert.equal(shown[0], "b");
  world.call.watch("b", "camera", size);
  assert.deepEqual(world.media?.watched, new Map([["b camera", size]]));
});
