// Rates from two samples of a connection: what people read about it.

/** @typedef {import("../media/types.js").Sample} Sample */
/** @typedef {import("../media/types.js").Flow} Flow */

/**
 * @typedef {object} Rate of one track
 * @property {string} id whose it is
 * @property {import("../media/types.js").Source} source
 * @property {boolean} sent
 * @property {number} bitrate in bits a second
 * @property {number | null} loss of its packets, from 0 to 1; null while none come
 * @property {number} width
 * @property {number} height
 * @property {number} frames a second
 */

/**
 * @typedef {object} Summary
 * @property {number | null} roundTrip milliseconds
 * @property {import("../media/types.js").Path} path
 * @property {number | null} loss of all packets, from 0 to 1; null while none come
 * @property {number} sending bits a second
 * @property {number} receiving bits a second
 * @property {Rate[]} tracks
 */

/**
 * What went on between two samples of the same tracks.
 * @param {Sample} before
 * @param {Sample} now
 * @returns {Summary}
 */
export function summary(before, now) {
  const seconds = (now.at - before.at) / 1000;
  const pairs = now.flows.flatMap((flow) => {
    const then = before.flows.find(({ id, source }) => id === flow.id && source === flow.source);
    // Counters that fell are those of another track: its rates are known the next time.
    return then && flow.bytes >= then.bytes && seconds > 0 ? [{ flow, then }] : [];
  });
  const tracks = pairs.map(({ flow, then }) => ({
    id: flow.id,
    source: flow.source,
    sent: flow.sent,
    bitrate: ((flow.bytes - then.bytes) * 8) / seconds,
    loss: lossOf([{ flow, then }]),
    width: flow.width,
    height: flow.height,
    frames: flow.frames,
  }));
  const total = (/** @type {boolean} */ sent) => tracks.reduce((sum, track) => sum + (track.sent === sent ? track.bitrate : 0), 0);
  return { roundTrip: now.roundTrip, path: now.path, loss: lossOf(pairs), sending: total(true), receiving: total(false), tracks };
}

/**
 * The share of packets that did not arrive.
 * @param {{flow: Flow, then: Flow}[]} pairs
 */
function lossOf(pairs) {
  let lost = 0;
  let all = 0;
  for (const { flow, then } of pairs) {
    // A packet that comes late is taken off the lost ones again.
    const missing = Math.max(0, flow.lost - then.lost);
    lost += missing;
    // Packets that are sent are all counted, those received only when they arrive.
    all += flow.packets - then.packets + (flow.sent ? 0 : missing);
  }
  return all > 0 ? Math.min(1, lost / all) : null;
}
