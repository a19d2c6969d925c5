import assert from "node:assert/strict";
import test from "node:test";

// LiveKit's client looks for it when it is loaded.
globalThis.WebSocket ??= /** @type {typeof WebSocket} */ (class {});
const livekit = await import("../js/media/livekit.js");
const twilio = await import("../js/media/twilio.js");

const sources = /** @type {const} */ ({
  microphone: "audio", camera: "video", share: "video", shareSound: "audio",
});
const names = { microphone: "microphone", camera: "camera", share: "screen_share", shareSound: "screen_share_audio" };
const shows = { microphone: "sound", camera: "picture", share: "share", shareSound: "shareSound" };

for (const [source, kind] of Object.entries(sources)) {
  const key = /** @type {"microphone" | "camera" | "share" | "shareSound"} */ (source);
  for (const sent of ["audio", "video"]) {
    const want = sent === kind ? "T1" : "";

    test(`LiveKit: ${sent} published as ${source} is ${want ? "taken" : "not taken"}`, () => {
      // The media service tells what the track was said to be.
      const publication = { kind, trackSid: "T1", isMuted: false, track: { kind: sent } };
      const participant = { identity: "them", getTrackPublication: (/** @type {string} */ name) => (name === names[key] ? publication : undefined) };
      const there = /** @type {Record<string, unknown>} */ (livekit.present(/** @type {any} */ (participant)));
      for (const [other, shown] of Object.entries(shows)) assert.equal(there[shown], other === source ? want : "", shown);
    });

    test(`Twilio: ${sent} published as ${source} is ${want ? "taken" : "not taken"}`, () => {
      const publication = { kind: sent, trackName: source, trackSid: "T1", isTrackEnabled: true, track: { kind: sent } };
      const there = /** @type {Record<string, unknown>} */ (twilio.present(/** @type {any} */ ({ identity: "them", tracks: new Map([["T1", publication]]) })));
      for (const [other, shown] of Object.entries(shows)) assert.equal(there[shown], other === source ? want : "", shown);
    });
  }
}
