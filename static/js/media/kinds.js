// What sources are made of.

/** @typedef {import("./types.js").Source} Source */

/** @type {Record<Source, "audio" | "video">} */
const kinds = { microphone: "audio", camera: "video", share: "video", shareSound: "audio" };

/**
 * A track, if it is what its source is made of, else nothing. Of what somebody
 * publishes, the source is what they say, the kind what it is: sound sent as a
 * camera would be heard while the microphone is off, and could not be muted.
 * @template {{kind: string}} T
 * @param {Source} source
 * @param {T | null | undefined} track
 */
export function genuine(source, track) {
  return track?.kind === kinds[source] ? track : undefined;
}
