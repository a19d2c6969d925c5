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

  /**
   * The furthest of the samples from silence now, 0 to 1; -1 when nothing can be
   * heard yet because the browser does not play.
   */
  peak() {
    if (!this.#hear() || this.#context?.state !== "running") return -1;
    return this.#samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
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
