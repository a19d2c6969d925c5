// How loud a microphone is.

/**
 * The loudness of samples between -1 and 1, as 0 (a quiet room) to 1 (a loud
 * voice), by decibels as ears hear it.
 * @param {Float32Array} samples
 */
export function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const decibels = 10 * Math.log10(sum / samples.length + 1e-12);
  const quiet = -55;
  const loud = -12;
  return Math.min(1, Math.max(0, (decibels - quiet) / (loud - quiet)));
}

/** Samples closer to zero than this come from no microphone that hears. */
export const silence = 0.0005;

/** How long a microphone may be without any sound at all before it counts as one that hears nothing. */
const deafAfter = 5000; // milliseconds

/** Finds out that a microphone hears nothing: no room is so quiet. */
export class Deafness {
  /** @type {number | null} */
  #since = null;

  /**
   * Takes what is heard, or null for nothing to listen to. Returns whether it has
   * been silence for long.
   * @param {Float32Array | null} samples
   * @param {number} now milliseconds
   */
  lasts(samples, now) {
    if (!samples || samples.some((sample) => Math.abs(sample) > silence)) this.#since = null;
    else this.#since ??= now;
    return this.#since !== null && now - this.#since >= deafAfter;
  }
}

export class LevelMeter {
  /** @type {AudioContext | null} */
  #context = null;
  /** @type {AnalyserNode | null} */
  #analyser = null;
  /** @type {MediaStreamAudioSourceNode | null} */
  #source = null;
  /** @type {MediaStreamTrack | null} */
  #track = null;
  #samples = new Float32Array(1024);

  /**
   * Listens to a track instead of the one before.
   * @param {MediaStreamTrack | null} track
   */
  listen(track) {
    if (track === this.#track) return;
    this.#track = track;
    this.#source?.disconnect();
    this.#source = null;
    if (!track) return;
    this.#context ??= new AudioContext();
    this.#analyser ??= new AnalyserNode(this.#context, { fftSize: this.#samples.length });
    this.#source = this.#context.createMediaStreamSource(new MediaStream([track]));
    this.#source.connect(this.#analyser);
  }

  /** How loud it is now, 0 to 1. */
  read() {
    return this.#hear() ? loudness(this.#samples) : 0;
  }

  /** What is heard now; null when nothing can be, because the browser does not play yet or the track is off. */
  samples() {
    return this.#hear() && this.#context?.state === "running" ? this.#samples : null;
  }

  /** Takes what is heard now, if anything is. */
  #hear() {
    if (!this.#analyser || !this.#source || !this.#track?.enabled) return false;
    // Browsers start a context only after a gesture, and stop it for a phone call ("interrupted").
    if (this.#context && this.#context.state !== "running") void this.#context.resume().catch(() => {});
    this.#analyser.getFloatTimeDomainData(this.#samples);
    return true;
  }

  close() {
    this.listen(null);
    void this.#context?.close();
    this.#context = null;
    this.#analyser = null;
  }
}
