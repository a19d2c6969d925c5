// The adapter for LiveKit. The signalling goes to this origin, where Foyer's
// gate answers.

import {
  ConnectionError, ConnectionState, DisconnectReason, LocalAudioTrack, LocalVideoTrack, Room, RoomEvent, Track,
  VideoPresets, setLogLevel,
} from "../../vendor/livekit.mjs";
import { Emitter } from "../core/emitter.js";
import { Refused } from "./types.js";

/** @typedef {import("../../vendor/livekit.mjs").Participant} Participant */
/** @typedef {import("../../vendor/livekit.mjs").RemoteParticipant} RemoteParticipant */
/** @typedef {import("./types.js").Outgoing} Outgoing */
/** @typedef {import("./types.js").Quality} Quality */

// It reports its own channels closing as errors whenever one leaves; what matters comes as events.
setLogLevel("silent");

/** The service ended the connection because the participant may not be there. */
const putOut = [
  DisconnectReason.PARTICIPANT_REMOVED, DisconnectReason.ROOM_DELETED, DisconnectReason.ROOM_CLOSED,
  DisconnectReason.DUPLICATE_IDENTITY, DisconnectReason.USER_REJECTED,
];

/** @returns {import("./types.js").Media} */
export function create() {
  return new LiveKit();
}

/** @extends {Emitter<import("./types.js").MediaEvents>} */
class LiveKit extends Emitter {
  #room = new Room({
    adaptiveStream: true,
    dynacast: true,
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
      .on(RoomEvent.ParticipantDisconnected, ({ identity }) => this.emit("gone", { id: identity }))
      .on(RoomEvent.TrackSubscribed, (_track, _publication, participant) => tell(participant))
      .on(RoomEvent.TrackUnsubscribed, (_track, _publication, participant) => tell(participant))
      .on(RoomEvent.TrackPublished, (_publication, participant) => tell(participant))
      .on(RoomEvent.TrackUnpublished, (_publication, participant) => tell(participant))
      .on(RoomEvent.TrackMuted, (_publication, participant) => tell(participant))
      .on(RoomEvent.TrackUnmuted, (_publication, participant) => tell(participant))
      .on(RoomEvent.ActiveSpeakersChanged, (speakers) => this.emit("speaking", { ids: speakers.map(({ identity }) => identity) }))
      .on(RoomEvent.ConnectionQualityChanged, (quality, { identity }) => {
        this.emit("quality", { id: identity, quality: /** @type {Quality} */ (quality === "poor" || quality === "lost" ? quality : "good") });
      })
      .on(RoomEvent.LocalTrackUnpublished, ({ track }) => {
        if (track === this.#microphone) this.#microphone = null;
        if (track === this.#camera) this.#camera = null;
        if (track === this.#share) this.#share = null;
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
      await this.#room.connect(url || location.origin.replace(/^http/, "ws"), token);
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
      const results = await Promise.allSettled([this.#sendMicrophone(done), this.#sendCamera(done.camera), this.#sendShare(done.share)]);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    }
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

  /** @param {MediaStreamTrack | null} share */
  async #sendShare(share) {
    const sent = this.#share;
    if (sent?.mediaStreamTrack === share) return;
    if (sent) await this.#room.localParticipant.unpublishTrack(sent, false);
    this.#share = null;
    if (!share) return;
    const track = new LocalVideoTrack(share, undefined, true);
    this.#share = track;
    await this.#publish(track, Track.Source.ScreenShare);
  }

  /**
   * @param {LocalAudioTrack | LocalVideoTrack} track
   * @param {Track.Source} source
   */
  async #publish(track, source) {
    try {
      await this.#room.localParticipant.publishTrack(track, { source });
    } catch (error) {
      if (this.#microphone === track) this.#microphone = null;
      if (this.#camera === track) this.#camera = null;
      if (this.#share === track) this.#share = null;
      throw error;
    }
  }

  /**
   * @param {string} id
   * @param {HTMLVideoElement} element
   */
  attachPicture(id, element) {
    this.#track(id, Track.Source.Camera)?.attach(element);
  }

  /**
   * @param {string} id
   * @param {HTMLVideoElement} element
   */
  detachPicture(id, element) {
    this.#track(id, Track.Source.Camera)?.detach(element);
  }

  /**
   * @param {string} id
   * @param {HTMLVideoElement} element
   */
  attachShare(id, element) {
    this.#track(id, Track.Source.ScreenShare)?.attach(element);
  }

  /**
   * @param {string} id
   * @param {HTMLVideoElement} element
   */
  detachShare(id, element) {
    this.#track(id, Track.Source.ScreenShare)?.detach(element);
  }

  /**
   * @param {string} id
   * @param {HTMLAudioElement} element
   */
  attachSound(id, element) {
    this.#track(id, Track.Source.Microphone)?.attach(element);
  }

  /**
   * @param {string} id
   * @param {HTMLAudioElement} element
   */
  detachSound(id, element) {
    this.#track(id, Track.Source.Microphone)?.detach(element);
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
   * @param {Track.Source} source
   */
  #track(id, source) {
    return this.#room.remoteParticipants.get(id)?.getTrackPublication(source)?.track;
  }
}

/**
 * @param {RemoteParticipant} participant
 * @returns {import("./types.js").Present}
 */
function present(participant) {
  const microphone = participant.getTrackPublication(Track.Source.Microphone);
  const camera = participant.getTrackPublication(Track.Source.Camera);
  const share = participant.getTrackPublication(Track.Source.ScreenShare);
  return {
    id: participant.identity,
    microphone: microphone !== undefined && !microphone.isMuted,
    picture: camera?.track && !camera.isMuted ? camera.track.sid ?? camera.trackSid : "",
    share: share?.track && !share.isMuted ? share.track.sid ?? share.trackSid : "",
    sound: microphone?.track ? microphone.track.sid ?? microphone.trackSid : "",
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
