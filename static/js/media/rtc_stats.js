// What a browser's statistics of WebRTC say, as far as it is asked here.
// https://www.w3.org/TR/webrtc-stats/

/** @typedef {import("./types.js").Flow} Flow */
/** @typedef {import("./types.js").Path} Path */

/**
 * @typedef {object} Reported a track and what the browser says of it
 * @property {string} id whose it is
 * @property {import("./types.js").Source} source
 * @property {boolean} sent
 * @property {RTCStatsReport | undefined} report undefined while nothing flows
 */

/** An entry of a report; which of these it has depends on its type. @typedef {Partial<Record<string, string | number | boolean>>} Entry */

/**
 * @param {Reported[]} tracks
 * @returns {import("./types.js").Sample}
 */
export function sample(tracks) {
  /** @type {import("./types.js").Sample} */
  const sample = { at: performance.now(), roundTrip: null, path: "", flows: [] };
  for (const { id, source, sent, report } of tracks) {
    const entries = entriesOf(report);
    const flow = flowOf(entries, sent);
    if (flow) sample.flows.push({ id, source, sent, ...flow });
    const way = wayOf(entries);
    if (way) Object.assign(sample, way);
  }
  return sample;
}

/**
 * Over what media travel.
 * @param {RTCStatsReport | undefined} report
 */
export function pathIn(report) {
  return wayOf(entriesOf(report))?.path ?? "";
}

/**
 * @param {RTCStatsReport | undefined} report
 * @returns {Map<string, Entry>}
 */
function entriesOf(report) {
  const entries = new Map();
  report?.forEach((entry, id) => entries.set(id, entry));
  return entries;
}

/**
 * A picture that is sent in several layers has an entry for each.
 * @param {Map<string, Entry>} entries
 * @param {boolean} sent
 * @returns {Omit<Flow, "id" | "source" | "sent"> | null}
 */
function flowOf(entries, sent) {
  const all = [...entries.values()];
  const own = all.filter(({ type }) => type === (sent ? "outbound-rtp" : "inbound-rtp"));
  if (own.length === 0) return null;
  // Of what is sent, the other end says what was lost.
  const shown = own.filter(({ active }) => active !== false);
  const lossy = sent ? all.filter(({ type }) => type === "remote-inbound-rtp") : own;
  return {
    bytes: sum(own, sent ? "bytesSent" : "bytesReceived"),
    packets: sum(own, sent ? "packetsSent" : "packetsReceived"),
    lost: sum(lossy, "packetsLost"),
    width: most(shown, "frameWidth"),
    height: most(shown, "frameHeight"),
    frames: most(shown, "framesPerSecond"),
  };
}

/**
 * Over which pair of addresses media travel now.
 * @param {Map<string, Entry>} entries
 * @returns {{roundTrip: number | null, path: Path} | null}
 */
function wayOf(entries) {
  for (const { type, selectedCandidatePairId } of entries.values()) {
    const pair = type === "transport" ? entries.get(String(selectedCandidatePairId)) : undefined;
    if (!pair) continue;
    const { currentRoundTripTime: seconds, localCandidateId } = pair;
    const { candidateType, protocol } = entries.get(String(localCandidateId)) ?? {};
    return {
      roundTrip: typeof seconds === "number" ? seconds * 1000 : null,
      path: candidateType === "relay" ? "relay" : protocol === "tcp" ? "tcp" : protocol === "udp" ? "udp" : "",
    };
  }
  return null;
}

/**
 * @param {Entry[]} entries
 * @param {string} field
 */
function sum(entries, field) {
  return entries.reduce((total, { [field]: value }) => total + (typeof value === "number" ? value : 0), 0);
}

/**
 * @param {Entry[]} entries
 * @param {string} field
 */
function most(entries, field) {
  return Math.max(0, ...entries.map(({ [field]: value }) => (typeof value === "number" ? value : 0)));
}
