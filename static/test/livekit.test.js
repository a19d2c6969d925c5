// The adapter for LiveKit, with the SDK's own room, whose server is not there.

import assert from "node:assert/strict";
import test from "node:test";
import { create } from "../js/media/livekit.js";
import { ConnectionState, Room } from "../vendor/livekit.mjs";

/**
 * An adapter in a room with Ben, and what it tells of those who leave.
 * @param {import("node:test").TestContext} t
 */
function inRoom(t) {
  /** @type {any} */
  let room;
  const { on } = Room.prototype;
  t.mock.method(Room.prototype, "on", function follow(/** @type {[any, any]} */ ...args) {
    room = this;
    return on.apply(this, args);
  });
  const media = create();
  t.after(() => media.close());
  const ben = { identity: "ben", trackPublications: new Map(), setDisconnected() {} };
  room.remoteParticipants.set("ben", ben);
  room.setAndEmitConnectionState(ConnectionState.Connected);
  /** @type {string[]} */
  const told = [];
  media.on("gone", ({ id }) => told.push(`${id} gone`));
  media.on("reconnecting", () => told.push("reconnecting"));
  return { media, room, ben, told };
}

test("who leaves has gone", async (t) => {
  const { media, room, ben, told } = inRoom(t);
  room.handleParticipantDisconnected("ben", ben);
  await Promise.resolve();
  assert.deepEqual(told, ["ben gone"]);
  assert.deepEqual(media.others(), []);
});

test("nobody has gone because one's own connection is made anew", async (t) => {
  const { room, told } = inRoom(t);
  room.handleRestarting();
  await Promise.resolve();
  assert.deepEqual(told, ["reconnecting"]);
});
