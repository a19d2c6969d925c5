import assert from "node:assert/strict";
import test from "node:test";
import { pictureSizes, problemOf, remembered } from "../js/core/capture.js";
import { Devices } from "../js/core/devices.js";
import { FakeMedia, FakeTrack, devicesOf, inUse, settle, storage } from "./lib/fakedevices.js";

test("asks once for both", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  assert.equal(media.asked.length, 1);
  assert.deepEqual([inUse(devices, "microphone"), inUse(devices, "camera")], ["m1", "c1"]);
  assert.equal(devices.outgoing().microphoneOn, true);
  assert.deepEqual(devices.lists.speaker, [{ id: "s1", label: "Speaker" }]);
});

test("one that is missing does not keep the other back", async () => {
  const media = new FakeMedia();
  await media.plug([["audioinput", "m1", "Mic one"]]);
  const devices = devicesOf(media);
  await devices.start();
  assert.equal(inUse(devices, "microphone"), "m1");
  assert.equal(devices.use.camera.problem, "missing");
});

test("without any device, and without a secure page, it says so and sends nothing", async () => {
  const media = new FakeMedia();
  await media.plug([]);
  const none = devicesOf(media);
  await none.start();
  assert.deepEqual([none.use.camera.problem, none.use.microphone.problem], ["missing", "missing"]);
  const insecure = new Devices(undefined, null);
  await insecure.start();
  await insecure.retry();
  await insecure.turn("camera", true);
  assert.equal(insecure.use.camera.problem, "insecure");
  assert.deepEqual(insecure.outgoing(), { microphone: null, microphoneOn: false, camera: null });
});

test("a denied permission is not asked for again until the person says so", async () => {
  const media = new FakeMedia();
  media.wrong = { audio: "NotAllowedError", video: "NotAllowedError" };
  const devices = devicesOf(media);
  await devices.start();
  assert.deepEqual([devices.use.camera.problem, devices.use.microphone.problem], ["denied", "denied"]);
  assert.equal(media.asked.length, 1);
  media.wrong = {};
  await devices.retry();
  assert.deepEqual([inUse(devices, "microphone"), inUse(devices, "camera")], ["m1", "c1"]);
  assert.equal(devices.use.camera.problem, null);
});

test("a device that went away is replaced, and taken again when it is back", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  await devices.choose("microphone", "m2");
  assert.equal(inUse(devices, "microphone"), "m2");
  const [lost] = media.open.filter(({ deviceId }) => deviceId === "m2");
  await media.plug([["audioinput", "m1", "Mic one"], ["videoinput", "c1", "Cam one"]]);
  lost?.dispatchEvent(new Event("ended"));
  await settle();
  assert.equal(inUse(devices, "microphone"), "m1");
  await media.plug([["audioinput", "m1", "Mic one"], ["audioinput", "m2", "Mic two"], ["videoinput", "c1", "Cam one"]]);
  assert.equal(inUse(devices, "microphone"), "m2");
  assert.equal(media.open.length, 2);
});

test("what works goes on when the device that is preferred cannot be opened, and nothing ends without a word", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  /** @type {string[]} */
  const told = [];
  devices.on("problem", ({ input, problem }) => told.push(`${input} ${problem}`));
  await devices.start();
  await devices.choose("microphone", "m2");
  const lost = media.open.find(({ deviceId }) => deviceId === "m2");
  const one = [["audioinput", "m1", "Mic one"], ["videoinput", "c1", "Cam one"]];
  await media.plug(one);
  lost?.dispatchEvent(new Event("ended"));
  await settle();
  media.wrong = { audio: "NotReadableError" };
  await media.plug([...one, ["audioinput", "m2", "Mic two"]]);
  assert.equal(inUse(devices, "microphone"), "m1");
  assert.deepEqual([devices.use.microphone.problem, devices.use.microphone.opening], [null, false]);
  assert.deepEqual(told, ["microphone busy"]);
  media.wrong = {};
  const last = media.open.find(({ deviceId }) => deviceId === "m1");
  await media.plug([["videoinput", "c1", "Cam one"]]);
  last?.dispatchEvent(new Event("ended"));
  await settle();
  assert.equal(devices.use.microphone.track, null);
  assert.deepEqual(told, ["microphone busy", "microphone missing"]);
});

test("a first camera is picked up when it is plugged in", async () => {
  const media = new FakeMedia();
  await media.plug([["audioinput", "m1", "Mic one"]]);
  const devices = devicesOf(media);
  await devices.start();
  await media.plug([["audioinput", "m1", "Mic one"], ["videoinput", "c9", "New cam"]]);
  assert.equal(inUse(devices, "camera"), "c9");
  assert.equal(devices.use.camera.problem, null);
});

test("choices are remembered: which, and off", async () => {
  const memory = storage();
  const first = devicesOf(new FakeMedia(), memory);
  await first.start();
  await first.choose("microphone", "m2");
  await first.turn("camera", false);
  const media = new FakeMedia();
  const second = devicesOf(media, memory);
  await second.start();
  assert.equal(inUse(second, "microphone"), "m2");
  assert.equal(second.use.camera.on, false);
  assert.equal(media.asked[0]?.video, false);
});

test("memory that is not ours or that the browser refuses is no obstacle", async () => {
  for (const memory of [storage("{not json"), storage("[]"), storage('{"microphone":7,"off":3}'), storage("null"), null,
    { getItem: () => { throw new Error("denied"); }, setItem: () => { throw new Error("denied"); } }]) {
    const devices = devicesOf(new FakeMedia(), memory);
    await devices.start();
    await devices.turn("microphone", false);
    assert.equal(devices.use.microphone.on, false);
    assert.equal(inUse(devices, "camera"), "c1");
  }
});

test("a camera goes dark when off; a microphone stays open but silent", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  await devices.turn("camera", false);
  await devices.turn("microphone", false);
  assert.deepEqual(media.open.map(({ kind, enabled }) => [kind, enabled]), [["audio", false]]);
  assert.deepEqual([devices.outgoing().camera, devices.outgoing().microphoneOn], [null, false]);
  await devices.turn("microphone", true);
  assert.equal(media.asked.length, 1);
  assert.equal(devices.outgoing().microphone?.enabled, true);
});

test("an answer that comes after the switch was turned off again is let go", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  await devices.turn("camera", false);
  let release = () => {};
  media.hold = new Promise((resolve) => { release = resolve; });
  const turning = devices.turn("camera", true);
  await devices.turn("camera", false);
  release();
  await turning;
  await settle();
  assert.equal(devices.use.camera.track, null);
  assert.deepEqual(media.open.map(({ kind }) => kind), ["audio"]);
});

test("stop lets go of everything, also of what was still being opened", async () => {
  const media = new FakeMedia();
  let release = () => {};
  media.hold = new Promise((resolve) => { release = resolve; });
  const devices = devicesOf(media);
  const starting = devices.start();
  devices.stop();
  release();
  await starting;
  assert.equal(media.open.length, 0);
  media.hold = null;
  await devices.start();
  assert.equal(media.open.length, 2);
});

test("a chosen device is found by its id, then by its name", () => {
  const list = [{ id: "a", label: "Built-in" }, { id: "b", label: "USB" }, { id: "c", label: "" }];
  assert.equal(remembered(list, { id: "b", label: "Built-in" })?.id, "b");
  assert.equal(remembered(list, { id: "gone", label: "USB" })?.id, "b");
  assert.equal(remembered(list, { id: "gone", label: "" }), undefined);
  assert.equal(remembered(list, undefined), undefined);
});

test("what browsers reject with is understood", () => {
  const error = (/** @type {string} */ name, message = "") => new DOMException(message, name);
  assert.equal(problemOf(error("NotAllowedError", "Permission denied")), "denied");
  assert.equal(problemOf(error("NotAllowedError", "Permission denied by system")), "system");
  assert.equal(problemOf(error("NotFoundError")), "missing");
  assert.equal(problemOf(error("NotReadableError")), "busy");
  assert.equal(problemOf("odd"), "failed");
});

test("what was turned on and does not work is told each time", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  /** @type {string[]} */
  const told = [];
  devices.on("problem", ({ input, problem }) => told.push(`${input} ${problem}`));
  await devices.turn("camera", false);
  media.wrong = { video: "NotReadableError" };
  await devices.turn("camera", true);
  await devices.turn("camera", true);
  assert.deepEqual(told, ["camera busy", "camera busy"]);
  media.wrong = {};
  await devices.turn("camera", true);
  assert.equal(inUse(devices, "camera"), "c1");
  assert.equal(told.length, 2);
});

test("turned on for now, what is remembered stays", async () => {
  const media = new FakeMedia();
  const memory = storage();
  const devices = devicesOf(media, memory);
  await devices.start();
  await devices.turn("microphone", false);
  await devices.turnForNow("microphone", true);
  assert.equal(devices.outgoing().microphoneOn, true);
  await devices.choose("speaker", "s1");
  assert.equal(devicesOf(new FakeMedia(), memory).use.microphone.on, false);
  await devices.turnForNow("microphone", false);
  assert.equal(devices.outgoing().microphoneOn, false);
});

test("another way to process sound opens the microphone anew, on or off as it was", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.process({ noiseSuppression: false, echoCancellation: true, autoGainControl: true });
  assert.equal(media.asked.length, 0);
  await devices.start();
  await devices.turn("microphone", false);
  const before = devices.use.microphone.track;
  await devices.process({ noiseSuppression: true, echoCancellation: false, autoGainControl: true });
  assert.deepEqual(media.asked.map(({ audio }) => /** @type {MediaTrackConstraints} */ (audio).noiseSuppression), [false, true]);
  assert.notEqual(devices.use.microphone.track, before);
  assert.deepEqual([devices.use.microphone.track?.enabled, media.open.length], [false, 2]);
});

test("a desk's camera has no other side", async () => {
  const devices = devicesOf(new FakeMedia());
  await devices.start();
  assert.deepEqual([devices.facing, devices.flips], ["", false]);
});

test("a weak computer has the camera take smaller pictures, also when it is opened anew", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  /** @type {(MediaTrackConstraints | undefined)[]} */
  const applied = [];
  Object.assign(devices.use.camera.track ?? {}, { applyConstraints: async (/** @type {MediaTrackConstraints} */ wish) => { applied.push(wish); } });
  let told = 0;
  devices.on("change", () => { told = applied.length; });
  await devices.limit(pictureSizes - 1);
  assert.deepEqual(applied[0]?.height, { ideal: 180 });
  assert.equal(told, 1, "whoever sends a copy of the picture is told, and not before it is smaller");
  await devices.turn("camera", false);
  await devices.turn("camera", true);
  assert.deepEqual(/** @type {MediaTrackConstraints} */ (media.asked.at(-1)?.video).height, { ideal: 180 });
});

test("what was turned for now is as it was by hand once everything was let go of", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  await devices.turnForNow("camera", false);
  await devices.turnForNow("microphone", false);
  devices.stop();
  assert.equal(media.open.length, 0);
  await devices.start();
  assert.deepEqual([devices.use.microphone.on, devices.use.camera.on, media.open.length], [true, true, 2]);
});

test("what one may not use is let go of, nothing turns it on meanwhile, and that one may again turns nothing on", async () => {
  const media = new FakeMedia();
  const memory = storage();
  const devices = devicesOf(media, memory);
  await devices.start();
  devices.permit({ microphone: false, camera: false });
  assert.deepEqual([media.open.length, devices.use.microphone.on, devices.use.camera.on], [0, false, false]);
  await devices.turn("microphone", true);
  await devices.turnForNow("camera", true); // as leaving audio only does
  await media.plug([...media.devices, ["videoinput", "c2", "Cam two"]]);
  await devices.resume();
  await devices.retry();
  assert.deepEqual([media.asked.length, devices.outgoing()], [1, { microphone: null, microphoneOn: false, camera: null }]);
  devices.permit({ microphone: true, camera: true });
  await settle();
  assert.deepEqual([media.asked.length, media.open.length], [1, 0]);
  await devices.turn("microphone", true);
  await devices.turn("camera", true);
  assert.deepEqual(media.open.map(({ kind, enabled }) => [kind, enabled]), [["audio", true], ["video", true]]);
  devices.permit({ microphone: false, camera: false });
  const later = devicesOf(new FakeMedia(), memory);
  assert.deepEqual([later.use.microphone.on, later.use.camera.on], [true, true], "that was for this call alone");
});

test("one that is still being opened when one may not use it any more is let go", async () => {
  const media = new FakeMedia();
  const devices = devicesOf(media);
  let release = () => {};
  media.hold = new Promise((resolve) => { release = resolve; });
  const starting = devices.start();
  devices.permit({ microphone: true, camera: false });
  release();
  await starting;
  assert.deepEqual(media.open.map(({ kind }) => kind), ["audio"]);
  assert.equal(devices.use.camera.opening, false);
});

/** Has the browser say what it asks the person for. @param {import("node:test").TestContext} t @param {string} state */
function permissions(t, state) {
  const before = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { configurable: true, value: { permissions: { query: async () => ({ state }) } } });
  t.after(() => Object.defineProperty(globalThis, "navigator", before ?? { configurable: true, value: undefined }));
}

/** Devices of somebody whose microphone was off when they were here before. @param {FakeMedia} media @param {object} [how] */
const muted = (media, how) => new Devices(/** @type {never} */ (media), storage('{"off": {"microphone": true}}'), how);

/** Devices in a call, where the microphone is listened to also while it is off. @param {import("node:test").TestContext} t */
async function listening(t) {
  permissions(t, "granted");
  const media = new FakeMedia();
  const devices = devicesOf(media);
  await devices.start();
  devices.listens = true;
  return { media, devices };
}

test("in the call a microphone that was off from the beginning is open but silent, and none is before", async (t) => {
  permissions(t, "granted");
  const media = new FakeMedia();
  const devices = muted(media);
  await devices.start();
  await settle();
  assert.equal(devices.use.microphone.track, null);
  devices.listens = true;
  devices.listens = true;
  await settle();
  const [, microphone] = media.tracks;
  assert.deepEqual([media.asked.length, microphone?.kind, microphone?.enabled], [2, "audio", false]);
  assert.deepEqual([devices.outgoing().microphoneOn, devices.use.microphone.on], [false, false]);
  await devices.turn("microphone", true);
  assert.deepEqual([media.asked.length, microphone?.enabled], [2, true], "back at once");
});

test("another microphone that is chosen while it is off in the call is open but silent", async (t) => {
  const { media, devices } = await listening(t);
  await devices.turn("microphone", false);
  await devices.choose("microphone", "m2");
  await settle();
  assert.equal(inUse(devices, "microphone"), "m2");
  assert.equal(devices.use.microphone.track?.enabled, false);
  assert.deepEqual(media.open.map(({ deviceId }) => deviceId), ["c1", "m2"]);
  devices.listens = false;
  await devices.choose("microphone", "m1");
  await settle();
  assert.equal(devices.use.microphone.track, null);
});

test("a microphone that is pulled out while it is off in the call is replaced, or taken again when it is back", async (t) => {
  const { media, devices } = await listening(t);
  await devices.turn("microphone", false);
  const pull = async (/** @type {string[][]} */ left) => {
    const lost = media.open.find(({ kind }) => kind === "audio");
    await media.plug(left);
    lost?.dispatchEvent(new Event("ended"));
    await settle();
  };
  await pull([["audioinput", "m2", "Mic two"], ["videoinput", "c1", "Cam one"]]);
  assert.deepEqual([inUse(devices, "microphone"), devices.use.microphone.track?.enabled], ["m2", false]);
  await pull([["videoinput", "c1", "Cam one"]]);
  assert.deepEqual([devices.use.microphone.track, devices.use.microphone.problem], [null, null]);
  await media.plug([["audioinput", "m1", "Mic one"], ["videoinput", "c1", "Cam one"]]);
  await settle();
  assert.deepEqual([inUse(devices, "microphone"), devices.use.microphone.track?.enabled], ["m1", false]);
  assert.deepEqual(media.open.map(({ deviceId }) => deviceId), ["c1", "m1"]);
});

test("nobody listens to a microphone that one may not use", async (t) => {
  const { media, devices } = await listening(t);
  devices.permit({ microphone: false, camera: true });
  await settle();
  assert.deepEqual(media.open.map(({ kind }) => kind), ["video"]);
  devices.permit({ microphone: true, camera: true });
  await settle();
  assert.deepEqual(media.open.map(({ kind, enabled }) => [kind, enabled]), [["video", true], ["audio", false]]);
});

test("nobody is asked for a microphone that is off, and one that does not work is no problem", async (t) => {
  const media = new FakeMedia();
  for (const state of ["prompt", "denied"]) {
    permissions(t, state);
    const devices = muted(media);
    devices.listens = true;
    await settle();
  }
  permissions(t, "granted");
  muted(media, { oneAtATime: true }).listens = true;
  await settle();
  assert.equal(media.asked.length, 0);
  media.wrong = { audio: "NotReadableError" };
  const devices = muted(media);
  devices.listens = true;
  await settle();
  assert.deepEqual([media.asked.length, devices.use.microphone.problem], [1, null]);
});

test("a microphone that is being opened while it is off gives way to who turns it on, and to the end", async (t) => {
  permissions(t, "granted");
  const media = new FakeMedia();
  const devices = muted(media);
  let release = () => {};
  media.hold = new Promise((resolve) => { release = resolve; });
  devices.listens = true;
  await settle();
  const held = devices.turnForNow("microphone", true); // the space bar, for a moment
  await devices.turnForNow("microphone", false);
  release();
  await held;
  await settle();
  assert.deepEqual(media.open.map(({ enabled }) => enabled), [false], "one, silent");
  devices.listens = false;
  devices.stop();
  await settle();
  assert.equal(media.open.length, 0);
});
