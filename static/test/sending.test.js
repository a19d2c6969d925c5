// What goes out is sent until it has been.

import assert from "node:assert/strict";
import test from "node:test";
import { World, clock, settle } from "./lib/callworld.js";

/** @type {import("../js/media/types.js").Outgoing} */
const outgoing = { microphone: null, microphoneOn: true, camera: null, share: null, shareSound: null, shareMode: "text" };

test("what could not be sent is sent again after a while, later each time, and at once when the network may be back", async (t) => {
  const tick = clock(t);
  t.mock.method(console, "warn", () => {});
  const world = new World();
  await world.inCall();
  const attempts = () => world.media?.sent.length;
  if (world.media) world.media.deaf = true;
  world.call.send(outgoing);
  await settle();
  assert.equal(attempts(), 2);
  await tick(4900);
  assert.equal(attempts(), 2);
  await tick(200);
  assert.equal(attempts(), 3);
  await tick(9800);
  assert.equal(attempts(), 3);
  await tick(300);
  assert.equal(attempts(), 4);
  if (world.media) world.media.deaf = false;
  world.call.nudge();
  await settle();
  assert.equal(attempts(), 5);
  assert.deepEqual(world.media?.sent.at(-1), outgoing);
  await tick(600_000);
  assert.equal(attempts(), 5);
});

test("what could not be sent is left once there is something newer to send", async (t) => {
  const tick = clock(t);
  t.mock.method(console, "warn", () => {});
  const world = new World();
  await world.inCall();
  if (world.media) world.media.deaf = true;
  world.call.send(outgoing);
  await settle();
  if (world.media) world.media.deaf = false;
  world.call.send({ ...outgoing, microphoneOn: false });
  await tick(60_000);
  assert.deepEqual(world.media?.sent.slice(1), [outgoing, { ...outgoing, microphoneOn: false }]);
});

for (const [how, end] of /** @type {const} */ ([
  ["one has left", (/** @type {World} */ world) => world.call.leave()],
  ["one is put out", (/** @type {World} */ world) => world.events?.emit("ended", { reason: "removed", message: "" })],
  ["the connection is lost", (/** @type {World} */ world) => world.media?.emit("parted", { parting: "lost", reason: "" })],
])) {
  test(`nothing is sent again once ${how}`, async (t) => {
    const tick = clock(t);
    t.mock.method(console, "warn", () => {});
    const world = new World();
    await world.inCall();
    const media = world.media;
    if (media) media.deaf = true;
    world.call.send(outgoing);
    await settle();
    end(world);
    await tick(60_000);
    assert.equal(media?.sent.length, 2);
  });
}
