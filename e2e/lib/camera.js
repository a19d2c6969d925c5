// What the cameras of the tests show: small and slow, so that encoding it in
// software leaves the machine time for everything else.

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
