import assert from "node:assert/strict";
import test from "node:test";
import { summary } from "../js/core/quality.js";
import { sample } from "../js/media/rtc_stats.js";
import { sample as twilioSample } from "../js/media/twilio_stats.js";

/** @param {Partial<import("../js/media/types.js").Flow>} flow @returns {import("../js/media/types.js").Flow} */
const flow = (flow) => ({ id: "a", source: "camera", sent: false, bytes: 0, packets: 0, lost: 0, width: 640, height: 360, frames: 25, ...flow });

test("rates are what was counted between two samples", () => {
  const before = { at: 1000, roundTrip: null, path: /** @type {const} */ (""), flows: [flow({ bytes: 1000, packets: 10, lost: 1 }), flow({ source: "microphone", sent: true, bytes: 500, packets: 10 })] };
  const now = { at: 3000, roundTrip: 24, path: /** @type {const} */ ("udp"), flows: [
    flow({ bytes: 126_000, packets: 100, lost: 11 }), flow({ source: "microphone", sent: true, bytes: 8500, packets: 110, lost: 5 }), flow({ id: "new", bytes: 9 }),
  ] };
  const { tracks, ...all } = summary(before, now);
  assert.deepEqual(all, { roundTrip: 24, path: "udp", loss: 15 / 200, sending: 32_000, receiving: 500_000 });
  assert.deepEqual(tracks.map(({ bitrate, loss }) => [bitrate, loss]), [[500_000, 0.1], [32_000, 0.05]]);
});

test("counters that begin anew, and samples of one moment, give no rates", () => {
  const one = { at: 1000, roundTrip: null, path: /** @type {const} */ (""), flows: [flow({ bytes: 1000 })] };
  for (const now of [{ ...one, at: 2000, flows: [flow({ bytes: 10 })] }, one]) {
    assert.deepEqual(summary(one, now), { roundTrip: null, path: "", loss: null, sending: 0, receiving: 0, tracks: [] });
  }
  assert.equal(summary(one, { ...one, at: 2000 }).loss, null, "without packets nothing was lost");
});

/** @param {object[]} entries @returns {never} */
const report = (entries) => /** @type {never} */ (new Map(entries.map((entry, i) => [/** @type {{id?: string}} */ (entry).id ?? String(i), entry])));

test("a browser's report: layers are added up, the path is that of the chosen pair", () => {
  const way = [
    { type: "transport", selectedCandidatePairId: "pair" },
    { id: "pair", type: "candidate-pair", currentRoundTripTime: 0.0245, localCandidateId: "local" },
    { id: "other", type: "candidate-pair", currentRoundTripTime: 9, localCandidateId: "local" },
    { id: "local", type: "local-candidate", candidateType: "host", protocol: "tcp" },
  ];
  const sent = sample([{ id: "me", source: "camera", sent: true, report: report([
    ...way,
    { type: "outbound-rtp", bytesSent: 100, packetsSent: 3, frameWidth: 320, frameHeight: 180, framesPerSecond: 10, active: true },
    { type: "outbound-rtp", bytesSent: 900, packetsSent: 7, frameWidth: 640, frameHeight: 360, framesPerSecond: 12, active: true },
    { type: "outbound-rtp", bytesSent: 50, packetsSent: 1, frameWidth: 1280, frameHeight: 720, framesPerSecond: 30, active: false },
    { type: "remote-inbound-rtp", packetsLost: 2 },
  ]) }]);
  assert.deepEqual(sent.flows, [{ id: "me", source: "camera", sent: true, bytes: 1050, packets: 11, lost: 2, width: 640, height: 360, frames: 12 }]);
  assert.deepEqual([sent.roundTrip, sent.path], [24.5, "tcp"]);
  const heard = sample([
    { id: "a", source: "microphone", sent: false, report: report([{ type: "inbound-rtp", bytesReceived: 70, packetsReceived: 7, packetsLost: 1 }, ...way.slice(0, 2), { id: "local", type: "local-candidate", candidateType: "relay", protocol: "udp" }]) },
    { id: "b", source: "camera", sent: false, report: undefined },
  ]);
  assert.deepEqual(heard.flows, [{ id: "a", source: "microphone", sent: false, bytes: 70, packets: 7, lost: 1, width: 0, height: 0, frames: 0 }]);
  assert.equal(heard.path, "relay");
});

test("Twilio's report: layers are added up, what nobody is known to have sent is left out", () => {
  const none = { localAudioTrackStats: [], localVideoTrackStats: [], remoteAudioTrackStats: [], remoteVideoTrackStats: [] };
  const layer = { trackSid: "MT1", roundTripTime: 30, bytesSent: 10, packetsSent: 1, packetsLost: null, dimensions: { width: 320, height: 180 }, frameRate: 15 };
  const got = twilioSample(/** @type {never} */ ([{
    ...none,
    localVideoTrackStats: [layer, { ...layer, bytesSent: 90, dimensions: { width: 640, height: 360 } }],
    remoteAudioTrackStats: [{ trackSid: "MT2", bytesReceived: 7, packetsReceived: 2, packetsLost: 1 }, { trackSid: "MT3", bytesReceived: 7, packetsReceived: 2, packetsLost: 1 }],
  }]), (sid) => ({ MT1: { id: "me", source: /** @type {const} */ ("camera") }, MT2: { id: "a", source: /** @type {const} */ ("microphone") } })[sid] ?? null);
  assert.equal(got.roundTrip, 30);
  assert.deepEqual(got.flows, [
    { id: "me", source: "camera", sent: true, bytes: 100, packets: 2, lost: 0, width: 640, height: 360, frames: 15 },
    { id: "a", source: "microphone", sent: false, bytes: 7, packets: 2, lost: 1, width: 0, height: 0, frames: 0 },
  ]);
});
