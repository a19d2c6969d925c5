// Turns the drawn people into films for fake cameras.

import { existsSync } from "node:fs";
import { cameraFile, writeCamera } from "./camera.js";
import { draw, portraits, size } from "./portraits.js";

const frames = 20;

/**
 * Films everybody who has not been yet.
 * @param {import("@playwright/test").Browser} browser
 */
export async function filmPortraits(browser) {
  const page = await browser.newPage();
  for (const [name, looks] of Object.entries(portraits)) {
    if (existsSync(cameraFile(name))) continue;
    const pictures = [];
    for (let n = 0; n < frames; n++) {
      const picture = await page.evaluate(toYUV, { svg: draw(looks, n / frames), ...size });
      pictures.push(Buffer.from(picture, "base64"));
    }
    writeCamera(name, size.width, size.height, pictures);
  }
  await page.close();
}

/**
 * Runs in the page: draws an SVG and returns it as planar YUV 4:2:0, in base64.
 * @param {{svg: string, width: number, height: number}} what
 */
async function toYUV({ svg, width, height }) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(svg)}`;
  await image.decode();
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  const area = width * height;
  const out = new Uint8ClampedArray(area * 1.5);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = (y * width + x) * 4;
      const [r = 0, g = 0, b = 0] = data.subarray(i, i + 3);
      // BT.601, video range.
      out[y * width + x] = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
      if (x % 2 || y % 2) continue;
      const at = area + (y / 2) * (width / 2) + x / 2;
      out[at] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
      out[at + area / 4] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
    }
  }
  let text = "";
  for (let i = 0; i < out.length; i += 32768) text += String.fromCharCode(...out.subarray(i, i + 32768));
  return btoa(text);
}
