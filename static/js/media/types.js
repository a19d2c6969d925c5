// What every media backend's adapter offers to the call. An adapter is a module
// media/<backend>.js that exports create(); nothing else knows its SDK.

/**
 * @typedef {object} May what the participant may do
 * @property {boolean} microphone
 * @property {boolean} camera
 * @property {boolean} share
 * @property {boolean} chat write
 * @property {boolean} reactions and hands
 */

/** @typedef {"good" | "poor" | "lost"} Quality */

/**
 * Why a connection is over for good, as far as the media service says. "refused":
 * the participant may not go on being in this call; the event stream knows why.
 * "lost": the network, or the service; joining afresh may work.
 * @typedef {"refused" | "lost"} Parting
 */

/**
 * @typedef {object} Present a participant as the media service sees them
 * @property {string} id media identity
 * @property {boolean} microphone whether it is on
 * @property {string} picture names the picture there is to attach; empty for
 *   none; another name means attaching anew
 * @property {string} share the same for the screen that they share
 * @property {string} sound the same for sound
 * @property {string} shareSound the same for the sound of their screen
 */

/** What a track is of. @typedef {"microphone" | "camera" | "share" | "shareSound"} Source */

/** How large a picture is on the screen, in its pixels. @typedef {{width: number, height: number}} Size */

/**
 * Counters of one track, since it began.
 * @typedef {object} Flow
 * @property {string} id whose it is
 * @property {Source} source
 * @property {boolean} sent by oneself; otherwise received
 * @property {number} bytes
 * @property {number} packets
 * @property {number} lost packets that did not arrive
 * @property {number} width of the picture; 0 for sound
 * @property {number} height of the picture; 0 for sound
 * @property {number} frames a second; 0 for sound
 */

/**
 * Over what media travel; empty while not known, and where the service does not tell.
 * @typedef {"" | "udp" | "tcp" | "relay"} Path
 */

/**
 * How the connection does at one moment. core/quality.js makes rates of two.
 * @typedef {object} Sample
 * @property {number} at milliseconds
 * @property {number | null} roundTrip milliseconds to the service and back; null while not known
 * @property {Path} path
 * @property {Flow[]} flows
 */

/**
 * @typedef {object} MediaEvents
 * @property {Present} present somebody else appeared, or what they send changed
 * @property {{id: string}} gone somebody else left
 * @property {{ids: string[]}} speaking who speaks now, oneself included
 * @property {{id: string, quality: Quality}} quality
 * @property {null} reconnecting
 * @property {null} reconnected
 * @property {{parting: Parting, reason: string}} parted the connection is over;
 *   nothing follows. The reason is one that the pages have words for, or empty
 * @property {{blocked: boolean}} sound whether the browser holds sound back until a tap
 */

/**
 * @typedef {object} Outgoing what oneself sends
 * @property {MediaStreamTrack | null} microphone
 * @property {boolean} microphoneOn
 * @property {MediaStreamTrack | null} camera null: off
 * @property {MediaStreamTrack | null} share a screen; null: none
 * @property {MediaStreamTrack | null} shareSound what is heard of it
 * @property {ShareMode} shareMode
 */

/** What a shared screen is for: sharp letters, or smooth pictures. @typedef {"text" | "motion"} ShareMode */

/**
 * How sending one's picture does; limited: what holds it back.
 * @typedef {{limited: "" | "cpu" | "bandwidth", frames: number}} Pressure
 */

/**
 * One connection to one call: connect once, close at least once.
 *
 * connect rejects with Refused when the service says no, and with other errors
 * when it cannot be reached. send makes what is sent become what is given, by
 * publishing, replacing and muting; calls may overlap, the last one holds. The
 * tracks stay the caller's to stop.
 *
 * watch says how large somebody's picture is shown, so that no larger one is sent
 * here, or null: it is not on screen, and none is received until it is. It holds
 * for pictures that come later too. What watch was never said of is received as it
 * is sent.
 * @typedef {import("../core/emitter.js").Emitter<MediaEvents> & {
 *   connect(url: string, token: string): Promise<void>,
 *   others(): Present[],
 *   send(outgoing: Outgoing): Promise<void>,
 *   attach(id: string, source: Source, element: HTMLMediaElement): void,
 *   detach(id: string, source: Source, element: HTMLMediaElement): void,
 *   watch(id: string, source: "camera" | "share", size: Size | null): void,
 *   stats(id?: string): Promise<Sample>,
 *   pressure(): Promise<Pressure>,
 *   playSound(): Promise<void>,
 *   close(): Promise<void>,
 * }} Media
 */

/**
 * What became of trying the way to the service, which an adapter's probe(url,
 * token) does where there is a way without a call.
 * @typedef {object} Way
 * @property {"open" | "blocked" | "unavailable"} signalling unavailable: the service does not answer Foyer
 * @property {"udp" | "tcp" | "relay" | "none"} media over what it travelled
 */

/**
 * @typedef {object} Adapter what a module media/<backend>.js exports
 * @property {() => Media} create
 * @property {(url: string, token: string) => Promise<Way>} [probe]
 */

/** The media service says that this participant may not enter. */
export class Refused extends Error {
  /** @param {string} reason one that the pages have words for, or empty */
  constructor(reason) {
    super(`refused: ${reason}`);
    this.name = "Refused";
    this.reason = reason;
  }
}
