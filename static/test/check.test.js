import assert from "node:assert/strict";
import test from "node:test";
import { Check } from "../js/core/check.js";
import { Deafness } from "../js/core/level.js";
import { Declined, Failed } from "../js/core/post.js";

const settle = async () => { for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve)); };
const loud = new Float32Array(64).fill(0.3);
const faint = new Float32Array(64).fill(0.002);
const nothing = new Float32Array(64);
const works = { on: true, opening: false, track: {}, problem: null };
const way = { backend: "livekit", url: "", token: "t" };

/**
 * Runs a check in a world that is as a test says, and returns what it found.
 * @param {import("node:test").TestContext} t
 * @param {object} [world]
 * @param {() => Promise<object>} [world.ask]
 * @param {object} [world.path]
 * @param {object} [world.microphone]
 * @param {object} [world.camera]
 * @param {Float32Array | null} [world.heard]
 * @param {boolean} [world.online]
 */
async function found(t, { ask = async () => way, path = { signalling: "open", media: "udp" }, microphone = works, camera = works, heard = loud, online = true } = {}) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let closed = 0;
  const check = new Check(/** @type {never} */ ({
    ask, probe: async () => path, use: () => ({ microphone, camera }), online: () => online,
    listen: () => ({ samples: () => heard, close: () => { closed++; } }),
  }));
  const run = check.run();
  for (let i = 0; i < 320; i++) {
    await settle();
    t.mock.timers.tick(100);
  }
  await run;
  assert.ok(check.done);
  assert.equal(closed, microphone === works ? 1 : 0);
  return Object.fromEntries(check.results.map(({ step, state, finding }) => [step, `${state} ${finding}`]));
}

test("where everything works, it says so of each", async (t) => {
  assert.deepEqual(await found(t), {
    server: "good server_good", signalling: "good signalling_good", media: "good media_udp", microphone: "good microphone_good", camera: "good camera_good",
  });
});

for (const [what, world, step, want] of /** @type {[string, object, string, string][]} */ ([
  ["no network", { ask: async () => { throw new TypeError("failed"); }, online: false }, "server", "bad offline"],
  ["no server", { ask: async () => { throw new TypeError("failed"); } }, "server", "bad server_unreachable"],
  ["signed out", { ask: async () => { throw new Declined("signed_out", ""); } }, "server", "bad signed_out"],
  ["a media service that does not answer Foyer", { ask: async () => { throw new Declined("media_unavailable", ""); } }, "server", "bad media_unavailable"],
  ["a server that has trouble", { ask: async () => { throw new Failed(""); } }, "server", "bad server_failed"],
  ["a refusal of another kind", { ask: async () => { throw new Declined("cross_site", ""); } }, "server", "bad refused"],
  ["a service that can only be tried by joining", { ask: async () => ({ ...way, token: "" }) }, "media", "left_out only_by_joining"],
  ["signalling that is blocked", { path: { signalling: "blocked", media: "none" } }, "signalling", "bad signalling_blocked"],
  ["media that are not tried then", { path: { signalling: "blocked", media: "none" } }, "media", "left_out "],
  ["a media service that is away", { path: { signalling: "unavailable", media: "none" } }, "signalling", "bad media_unavailable"],
  ["no UDP", { path: { signalling: "open", media: "tcp" } }, "media", "fair media_tcp"],
  ["a relay", { path: { signalling: "open", media: "relay" } }, "media", "fair media_relay"],
  ["no way for media at all", { path: { signalling: "open", media: "none" } }, "media", "bad media_blocked"],
  ["no microphone", { microphone: { ...works, track: null, problem: "missing" } }, "microphone", "fair microphone_missing"],
  ["a camera that the browser blocks", { camera: { ...works, track: null, problem: "denied" } }, "camera", "bad camera_denied"],
  ["a microphone that the system blocks", { microphone: { ...works, track: null, problem: "system" } }, "microphone", "bad microphone_system"],
  ["a camera in use elsewhere", { camera: { ...works, track: null, problem: "busy" } }, "camera", "bad camera_busy"],
  ["a camera that is off", { camera: { ...works, on: false, track: null } }, "camera", "left_out camera_off"],
  ["a microphone that is not open", { microphone: { ...works, track: null } }, "microphone", "left_out not_open"],
  ["a browser that still asks", { camera: { ...works, track: null, opening: true } }, "camera", "left_out asks"],
  ["a microphone that hears nothing", { heard: nothing }, "microphone", "bad microphone_silent"],
  ["a microphone that hears no voice", { heard: faint }, "microphone", "fair microphone_quiet"],
  ["a browser that does not let the page listen", { heard: null }, "microphone", "left_out not_listening"],
])) {
  test(`${what}: ${want}`, async (t) => {
    assert.equal((await found(t, world))[step], want);
  });
}

test("a check that is stopped says nothing any more, and lets go of the microphone", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let closed = 0;
  /** @type {(path: object) => void} */
  let arrive = () => {};
  const check = new Check(/** @type {never} */ ({
    ask: async () => way, probe: () => new Promise((resolve) => { arrive = resolve; }), use: () => ({ microphone: works, camera: works }), online: () => true,
    listen: () => ({ samples: () => nothing, close: () => { closed++; } }),
  }));
  const run = check.run();
  await settle();
  let told = 0;
  check.on("change", () => { told++; });
  check.stop();
  arrive({ signalling: "open", media: "udp" });
  t.mock.timers.tick(200);
  await run;
  assert.deepEqual([told, closed], [0, 1]);
});

test("deaf is a microphone after seconds of nothing at all, and no longer once it hears", () => {
  const deafness = new Deafness();
  assert.equal(deafness.lasts(nothing, 0), false);
  assert.equal(deafness.lasts(nothing, 4900), false);
  assert.equal(deafness.lasts(nothing, 5000), true);
  assert.equal(deafness.lasts(faint, 5100), false);
  assert.equal(deafness.lasts(nothing, 5200), false);
  assert.equal(deafness.lasts(null, 20_000), false);
});
