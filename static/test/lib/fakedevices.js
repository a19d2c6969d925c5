// A browser's and a phone's devices, as a test sets them.

import { Devices } from "../../js/core/devices.js";

export class FakeTrack extends EventTarget {
  stopped = false;
  enabled = true;
  /** @param {string} kind @param {string} deviceId */
  constructor(kind, deviceId) { super(); this.kind = kind; this.deviceId = deviceId; this.id = `${deviceId}-${Math.random()}`; }
  getSettings() { return { deviceId: this.deviceId }; }
  stop() { this.stopped = true; }
}

/** A browser's devices as a test sets them. */
export class FakeMedia extends EventTarget {
  /** @type {FakeTrack[]} */
  tracks = [];
  /** @type {MediaStreamConstraints[]} */
  asked = [];
  /** @type {Record<string, string | undefined>} what getUserMedia rejects with, by kind */
  wrong = {};
  /** @type {Promise<void> | null} */
  hold = null;
  devices = [["audioinput", "m1", "Mic one"], ["audioinput", "m2", "Mic two"], ["videoinput", "c1", "Cam one"], ["audiooutput", "s1", "Speaker"]];

  async enumerateDevices() {
    return this.devices.map(([kind, deviceId, label]) => ({ kind, deviceId, label }));
  }

  /** @param {MediaStreamConstraints} constraints */
  async getUserMedia(constraints) {
    this.asked.push(constraints);
    if (this.hold) await this.hold;
    const tracks = [];
    for (const [name, kind] of /** @type {const} */ ([["audio", "audioinput"], ["video", "videoinput"]])) {
      const constraint = constraints[name];
      if (!constraint || constraint === true) continue;
      const wrong = this.wrong[name];
      if (wrong) throw Object.assign(new Error(wrong), { name: wrong });
      const wish = /** @type {{exact?: string, ideal?: string} | undefined} */ (constraint.deviceId);
      const there = this.devices.filter((device) => device[0] === kind);
      const device = there.find((known) => known[1] === (wish?.exact ?? wish?.ideal)) ?? (wish?.exact ? undefined : there[0]);
      if (!device) throw Object.assign(new Error(), { name: wish?.exact && there.length ? "OverconstrainedError" : "NotFoundError" });
      tracks.push(new FakeTrack(name, device[1] ?? ""));
    }
    this.tracks.push(...tracks);
    return { getAudioTracks: () => tracks.filter(({ kind }) => kind === "audio"), getVideoTracks: () => tracks.filter(({ kind }) => kind === "video") };
  }

  async plug(devices) {
    this.devices = devices;
    this.dispatchEvent(new Event("devicechange"));
    await settle();
  }

  get open() { return this.tracks.filter(({ stopped }) => !stopped); }
}

export const settle = async () => { for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve)); };

export function storage(text = "") {
  let held = text || null;
  return { getItem: () => held, setItem: (/** @type {string} */ _key, /** @type {string} */ value) => { held = value; } };
}

/** @param {FakeMedia} media @param {ReturnType<typeof storage> | null} [memory] */
export const devicesOf = (media, memory = storage()) => new Devices(/** @type {never} */ (media), memory);

/** @param {Devices} devices @param {"microphone" | "camera"} input */
export const inUse = (devices, input) => devices.use[input].track?.getSettings().deviceId;

/** A phone's cameras, which say which way they look. */
export class Phone extends FakeMedia {
  devices = [["audioinput", "m1", "Mic"], ["videoinput", "front", "Front Camera"], ["videoinput", "back", "Back Camera"]];

  /** @param {MediaStreamConstraints} constraints */
  async getUserMedia(constraints) {
    const wish = /** @type {MediaTrackConstraints} */ (constraints.video);
    if (wish?.facingMode) constraints.video = { ...wish, deviceId: { ideal: wish.facingMode === "environment" ? "back" : "front" } };
    const stream = await super.getUserMedia(constraints);
    for (const track of stream.getVideoTracks()) track.getSettings = () => ({ deviceId: track.deviceId, facingMode: track.deviceId === "back" ? "environment" : "user" });
    return stream;
  }
}
