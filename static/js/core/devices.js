// Own microphone, camera and speaker: which there are, which is in use, whether
// it is on, and what is wrong with it.

import { allowedOf, problemOf, sizes, tracksOf } from "./capture.js";
import { Choices } from "./choices.js";
import { Emitter } from "./emitter.js";

/** @typedef {"microphone" | "camera"} Input */
/** @typedef {Input | "speaker"} Kind */

/**
 * Why an input does not work: the page is not in a secure context; the person or
 * the browser's settings denied it; the system denied it to the browser; there is
 * none; another program uses it; something else.
 * @typedef {"insecure" | "denied" | "system" | "missing" | "busy" | "failed"} Problem
 */

/**
 * @typedef {object} Device
 * @property {string} id
 * @property {string} label empty as long as the browser does not tell
 */

/**
 * @typedef {object} Use of one input
 * @property {boolean} on what the person wants
 * @property {boolean} opening the browser is being asked for it
 * @property {MediaStreamTrack | null} track
 * @property {Problem | null} problem
 */

/** @type {Record<Kind, MediaDeviceKind>} */
const browserKinds = { microphone: "audioinput", camera: "videoinput", speaker: "audiooutput" };

/** @type {Kind[]} */
const kinds = ["microphone", "camera", "speaker"];

/** @typedef {import("./settings.js").Settings["processing"]} Processing what the browser does to sound */

/**
 * @typedef {object} DeviceEvents
 * @property {null} change
 * @property {{input: Input, problem: Problem}} problem something that the person turned on does not work
 */

/** @extends {Emitter<DeviceEvents>} */
export class Devices extends Emitter {
  /** @type {Record<Kind, Device[]>} */
  lists = { microphone: [], camera: [], speaker: [] };
  /** Whether the lists say what there is; before, nobody has looked. */
  listed = false;
  /** @type {Record<Input, Use>} */
  use = {
    microphone: { on: true, opening: false, track: null, problem: null },
    camera: { on: true, opening: false, track: null, problem: null },
  };
  #media;
  #choices;
  /** Counts the times an input was opened or closed; an answer to an earlier one is late. */
  #turns = { microphone: 0, camera: 0 };
  #life = new AbortController();
  /** @type {Processing} */
  #processing = { noiseSuppression: true, echoCancellation: true, autoGainControl: true };
  /** Which of the sizes of pictures. */
  #size = 0;
  /** Which way the camera looks, once somebody turned it round. @type {"" | "user" | "environment"} */
  #facing = "";
  #oneAtATime;
  #listens = false;
  /** What the room lets one use. @type {Record<Input, boolean>} */
  #may = { microphone: true, camera: true };

  /**
   * @param {MediaDevices | undefined} media undefined in an insecure context
   * @param {Pick<Storage, "getItem" | "setItem"> | null} storage null where the browser refuses it
   * @param {object} [how]
   * @param {boolean} [how.oneAtATime] the system gives one microphone and one camera at a time: opening the next takes the one before away
   */
  constructor(media, storage, { oneAtATime = false } = {}) {
    super();
    this.#media = media;
    this.#choices = new Choices(storage);
    this.#oneAtATime = oneAtATime;
    for (const input of inputs) this.use[input].on = this.#choices.isOn(input);
  }

  /** Opens what is wanted, with one question to the person, and follows what is plugged in and out. */
  async start() {
    if (!this.#media) {
      for (const input of inputs) this.use[input].problem = "insecure";
      this.emit("change", null);
      return;
    }
    this.#life.abort();
    this.#life = new AbortController();
    this.#media.addEventListener("devicechange", () => void this.#plugged(), { signal: this.#life.signal });
    await this.#open(inputs.filter((input) => this.use[input].on));
    await this.#list();
  }

  /** Asks again for what is wanted and does not work. */
  async retry() {
    if (!this.#media) return;
    await this.#open(inputs.filter((input) => this.use[input].on && !this.use[input].track));
    await this.#list();
  }

  /**
   * Whether the microphone is open also while it is off, so that one can be told
   * that one talks into it: in the call. Nobody is asked for that.
   */
  get listens() {
    return this.#listens;
  }

  set listens(listens) {
    if (listens === this.#listens) return;
    this.#listens = listens;
    void this.#listen();
  }

  /** Opens a microphone that is off, as far as the browser asks nobody for it. */
  async #listen() {
    // Where there is one at a time, it is left to whatever else may want it.
    if (this.#oneAtATime || !this.#listens || (await allowedOf(["microphone"])).length === 0) return;
    const { microphone } = this.use;
    if (!this.#listens || !this.#may.microphone || microphone.on || microphone.opening || microphone.track) return;
    await this.#open(["microphone"]);
    if (!microphone.on) microphone.problem = null; // nobody wanted it
  }

  /**
   * Says what one may use just now. What one may not is let go of, since nobody
   * needs a camera's lamp then; that one may again turns nothing on: that is for
   * the person.
   * @param {Record<Input, boolean>} may
   */
  permit(may) {
    for (const input of inputs) {
      this.#may[input] = may[input];
      if (may[input]) continue;
      this.use[input].on = false;
      this.#close(input);
    }
    this.emit("change", null);
    void this.#listen();
  }

  /**
   * Turns an input on or off; on only if one may use it. A microphone stays open
   * while off, so that it is back at once; a camera goes dark.
   * @param {Input} input
   * @param {boolean} on
   */
  async turn(input, on) {
    if (!on || this.#may[input]) this.#choices.turn(input, on);
    await this.#turn(input, on);
  }

  /** Turns an input on or off for now: what is remembered stays. @param {Input} input @param {boolean} on */
  async turnForNow(input, on) {
    await this.#turn(input, on);
  }

  /** @param {Input} input @param {boolean} on */
  async #turn(input, on) {
    if (on && !this.#may[input]) return;
    const use = this.use[input];
    use.on = on;
    if (!on && (input === "camera" || !use.track)) this.#close(input);
    if (use.track) use.track.enabled = on;
    this.emit("change", null);
    if (!on) void this.#listen();
    if (!on || use.track) return;
    await this.#open([input]);
    await this.#list();
    this.#complain(input);
  }

  /**
   * Uses another device.
   * @param {Kind} kind
   * @param {string} id
   */
  async choose(kind, id) {
    const device = this.lists[kind].find((known) => known.id === id);
    if (!device) return;
    this.#choices.choose(kind, device);
    if (kind === "camera") this.#facing = "";
    this.emit("change", null);
    if (kind !== "speaker" && this.use[kind].on) await this.#open([kind], true);
    if (kind === "microphone" && !this.use.microphone.on) {
      this.#close("microphone");
      void this.#listen();
    }
  }

  /**
   * What the browser does to one's sound from now on.
   * @param {Processing} processing
   */
  async process(processing) {
    this.#processing = processing;
    // Browsers change this on a microphone that they open, not on one that is open.
    if (this.use.microphone.track) await this.#open(["microphone"], true);
  }

  /**
   * Has the camera take smaller and fewer pictures.
   * @param {number} size 0: whole ones; up to pictureSizes - 1
   */
  async limit(size) {
    this.#size = size;
    // A camera that cannot goes on as it is: what is sent is made smaller anyway.
    await this.use.camera.track?.applyConstraints(sizes[size]).catch(() => {});
    this.emit("change", null);
  }

  /** Which way the camera looks, as far as it says so: phones do. */
  get facing() {
    const facing = this.use.camera.track?.getSettings().facingMode;
    return facing === "user" || facing === "environment" ? facing : "";
  }

  /** Whether one looks into the camera as into a mirror; what one shows others with the other one has to be read. */
  get mirrors() {
    return this.facing !== "environment";
  }

  /** Whether there is another camera on the other side. */
  get flips() {
    return this.facing !== "" && this.lists.camera.length > 1;
  }

  /** Turns to the camera on the other side. */
  async flip() {
    if (!this.flips) return;
    const [from, asked] = [this.facing, this.#facing];
    this.#facing = from === "user" ? "environment" : "user";
    await this.#open(["camera"]);
    if (this.facing === from) { // it did not turn
      this.#facing = asked;
      return;
    }
    const id = this.use.camera.track?.getSettings().deviceId;
    const device = this.lists.camera.find((known) => known.id === id);
    if (!device) return;
    this.#choices.choose("camera", device);
    this.emit("change", null);
  }

  /**
   * The page is seen again, or a phone call is over: what the system took away
   * meanwhile is opened anew, as is what it still kept for itself the last time.
   */
  async resume() {
    const lost = inputs.filter((input) => {
      const { on, track } = this.use[input];
      return on && track && (track.readyState === "ended" || (this.#oneAtATime && track.muted));
    });
    const kept = inputs.filter((input) => {
      const { on, track, opening, problem } = this.use[input];
      return this.#oneAtATime && on && !track && !opening && (problem === "busy" || problem === "failed");
    });
    await this.#open([...lost, ...kept]);
    for (const input of lost) this.#complain(input); // of the others one was told
  }

  /**
   * The id of the device in use, or of the one that would be; empty if there is none.
   * @param {Kind} kind
   */
  current(kind) {
    const track = kind === "speaker" ? null : this.use[kind].track;
    const inUse = this.lists[kind].find(({ id }) => id === track?.getSettings().deviceId);
    return (inUse ?? this.#choices.among(kind, this.lists[kind]) ?? this.lists[kind][0])?.id ?? "";
  }

  /**
   * What there is to send.
   * @returns {Pick<import("../media/types.js").Outgoing, "microphone" | "microphoneOn" | "camera">}
   */
  outgoing() {
    const { microphone, camera } = this.use;
    return { microphone: microphone.track, microphoneOn: microphone.on && microphone.track !== null, camera: camera.on ? camera.track : null };
  }

  /** Lets go of everything; start() begins again, with what was on by hand. */
  stop() {
    this.#life.abort();
    for (const input of inputs) {
      this.#close(input);
      this.use[input].on = this.#choices.isOn(input);
    }
    this.emit("change", null);
  }

  /**
   * Opens inputs, together if that works, since it asks the person once.
   * @param {Input[]} wanted
   * @param {boolean} exactly the chosen device, rather than another if it is not there
   */
  async #open(wanted, exactly = false) {
    const media = this.#media;
    if (!media || wanted.length === 0) return;
    const turns = wanted.map((input) => {
      this.use[input].opening = true;
      return ++this.#turns[input];
    });
    if (this.#oneAtATime) for (const input of wanted) this.#letGo(input);
    this.emit("change", null);
    /** @type {Partial<Record<Input, MediaStreamTrack | Problem>>} */
    let got = {};
    try {
      got = tracksOf(await media.getUserMedia(this.#constraints(wanted, exactly)));
    } catch (error) {
      const problem = problemOf(error);
      for (const input of wanted) got[input] = problem;
      if (exactly && problem === "missing") {
        await this.#open(wanted);
        return;
      }
      // One of two may be what is wrong. After a "no" from the person they are not asked twice more.
      if (wanted.length > 1) {
        for (const input of problem === "denied" ? await allowedOf(wanted) : wanted) {
          got[input] = await this.#ask(media, input, this.#constraints([input], false));
        }
      } else if (problem === "busy" && got.camera) got.camera = await this.#insist(media, exactly);
    }
    for (const [i, input] of wanted.entries()) {
      const result = got[input] ?? "missing";
      if (this.#turns[input] !== turns[i]) {
        if (typeof result !== "string") result.stop();
        continue;
      }
      this.#take(input, result);
    }
    this.emit("change", null);
  }

  /**
   * Phones open one camera at a time, and say of another that it is in use: asks once
   * more without one's own. When that was not it, one's own comes back.
   * @param {MediaDevices} media
   * @param {boolean} exactly
   */
  async #insist(media, exactly) {
    const own = this.use.camera.track;
    if (!own || own.readyState === "ended") return "busy";
    const turn = this.#turns.camera;
    this.#letGo("camera");
    const wanted = await this.#ask(media, "camera", this.#constraints(["camera"], exactly));
    if (typeof wanted !== "string" || this.#turns.camera !== turn) return wanted;
    const back = await this.#ask(media, "camera", { video: { ...sizes[this.#size], deviceId: { exact: own.getSettings().deviceId ?? "" } } });
    if (typeof back !== "string") {
      if (this.#turns.camera === turn) this.#take("camera", back);
      else back.stop();
    }
    return wanted;
  }

  /**
   * @param {MediaDevices} media
   * @param {Input} input
   * @param {MediaStreamConstraints} constraints
   * @returns {Promise<MediaStreamTrack | Problem>}
   */
  #ask(media, input, constraints) {
    return media.getUserMedia(constraints).then((stream) => tracksOf(stream)[input] ?? "failed", problemOf);
  }

  /**
   * @param {Input} input
   * @param {MediaStreamTrack | Problem} result
   */
  #take(input, result) {
    const use = this.use[input];
    use.opening = false;
    if (typeof result === "string" && use.track && use.track.readyState !== "ended") {
      if (use.on) this.emit("problem", { input, problem: result }); // another was wanted; the one that works goes on
      return;
    }
    use.track?.stop();
    use.track = typeof result === "string" ? null : result;
    use.problem = typeof result === "string" ? result : null;
    if (!use.track) return;
    use.track.enabled = use.on;
    use.track.addEventListener("ended", () => {
      if (use.track === result) void this.#lost(input);
    }, { signal: this.#life.signal });
  }

  /** A device in use went away: another takes its place. @param {Input} input */
  async #lost(input) {
    this.#close(input);
    this.emit("change", null);
    if (this.use[input].on) await this.#open([input]);
    else void this.#listen();
    await this.#list();
    this.#complain(input);
  }

  /** Says what is wrong with an input that the person wants. @param {Input} input */
  #complain(input) {
    const { on, problem } = this.use[input];
    if (on && problem) this.emit("problem", { input, problem });
  }

  /** @param {Input} input */
  #close(input) {
    const use = this.use[input];
    this.#turns[input]++;
    use.opening = false;
    this.#letGo(input);
  }

  /** @param {Input} input */
  #letGo(input) {
    this.use[input].track?.stop();
    this.use[input].track = null;
  }

  /** Something was plugged in or out. */
  async #plugged() {
    await this.#list();
    void this.#listen(); // to one that is back
    for (const input of inputs) {
      const use = this.use[input];
      if (!use.on) continue;
      const chosen = this.#choices.among(input, this.lists[input]);
      if (use.problem === "missing" && this.lists[input].length > 0) await this.#open([input]);
      else if (input === "camera" && this.#facing) continue; // it was turned round by hand
      else if (use.track && chosen && chosen.id !== use.track.getSettings().deviceId) await this.#open([input], true);
    }
  }

  async #list() {
    const all = await this.#media?.enumerateDevices().catch(() => []) ?? [];
    for (const kind of kinds) {
      this.lists[kind] = all
        .filter((device) => device.kind === browserKinds[kind] && device.deviceId !== "")
        .map((device) => ({ id: device.deviceId, label: device.label }));
    }
    this.listed = true;
    this.emit("change", null);
  }

  /**
   * @param {Input[]} wanted
   * @param {boolean} exactly
   * @returns {MediaStreamConstraints}
   */
  #constraints(wanted, exactly) {
    /** @param {Input} input */
    const of = (input) => {
      if (!wanted.includes(input)) return false;
      const { id } = this.#choices.among(input, this.lists[input]) ?? this.#choices.of(input) ?? {};
      const quality = input === "microphone" ? this.#processing : { ...sizes[this.#size] };
      if (input === "camera" && this.#facing) return { ...quality, facingMode: this.#facing };
      return id ? { ...quality, deviceId: exactly ? { exact: id } : { ideal: id } } : quality;
    };
    return { audio: of("microphone"), video: of("camera") };
  }
}

/** @type {Input[]} */
const inputs = ["microphone", "camera"];
