// What Twilio's SDK counts, as far as it is asked here.

/** @typedef {import("./types.js").Source} Source */
/** @typedef {import("../../vendor/twilio.mjs").StatsReport} StatsReport */
/** @typedef {StatsReport["localVideoTrackStats"][number] | StatsReport["localAudioTrackStats"][number]} Sent */
/** @typedef {StatsReport["remoteVideoTrackStats"][number] | StatsReport["remoteAudioTrackStats"][number]} Received */

/**
 * @param {StatsReport[]} reports one for each connection
 * @param {(sid: string) => {id: string, source: Source} | null} nameOf whose track a sid is, and of what
 * @param {string} [only] of this participant
 * @returns {import("./types.js").Sample}
 */
export function sample(reports, nameOf, only) {
  /** @type {import("./types.js").Sample} */
  const sample = { at: performance.now(), roundTrip: null, path: "", flows: [] };
  for (const { localAudioTrackStats, localVideoTrackStats, remoteAudioTrackStats, remoteVideoTrackStats } of reports) {
    for (const stats of [...localAudioTrackStats, ...localVideoTrackStats]) {
      if (stats.roundTripTime !== null) sample.roundTrip = stats.roundTripTime; // milliseconds
      count(stats, true, stats.bytesSent, stats.packetsSent);
    }
    for (const stats of [...remoteAudioTrackStats, ...remoteVideoTrackStats]) count(stats, false, stats.bytesReceived, stats.packetsReceived);
  }
  return sample;

  /**
   * @param {Sent | Received} stats
   * @param {boolean} sent
   * @param {number | null} bytes
   * @param {number | null} packets
   */
  function count(stats, sent, bytes, packets) {
    const whose = nameOf(stats.trackSid);
    if (!whose || (only !== undefined && whose.id !== only)) return;
    const size = "dimensions" in stats ? stats.dimensions : null;
    const frames = "frameRate" in stats ? stats.frameRate ?? 0 : 0;
    const same = sample.flows.find((flow) => flow.id === whose.id && flow.source === whose.source);
    // A picture that is sent in several layers is counted for each.
    const flow = same ?? { ...whose, sent, bytes: 0, packets: 0, lost: 0, width: 0, height: 0, frames: 0 };
    flow.bytes += bytes ?? 0;
    flow.packets += packets ?? 0;
    flow.lost += stats.packetsLost ?? 0;
    flow.width = Math.max(flow.width, size?.width ?? 0);
    flow.height = Math.max(flow.height, size?.height ?? 0);
    flow.frames = Math.max(flow.frames, frames);
    if (!same) sample.flows.push(flow);
  }
}
