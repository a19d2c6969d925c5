// The adapter for LiveKit. The signalling goes to this origin, where Foyer's
// gate answers.

import {
  AudioPresets, ConnectionError, ConnectionState, DisconnectReason, LocalAudioTrack, LocalVideoTrack, Room, RoomEvent, Track,
  VideoPresets, setLogLevel,
} from "../../vendor/livekit.mjs";
import { Emitter } from "../core/emitter.js";
import { genuine } from "./kinds.js";
import { pathIn, sample } from "./rtc_stats.js";
import { Refused } from "./types.js";

/** @typedef {import("../../vendor/livekit.mjs").Participant} Participant */
/** @typedef {import("../../vendor/livekit.mjs").RemoteParticipant} RemoteParticipant */
/** @typedef {import("./types.js").Outgoing} Outgoing */
/** @typedef {import("./types.js").Quality} Quality */
/** @typedef {import("./types.js").Size} Size */
/** @typedef {import("./types.js").Source} Source */

// It reports its own channels closing as errors whenever one leaves; what matters comes as events.
setLogLevel("silent");

/** The service ended the connection because the participant may not be there. */
const putOut = [
  DisconnectReason.PARTICIPANT_REMOVED, DisconnectReason.ROOM_DELETED, DisconnectReason.ROOM_CLOSED,
  DisconnectReason.DUPLICATE_IDENTITY, DisconnectReason.USER_REJECTED,
];

/** @type {Record<Source, Track.Source>} */
const sources = {
  microphone: Track.Source.Microphone,
  camera: Track.Source.Camera,
  share: Track.Source.ScreenShare,
  shareSound: Track.Source.ScreenShareAudio,
};

/**
 * How a screen is encoded. Letters may come slowly but must be sharp; what moves
 * may lose sharpness but must not stutter.
 * @type {Record<import("./types.js").ShareMode, {encoding: {maxBitrate: number, maxFramerate: number}, degradation: RTCDegradationPreference}>}
 */
const screens = {
  text: { encoding: { maxBitrate: 2_500_000, maxFramerate: 15 }, degradation: "maintain-resolution" },
  motion: { encoding: { maxBitrate: 5_000_000, maxFramerate: 30 }, degradation: "maintain-framerate" },
};

/** The sound of a screen is more often music or a film than somebody's voice. @type {import("../../vendor/livekit.mjs").TrackPublishOptions} */
const music = { audioPreset: AudioPresets.musicHighQuality, dtx: false, red: false };

/** @returns {import("./types.js").Media} */
export function create() {
  return new LiveKit();
}

/** How long each part of the way may take to stand: a slow computer needs long. */
const connectWithin = 30_000; // milliseconds
/** The same for a way that stood before: to join afresh is quicker than to wait for it. */
const mendWithin = 15_000;
/** The same while somebody waits to be told. */
const probeWithin = 15_000;

/**
 * Tries the way to the service, which is closed again at once.
 * @param {string} url
 * @param {string} token
 * @returns {Promise<import("./types.js").Way>}
 */
export async function probe(url, token) {
  const room = new Room();
  let signalled = false;
  room.on(RoomEvent.SignalConnected, () => { signalled = true; });
  try {
    await room.connect(addressOf(url), token, { maxRetries: 0, websocketTimeout: probeWithin, peerConnectionTimeout: probeWithin });
    return { signalling: "open", media: pathIn(await room.engine.pcManager?.publisher.getStats()) || "udp" };
  } catch (error) {
    if (signalled) return { signalling: "open", media: "none" };
    const unavailable = error instanceof ConnectionError && error.status !== undefined && error.status >= 500;
    return { signalling: unavailable ? "unavailable" : "blocked", media: "none" };
  } finally {
    await room.disconnect();
  }
}

/** Where the SDK connects; nothing: this origin. @param {string} url */
function addressOf(url) {
  return url || location.origin.replace(/^http/, "ws");
}

/** @extends {Emitter<import("./types.js").MediaEvents>} */
class LiveKit extends Emitter {
  #room = new Room({
    adaptiveStream: false, // the stage says what is on screen, and how large: watch()
    dynacast: true, // of the layers, only what somebody watches is encoded and sent
    // The tracks are the page's: it uses them again when it joins afresh.
    stopLocalTrackOnUnpublish: false,
    publishDefaults: {
      simulcast: true,
      videoEncoding: VideoPresets.h720.encoding,
      videoSimulcastLayers: [VideoPresets.h180, VideoPresets.h360],
    },
  });
  #closed = false;
  /** @type {LocalAudioTrack | null} */
  #microphone = null;
  /** @type {LocalVideoTrack | null} */
  #camera = null;
  /** @type {LocalVideoTrack | null} */
  #share = null;
  /** @type {LocalAudioTrack | null} */
  #shareSound = null;
  /** How large pictures are shown, by whose and which. @type {Map<string, Size | null>} */
  #watched = new Map();
  /** @type {Outgoing | null} */
  #wanted = null;
  /** @type {Promise<void> | null} */
  #sending = null;

  constructor() {
    super();
    const room = this.#room;
    /** @param {Participant} participant */
    const tell = (participant) => {
      if (!participant.isLocal) this.emit("present", present(/** @type {RemoteParticipant} */ (participant)));
    };
    room
      // Who is there is known before the connection for media stands; tell it then.
      .on(RoomEvent.SignalConnected, () => room.remoteParticipants.forEach(tell))
      .on(RoomEvent.ParticipantConnected, tell)
      // Where the SDK connects anew it parts with everybody first, and says only then what it does:
      // who is still there afterwards has not gone. Who has, others() tells.
      .on(RoomEvent.ParticipantDisconnected, ({ identity }) => queueMicrotask(() => {
        if (room.state === ConnectionState.Connected) this.emit("gone", { id: identity });
      }))
      .on(RoomEvent.TrackSubscribed, (_track, { source }, participant) => {
        const known = sourceOf(source);
        if (known === "camera" || known === "share") this.#ask(participant.identity, known);
        tell(participant);
      })
      .on(RoomEvent.TrackUnsubscribed, (_track, _publication, participant) => tell(participant))
      .on(RoomEvent.TrackPublished, (_publication, participant) => tell(participant))
      .on(RoomEvent.TrackUnpublished, (_publication, participant) => tell(participant))
      .on(RoomEvent.TrackMuted, (_publication, participant) => tell(participant))
      .on(RoomEvent.TrackUnmuted, (_publication, participant) => tell(participant))
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) => this.emit("speaking", { ids: speakers.map(({ identity }) => identity) }))
      .on(RoomEvent.ConnectionQualityChanged, (quality, { identity }) => {
        this.emit("quality", { id: identity, quality: /** @type {Quality} */ (quality === "poor" || quality === "lost" ? quality : "good") });
      })
      .on(RoomEvent.AudioPlaybackStatusChanged, () => this.emit("sound", { blocked: !room.canPlaybackAudio }))
      .on(RoomEvent.SignalReconnecting, () => this.emit("reconnecting", null))
      .on(RoomEvent.Reconnecting, () => this.emit("reconnecting", null))
      .on(RoomEvent.Reconnected, () => this.emit("reconnected", null))
      .on(RoomEvent.Disconnected, (reason) => {
        if (this.#closed) return;
        this.#closed = true;
        this.emit("parted", { parting: reason !== undefined && putOut.includes(reason) ? "refused" : "lost", reason: "" });
      });
  }

  /**
   * @param {string} url
   * @param {string} token
   */
  async connect(url, token) {
    try {
      await this.#room.connect(addressOf(url), token, { websocketTimeout: connectWithin, peerConnectionTimeout: connectWithin });
      this.#room.engine.peerConnectionTimeout = mendWithin;
    } catch (error) {
      if (error instanceof ConnectionError && error.status !== undefined && error.status >= 401 && error.status <= 403) {
        throw new Refused(reasonIn(error.message));
      }
      throw error;
    }
  }

  others() {
    return [...this.#room.remoteParticipants.values()].map(present);
  }

  /** @param {Outgoing} outgoing */
  async send(outgoing) {
    this.#wanted = outgoing;
    this.#sending ??= this.#settle().finally(() => { this.#sending = null; });
    return this.#sending;
  }

  /** Goes on until what is sent is what was last wanted. */
  async #settle() {
    /** @type {Outgoing | null} */
    let done = null;
    while (this.#wanted && this.#wanted !== done && this.#room.state === ConnectionState.Connected) {
      done = this.#wanted;
      this.#microphone = this.#published(this.#microphone);
      this.#camera = this.#published(this.#camera);
      this.#share = this.#published(this.#share);
      this.#shareSound = this.#published(this.#shareSound);
      const results = await Promise.allSettled([
        this.#sendMicrophone(done), this.#sendCamera(done.camera), this.#sendShare(done), this.#sendShareSound(done.shareSound),
      ]);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    }
  }

  /**
   * A track as long as it is published: the media service takes tracks down. Asked anew
   * each time, since the SDK takes all down and publishes them again when it connects anew.
   * @template {LocalAudioTrack | LocalVideoTrack} T
   * @param {T | null} track
   * @returns {T | null}
   */
  #published(track) {
    const publications = [...this.#room.localParticipant.trackPublications.values()];
    return publications.some((publication) => publication.track === track) ? track : null;
  }

  /** @param {Outgoing} wanted */
  async #sendMicrophone({ microphone, microphoneOn }) {
    if (!microphone || !microphoneOn) {
      await this.#microphone?.mute();
      return;
    }
    if (!this.#microphone) {
      const track = new LocalAudioTrack(microphone, undefined, true);
      this.#microphone = track;
      await this.#publish(track, Track.Source.Microphone);
      return;
    }
    if (this.#microphone.mediaStreamTrack !== microphone) await this.#microphone.replaceTrack(microphone, true);
    await this.#microphone.unmute();
  }

  /** @param {MediaStreamTrack | null} camera */
  async #sendCamera(camera) {
    if (!camera) {
      await this.#camera?.mute();
      return;
    }
    if (!this.#camera) {
      const track = new LocalVideoTrack(camera, undefined, true);
      this.#camera = track;
      await this.#publish(track, Track.Source.Camera);
      return;
    }
    if (this.#camera.mediaStreamTrack !== camera) await this.#camera.replaceTrack(camera, true);
    await this.#camera.unmute();
  }

  /** @param {Outgoing} wanted */
  async #sendShare({ share, shareMode }) {
    const sent = this.#share;
    const { encoding, degradation } = screens[shareMode];
    if (sent?.mediaStreamTrack === share) {
      await tune(sent.sender, encoding, degradation);
      return;
    }
    if (sent) await this.#room.localParticipant.unpublishTrack(sent, false);
    this.#share = null;
    if (!share) return;
    const track = new LocalVideoTrack(share, undefined, true);
    this.#share = track;
    await this.#publish(track, Track.Source.ScreenShare, { screenShareEncoding: encoding, degradationPreference: degradation });
  }

  /** @param {MediaStreamTrack | null} sound */
  async #sendShareSound(sound) {
    const sent = this.#shareSound;
    if ((sent?.mediaStreamTrack ?? null) === sound) return;
    if (sent) await this.#room.localParticipant.unpublishTrack(sent, false);
    this.#shareSound = null;
    if (!sound) return;
    const track = new LocalAudioTrack(sound, undefined, true);
    this.#shareSound = track;
    await this.#publish(track, Track.Source.ScreenShareAudio, music);
  }

  /**
   * @param {LocalAudioTrack | LocalVideoTrack} track
   * @param {Track.Source} source
   * @param {import("../../vendor/livekit.mjs").TrackPublishOptions} [options]
   */
  async #publish(track, source, options = {}) {
    try {
      await this.#room.localParticipant.publishTrack(track, { ...options, source });
    } catch (error) {
      if (this.#microphone === track) this.#microphone = null;
      if (this.#camera === track) this.#camera = null;
      if (this.#share === track) this.#share = null;
      if (this.#shareSound === track) this.#shareSound = null;
      throw error;
    }
  }

  /**
   * @param {string} id
   * @param {Source} source
   * @param {HTMLMediaElement} element
   */
  attach(id, source, element) {
    this.#track(id, source)?.attach(element);
  }

  /**
   * @param {string} id
   * @param {Source} source
   * @param {HTMLMediaElement} element
   */
  detach(id, source, element) {
    this.#track(id, source)?.detach(element);
  }

  /**
   * @param {string} id
   * @param {"camera" | "share"} source
   * @param {Size | null} size
   */
  watch(id, source, size) {
    this.#watched.set(`${id} ${source}`, size);
    this.#ask(id, source);
  }

  /**
   * Asks for a picture as it is watched. LiveKit takes that only once the track is here.
   * @param {string} id
   * @param {"camera" | "share"} source
   */
  #ask(id, source) {
    const size = this.#watched.get(`${id} ${source}`);
    const publication = this.#publication(id, source);
    if (size === undefined || !publication || !this.#track(id, source)) return;
    if (size) publication.setVideoDimensions(size);
    publication.setEnabled(size !== null);
  }

  /** @param {string} [id] */
  async stats(id) {
    const { localParticipant, remoteParticipants } = this.#room;
    const participants = [localParticipant, ...remoteParticipants.values()].filter(({ identity }) => id === undefined || identity === id);
    const tracks = participants.flatMap(({ identity, isLocal, trackPublications }) => {
      return [...trackPublications.values()].flatMap(({ source, track }) => {
        const known = sourceOf(source);
        return track && known ? [{ id: identity, source: known, sent: isLocal, report: track.getRTCStatsReport() }] : [];
      });
    });
    return sample(await Promise.all(tracks.map(async (track) => ({ ...track, report: await track.report }))));
  }

  async pressure() {
    const layers = this.#camera && !this.#camera.isMuted ? await this.#camera.getSenderStats() : [];
    const reasons = layers.map(({ qualityLimitationReason: reason }) => reason);
    return {
      limited: /** @type {"" | "cpu" | "bandwidth"} */ (reasons.includes("cpu") ? "cpu" : reasons.includes("bandwidth") ? "bandwidth" : ""),
      frames: Math.max(0, ...layers.map(({ framesPerSecond }) => framesPerSecond ?? 0)),
    };
  }

  async playSound() {
    await this.#room.startAudio();
  }

  async close() {
    this.#closed = true;
    await this.#room.disconnect(false);
  }

  /**
   * @param {string} id
   * @param {Source} source
   */
  #publication(id, source) {
    return this.#room.remoteParticipants.get(id)?.getTrackPublication(sources[source]);
  }

  /**
   * @param {string} id
   * @param {Source} source
   */
  #track(id, source) {
    return genuine(source, this.#publication(id, source)?.track);
  }
}

/**
 * Changes how a track that is being sent is encoded.
 * @param {RTCRtpSender | undefined} sender
 * @param {{maxBitrate: number, maxFramerate: number}} encoding
 * @param {RTCDegradationPreference} degradation
 */
async function tune(sender, { maxBitrate, maxFramerate }, degradation) {
  const parameters = sender?.getParameters();
  const best = parameters?.encodings.at(-1);
  if (!sender || !parameters || !best || best.maxFramerate === maxFramerate) return;
  Object.assign(best, { maxBitrate, maxFramerate });
  parameters.degradationPreference = degradation;
  await sender.setParameters(parameters);
}

/**
 * @param {Track.Source} source
 * @returns {Source | undefined}
 */
function sourceOf(source) {
  return /** @type {Source[]} */ (Object.keys(sources)).find((known) => sources[known] === source);
}

/**
 * @param {Pick<RemoteParticipant, "identity" | "getTrackPublication">} participant
 * @returns {import("./types.js").Present}
 */
export function present(participant) {
  /** @param {Source} source */
  const shown = (source) => {
    const publication = participant.getTrackPublication(sources[source]);
    return publication && !publication.isMuted && genuine(source, publication.track) ? publication.trackSid : "";
  };
  const microphone = participant.getTrackPublication(Track.Source.Microphone);
  return {
    id: participant.identity,
    microphone: microphone !== undefined && !microphone.isMuted,
    picture: shown("camera"),
    share: shown("share"),
    sound: microphone && genuine("microphone", microphone.track) ? microphone.trackSid : "",
    shareSound: shown("shareSound"),
  };
}

/** The reason that the gate gave, in the JSON that it answers with. @param {string} message */
function reasonIn(message) {
  try {
    const { reason } = JSON.parse(message);
    return typeof reason === "string" ? reason : "";
  } catch {
    return "";
  }
}
