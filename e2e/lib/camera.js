// What the cameras of the tests show, small and slow, so that encoding it in
// software leaves the machine time for everything else; and what a microphone
// hears.

import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const width = 640;
const height = 360;
const rate = 10; // frames a second
const frames = 20;

/** @param {string} name */
export function cameraFile(name) {
  return fileURLToPath(new URL(`../results/cameras/${name}.y4m`, import.meta.url));
}

/** Draws a slope with a bar that moves across it. */
export function drawBars() {
  const pictures = [];
  for (let n = 0; n < frames; n++) {
    const luma = Buffer.alloc(width * height);
    const bar = Math.round((n / frames) * width);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        luma[y * width + x] = (x - bar + width) % width < 40 ? 220 : 60 + Math.round((y / height) * 100);
      }
    }
    const chroma = Buffer.alloc((width * height) / 4);
    pictures.push(Buffer.concat([luma, chroma.fill(150), Buffer.from(chroma).fill(100)]));
  }
  writeCamera("bars", width, height, pictures);
}

/**
 * Writes planar YUV 4:2:0 pictures as a video that a fake camera plays in a loop.
 * @param {string} name
 * @param {number} wide
 * @param {number} high
 * @param {Buffer[]} pictures
 */
export function writeCamera(name, wide, high, pictures) {
  const parts = [Buffer.from(`YUV4MPEG2 W${wide} H${high} F${rate}:1 Ip A1:1 C420jpeg\n`)];
  for (const picture of pictures) parts.push(Buffer.from("FRAME\n"), picture);
  const file = cameraFile(name);
  mkdirSync(new URL("../results/cameras/", import.meta.url), { recursive: true });
  writeFileSync(file, Buffer.concat(parts));
}

/** Where a voice is recorded that never pauses, unlike the beeps of feigned microphones. */
export const voiceFile = fileURLToPath(new URL("../results/cameras/voice.wav", import.meta.url));

/** A microphone that is on and hears nothing at all. */
export const silenceFile = fileURLToPath(new URL("../results/cameras/silence.wav", import.meta.url));

export function recordSilence() {
  writeSound(silenceFile, Buffer.alloc(hertz * 2));
}

const hertz = 48_000;

/** Records it: a buzz with overtones that swells as often as syllables do. */
export function recordVoice() {
  const samples = Buffer.alloc(hertz * 2 * 2); // two seconds of 16 bits
  for (let n = 0; n < hertz * 2; n++) {
    const time = n / hertz;
    const pitch = 140 + 25 * Math.sin(2 * Math.PI * 0.5 * time);
    let sum = 0;
    for (let overtone = 1; overtone <= 12; overtone++) sum += Math.sin(2 * Math.PI * pitch * overtone * time) / overtone;
    const swell = 0.55 + 0.45 * Math.sin(2 * Math.PI * 4 * time);
    samples.writeInt16LE(Math.round(sum * swell * 9000), n * 2);
  }
  writeSound(voiceFile, samples);
}

/**
 * @param {string} file
 * @param {Buffer} samples of 16 bits
 */
function writeSound(file, samples) {
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20); // PCM
  head.writeUInt16LE(1, 22); // one channel
  head.writeUInt32LE(hertz, 24);
  head.writeUInt32LE(hertz * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples.length, 40);
  mkdirSync(new URL("../results/cameras/", import.meta.url), { recursive: true });
  writeFileSync(file, Buffer.concat([head, samples]));
}
