// The adapter for Twilio Programmable Video.

import { LocalAudioTrack, LocalVideoTrack, Logger, connect } from "../../vendor/twilio.mjs";
import { Emitter } from "../core/emitter.js";
import { LevelMeter } from "../core/level.js";
import { genuine } from "./kinds.js";
import { sample } from "./twilio_stats.js";
import { parting, qualityOf, refusal, roomOf } from "./twilio_terms.js";
import { Refused } from "./types.js";

/** @typedef {import("../../vendor/twilio.mjs").Room} Room */
/** @typedef {import("../../vendor/twilio.mjs").RemoteParticipant} RemoteParticipant */
/** @typedef {import("../../vendor/twilio.mjs").RemoteTrackPublication} RemoteTrackPublication */
/** @typedef {import("./types.js").Outgoing} Outgoing */

/** @typedef {import("./types.js").Flow} Flow */
/** @typedef {import("./types.js").Size} Size */

/** Whose names the tracks bear: Twilio knows kinds of tracks only. @typedef {import("./types.js").Source} Source */

// What matters comes as events. Not to be remembered in the browser's storage.
Logger.getLogger("twilio-video").setLevel("silent", false);

/** @type {import("../../vendor/twilio.mjs").ConnectOptions} */
const options = {
  tracks: [], // the page says later what to send
  dominantSpeaker: true,
  networkQuality: { local: 1, remote: 1 },
  preferredVideoCodecs: "auto", // simulcast, of which only what somebody watches is sent
  bandwidthProfile: {
    video: {
      mode: "collaboration", // a shared screen first
      // The stage says what is on screen, and how large: watch().
      clientTrackSwitchOffControl: "manual",
      contentPreferencesMode: "manual",
    },
  },
  insights: false, // nothing about calls goes anywhere but into them
};

/**
 * Tracks are the page's, which opens them again where a phone took them away (core/devices.js). The SDK would do
 * so too, on phones, also with what was turned off meanwhile: these two of its options, which its types leave
 * out, keep it from that.
 */
const asGiven = { workaroundWebKitBug1208516: false, workaroundSilentLocalVideo: false };

/** How loud one's own voice has to be to count as speaking, as core/level.js measures. */
const voice = 0.35;
const listenEvery = 100; // milliseconds

/** @returns {import("./types.js").Media} */
export function create() {
  return new Twilio();
}

/** @extends {Emitter<import("./types.js").MediaEvents>} */
class Twilio extends Emitter {
  /** @type {Room | null} */
  #room = null;
  /** @type {ReturnType<typeof connect> | null} */
  #connecting = null;
  #closed = false;
  /**
   * What is published. Twilio sends a copy of each track, so that what the page
   * does to its own has no effect here.
   * @type {{microphone: LocalAudioTrack | null, camera: LocalVideoTrack | null, share: LocalVideoTrack | null, shareSound: LocalAudioTrack | null}}
   */
  #sent = { microphone: null, camera: null, share: null, shareSound: null };
  /** What the pictures were like of which copies are sent. */
  #likeness = { camera: "", share: "" };
  /** The page's own microphone, of which the published one is a copy. @type {MediaStreamTrack | null} */
  #microphone = null;
  /** @type {Outgoing | null} */
  #wanted = null;
  /** @type {Promise<void> | null} */
  #sending = null;
  #meter = new LevelMeter();
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #listening;
  #speaking = "";
  /** What plays sound. @type {Set<HTMLMediaElement>} */
  #sounds = new Set();
  /** How large pictures are shown, by whose and which. @type {Map<string, Size | null>} */
  #watched = new Map();

  /**
   * @param {string} url
   * @param {string} token
   */
  async connect(url, token) {
    // wsServer is not documented: it leads to a signalling service elsewhere than at Twilio.
    this.#connecting = connect(token, { ...options, name: roomOf(token), ...(url && { wsServer: url }) });
    try {
      this.#room = await this.#connecting;
    } catch (error) {
      const reason = refusal(error);
      if (reason) throw new Refused(reason);
      throw error;
    } finally {
      this.#connecting = null;
    }
    if (this.#closed) {
      this.#room.disconnect();
      return;
    }
    this.#follow(this.#room);
  }

  /** @param {Room} room */
  #follow(room) {
    /** @param {RemoteParticipant} participant */
    const tell = (participant) => this.emit("present", present(participant));
    /** @param {RemoteParticipant} participant */
    const meet = (participant) => {
      tell(participant);
      this.#tellQuality(participant.identity, participant.networkQualityLevel);
      participant.on("networkQualityLevelChanged", () => this.#tellQuality(participant.identity, participant.networkQualityLevel));
    };
    room.participants.forEach(meet);
    room.on("participantConnected", meet);
    room.on("participantDisconnected", ({ identity }) => this.emit("gone", { id: identity }));
    room.on("participantReconnecting", ({ identity }) => this.emit("quality", { id: identity, quality: "lost" }));
    room.on("participantReconnected", ({ identity, networkQualityLevel }) => this.#tellQuality(identity, networkQualityLevel));
    room.on("trackPublished", (_publication, participant) => tell(participant));
    room.on("trackUnpublished", (_publication, participant) => tell(participant));
    room.on("trackSubscribed", (_track, { trackName }, participant) => {
      if (trackName === "camera" || trackName === "share") this.#ask(participant.identity, trackName);
      tell(participant);
    });
    room.on("trackUnsubscribed", (_track, _publication, participant) => tell(participant));
    room.on("trackEnabled", (_publication, participant) => tell(participant));
    room.on("trackDisabled", (_publication, participant) => tell(participant));
    const own = room.localParticipant;
    own.on("networkQualityLevelChanged", () => this.#tellQuality(own.identity, own.networkQualityLevel));
    // Twilio tells who of the others is loudest; oneself one hears here.
    room.on("dominantSpeakerChanged", () => this.#tellSpeaking());
    this.#listening = setInterval(() => this.#tellSpeaking(), listenEvery);
    room.on("reconnecting", () => this.emit("reconnecting", null));
    room.on("reconnected", () => this.emit("reconnected", null));
    room.on("disconnected", (_room, error) => {
      this.#stopListening();
      this.#sent.microphone?.stop();
      if (this.#closed) return;
      this.#closed = true;
      this.emit("parted", parting(error));
    });
  }

  /**
   * @param {string} id
   * @param {number | null} level 0 to 5, null while nothing is known
   */
  #tellQuality(id, level) {
    this.emit("quality", { id, quality: qualityOf(level) });
  }

  #tellSpeaking() {
    const room = this.#room;
    if (!room) return;
    const ids = room.dominantSpeaker ? [room.dominantSpeaker.identity] : [];
    if (this.#meter.read() > voice) ids.push(room.localParticipant.identity);
    const speaking = ids.join();
    if (speaking === this.#speaking) return;
    this.#speaking = speaking;
    this.emit("speaking", { ids });
  }

  #stopListening() {
    clearInterval(this.#listening);
    this.#meter.close();
  }

  others() {
    return [...this.#room?.participants.values() ?? []].map(present);
  }

  /** @param {Outgoing} outgoing */
  async send(outgoing) {
    this.#wanted = outgoing;
    this.#withhold(outgoing);
    this.#sending ??= this.#settle().finally(() => { this.#sending = null; });
    return this.#sending;
  }

  /**
   * Stops at once what is not to be sent any more, whatever is under way.
   * @param {Outgoing} outgoing
   */
  #withhold({ microphone, microphoneOn, camera, share, shareSound }) {
    this.#meter.listen(microphoneOn ? microphone : null);
    if (microphone !== this.#microphone) this.#unpublish("microphone");
    else if (!microphoneOn) this.#sent.microphone?.enable(false);
    if (!this.#isSent("camera", camera)) this.#unpublish("camera");
    if (!this.#isSent("share", share)) this.#unpublish("share");
    if (this.#sent.shareSound?.mediaStreamTrack !== shareSound) this.#unpublish("shareSound");
  }

  /**
   * Whether a picture is sent as it is now: when the page has it smaller, say, a new copy is due.
   * @param {"camera" | "share"} source
   * @param {MediaStreamTrack | null} picture
   */
  #isSent(source, picture) {
    return picture !== null && this.#sent[source]?.mediaStreamTrack === picture && this.#likeness[source] === likeness(picture);
  }

  /** @param {Source} source */
  #unpublish(source) {
    const track = this.#sent[source];
    if (!track) return;
    this.#sent[source] = null;
    this.#room?.localParticipant.unpublishTrack(track);
    if (source !== "microphone") return; // the page's own
    track.stop();
    this.#microphone = null;
  }

  /** Goes on until what is sent is what was last wanted. */
  async #settle() {
    /** @type {Outgoing | null} */
    let done = null;
    while (this.#wanted && this.#wanted !== done && this.#room && this.#room.state !== "disconnected") {
      done = this.#wanted;
      const { microphone, microphoneOn, camera, share, shareSound } = done;
      const results = await Promise.allSettled([
        this.#sendSound(this.#room, microphone, microphoneOn),
        this.#sendPicture(this.#room, "camera", camera),
        this.#sendPicture(this.#room, "share", share),
        this.#sendShareSound(this.#room, shareSound),
      ]);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    }
  }

  /**
   * @param {Room} room
   * @param {MediaStreamTrack | null} microphone
   * @param {boolean} on
   */
  async #sendSound(room, microphone, on) {
    if (!microphone || !on) return;
    if (this.#sent.microphone) {
      this.#sent.microphone.enable(true);
      return;
    }
    const track = new LocalAudioTrack(microphone.clone(), { name: "microphone", ...asGiven });
    track.enable(true);
    this.#microphone = microphone;
    await this.#publish(room, "microphone", track);
  }

  /**
   * A picture that is turned off is not sent at all, rather than sent black.
   * @param {Room} room
   * @param {"camera" | "share"} source
   * @param {MediaStreamTrack | null} picture
   */
  async #sendPicture(room, source, picture) {
    if (!picture || this.#sent[source]) return;
    this.#likeness[source] = likeness(picture);
    await this.#publish(room, source, new LocalVideoTrack(picture, { name: source, ...asGiven }));
  }

  /**
   * @param {Room} room
   * @param {MediaStreamTrack | null} sound
   */
  async #sendShareSound(room, sound) {
    if (sound && !this.#sent.shareSound) await this.#publish(room, "shareSound", new LocalAudioTrack(sound, { name: "shareSound", ...asGiven }));
  }

  /**
   * @param {Room} room
   * @param {Source} source
   * @param {LocalAudioTrack | LocalVideoTrack} track
   */
  async #publish(room, source, track) {
    this.#sent = { ...this.#sent, [source]: track };
    try {
      await room.localParticipant.publishTrack(track, { priority: source === "share" ? "high" : "standard" });
    } catch (error) {
      // Unless it was taken back meanwhile, which fails too and is no failure.
      if (this.#sent[source] !== track) return;
      this.#unpublish(source);
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
    if (source === "camera" || source === "share") return;
    this.#sounds.add(element);
    element.play().catch((error) => {
      if (error.name === "NotAllowedError") this.emit("sound", { blocked: true });
    });
  }

  /**
   * @param {string} id
   * @param {Source} source
   * @param {HTMLMediaElement} element
   */
  detach(id, source, element) {
    this.#track(id, source)?.detach(element);
    this.#sounds.delete(element);
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
   * Asks for a picture as it is watched. Twilio takes that only once the track is here.
   * @param {string} id
   * @param {"camera" | "share"} source
   */
  #ask(id, source) {
    const size = this.#watched.get(`${id} ${source}`);
    const track = this.#track(id, source);
    if (size === undefined || track?.kind !== "video") return;
    if (size) track.switchOn().setContentPreferences({ renderDimensions: size });
    else track.switchOff();
  }

  /** Twilio does not tell over what media travel. @param {string} [id] */
  async stats(id) {
    const room = this.#room;
    const reports = await room?.getStats() ?? [];
    return sample(reports, (sid) => this.#nameOf(sid), id);
  }

  /** Whose track a sid is, and of what. @param {string} sid */
  #nameOf(sid) {
    const room = this.#room;
    for (const participant of room ? [room.localParticipant, ...room.participants.values()] : []) {
      const name = participant.tracks.get(sid)?.trackName;
      if (name) return { id: participant.identity, source: /** @type {Source} */ (name) };
    }
    return null;
  }

  async pressure() {
    const layers = (await this.#room?.getStats() ?? []).flatMap(({ localVideoTrackStats }) => localVideoTrackStats)
      .filter(({ trackSid }) => trackSid === this.#cameraSid());
    const frames = Math.max(0, ...layers.map(({ frameRate }) => frameRate ?? 0));
    const captured = Math.max(0, ...layers.map(({ captureFrameRate }) => captureFrameRate ?? 0));
    // Twilio does not say what holds a picture back, only that fewer leave than the camera takes.
    return { limited: /** @type {"" | "bandwidth"} */ (frames > 0 && frames < captured / 2 ? "bandwidth" : ""), frames };
  }

  /** Under what name one's own picture is published. */
  #cameraSid() {
    for (const { track, trackSid } of this.#room?.localParticipant.videoTracks.values() ?? []) {
      if (track === this.#sent.camera) return trackSid;
    }
    return "";
  }

  async playSound() {
    await Promise.all([...this.#sounds].map((element) => element.play()));
    this.emit("sound", { blocked: false });
  }

  async close() {
    this.#closed = true;
    this.#connecting?.cancel();
    this.#stopListening();
    this.#room?.disconnect();
  }

  /**
   * @param {string} id
   * @param {Source} source
   */
  #track(id, source) {
    for (const participant of this.#room?.participants.values() ?? []) {
      const track = participant.identity === id ? publicationOf(participant, source)?.track : null;
      if (track && track.kind !== "data") return track;
    }
    return undefined;
  }
}

/** What a copy of a picture takes over from it. @param {MediaStreamTrack} picture */
function likeness(picture) {
  return JSON.stringify([picture.contentHint, picture.getConstraints()]);
}

/**
 * @param {Pick<RemoteParticipant, "tracks">} participant
 * @param {Source} source
 */
function publicationOf(participant, source) {
  return [...participant.tracks.values()].find((publication) => publication.trackName === source && genuine(source, publication));
}

/**
 * @param {Pick<RemoteParticipant, "identity" | "tracks">} participant
 * @returns {import("./types.js").Present}
 */
export function present(participant) {
  const microphone = publicationOf(participant, "microphone");
  return {
    id: participant.identity,
    microphone: microphone !== undefined && microphone.isTrackEnabled,
    picture: shown(publicationOf(participant, "camera")),
    share: shown(publicationOf(participant, "share")),
    sound: microphone?.track ? microphone.trackSid : "",
    shareSound: shown(publicationOf(participant, "shareSound")),
  };
}

/** @param {RemoteTrackPublication | undefined} publication */
function shown(publication) {
  return publication?.track && publication.isTrackEnabled ? publication.trackSid : "";
}
