import assert from "node:assert/strict";
import test from "node:test";
import { Devices } from "../js/core/devices.js";
import { FakeMedia, Phone, inUse, storage } from "./lib/fakedevices.js";

test("a system that gives one at a time is not asked for a second while the first is open", async () => {
  const media = new FakeMedia();
  const devices = new Devices(/** @type {never} */ (media), storage(), { oneAtATime: true });
  await devices.start();
  /** @type {number[]} */
  const open = [];
  const ask = media.getUserMedia.bind(media);
  media.getUserMedia = (constraints) => { open.push(media.open.filter(({ kind }) => kind === "audio").length); return ask(constraints); };
  await devices.choose("microphone", "m2");
  assert.deepEqual([open, inUse(devices, "microphone")], [[0], "m2"]);
});

test("a phone's camera is flipped and flipped back, and the side is remembered", async () => {
  const media = new Phone();
  const memory = storage();
  const devices = new Devices(/** @type {never} */ (media), memory, { oneAtATime: true });
  await devices.start();
  assert.deepEqual([devices.facing, devices.flips, devices.mirrors], ["user", true, true]);
  await devices.flip();
  assert.deepEqual([devices.facing, inUse(devices, "camera"), media.open.length], ["environment", "back", 2]);
  assert.equal(devices.mirrors, false);
  await media.plug([...media.devices, ["audiooutput", "s1", "Headset"]]);
  assert.equal(devices.facing, "environment");
  const later = new Devices(/** @type {never} */ (new Phone()), memory, { oneAtATime: true });
  await later.start();
  assert.equal(later.facing, "environment");
  await devices.flip();
  assert.equal(devices.facing, "user");
});

test("what a phone call took away is opened again when the page is seen", async () => {
  const media = new Phone();
  const devices = new Devices(/** @type {never} */ (media), storage(), { oneAtATime: true });
  await devices.start();
  const { microphone } = devices.use;
  await devices.resume();
  assert.equal(media.asked.length, 1);
  Object.assign(microphone.track ?? {}, { muted: true });
  await devices.resume();
  assert.equal(media.asked.length, 2);
  assert.equal(media.open.length, 2);
});

test("what a phone call still kept when the page was seen is told once, and asked for again the next time", async () => {
  const media = new Phone();
  const devices = new Devices(/** @type {never} */ (media), storage(), { oneAtATime: true });
  /** @type {string[]} */
  const told = [];
  devices.on("problem", ({ input, problem }) => told.push(`${input} ${problem}`));
  await devices.start();
  Object.assign(devices.use.microphone.track ?? {}, { muted: true });
  media.wrong = { audio: "NotReadableError" };
  await devices.resume();
  await devices.resume();
  assert.deepEqual([told, devices.use.microphone.track, media.asked.length], [["microphone busy"], null, 3]);
  media.wrong = {};
  await devices.resume();
  assert.deepEqual([inUse(devices, "microphone"), devices.outgoing().microphoneOn, media.asked.length], ["m1", true, 4]);
  await devices.resume();
  assert.equal(media.asked.length, 4);
});

/** A phone that opens one camera at a time, and says of another that it is in use. */
class OneCamera extends Phone {
  /** Whether the camera at the back is another program's. */
  taken = false;

  /** @param {MediaStreamConstraints} constraints */
  async getUserMedia(constraints) {
    const wish = /** @type {MediaTrackConstraints & {deviceId?: {exact?: string}}} */ (constraints.video);
    const busy = wish && (this.open.some(({ kind }) => kind === "video") || this.taken && wish.facingMode === "environment");
    if (!busy) return super.getUserMedia(constraints);
    this.asked.push(constraints);
    throw Object.assign(new Error("Could not start video source"), { name: "NotReadableError" });
  }
}

/** @param {Devices} devices */
function problemsOf(devices) {
  /** @type {string[]} */
  const told = [];
  devices.on("problem", ({ input, problem }) => told.push(`${input} ${problem}`));
  return told;
}

test("where only one camera opens at a time, the other is opened once one's own is let go of", async () => {
  const media = new OneCamera();
  const devices = new Devices(/** @type {never} */ (media), storage());
  await devices.start();
  const told = problemsOf(devices);
  await devices.flip();
  assert.deepEqual([devices.facing, inUse(devices, "camera"), told], ["environment", "back", []]);
  await devices.choose("camera", "front");
  assert.deepEqual([devices.facing, inUse(devices, "camera"), told], ["user", "front", []]);
});

test("where the other camera is another program's, one's own comes back, and so does the side that is asked for", async () => {
  const media = new OneCamera();
  const devices = new Devices(/** @type {never} */ (media), storage());
  await devices.start();
  const told = problemsOf(devices);
  media.taken = true;
  await devices.flip();
  assert.deepEqual([devices.facing, inUse(devices, "camera"), told], ["user", "front", ["camera busy"]]);
  assert.ok(devices.outgoing().camera);
  await devices.turn("camera", false);
  media.taken = false;
  await devices.turn("camera", true);
  assert.equal(devices.facing, "user", "nobody asked for the other side since");
});
