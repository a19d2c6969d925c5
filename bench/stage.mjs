// Measures, in Chromium, the page's work for each frame with 25 tiles, and what is
// received of 8 others on and off screen. Run by go run ./bench, which brings the others.

import { drawCrowd, others } from "../e2e/lib/crowd.js";
import { makeRoom, person, withBrowser } from "./people.mjs";

const [, , base] = process.argv;
const traced = 10; // seconds
const patience = 120_000; // milliseconds: ten calls at once are much for one machine
const settling = 6000; // milliseconds until layers and bitrates are what they will be

await withBrowser(async (browser) => {
  const host = await person(browser, base, "stagehost", patience);
  const room = await makeRoom(host, base, "Stage");
  await frames(host, room);
  await received(host, room);
});

/**
 * @param {import("playwright").Page} host
 * @param {string} room
 */
async function frames(host, room) {
  const page = await host.context().newPage();
  await drawCrowd(page, others(24));
  await enter(page, room);
  await page.locator("[data-participant=drawn-23]").waitFor();
  await page.waitForTimeout(settling);
  const client = await page.context().newCDPSession(page);
  /** @type {{name: string, ph: string, dur?: number, tid: number, pid: number, args: {name?: string}}[]} */
  const events = [];
  client.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await client.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: ["devtools.timeline", "disabled-by-default-devtools.timeline"] } });
  // Somebody speaks all the time, and once a second somebody comes or goes.
  await page.evaluate(async (seconds) => {
    const { media } = globalThis.crowd;
    for (let n = 0; n < seconds * 5; n++) {
      media.emit("speaking", { ids: [`drawn-${n % 24}`] });
      if (n % 5 === 0) {
        if (n % 10) media.set("drawn-23", {});
        else media.drop("drawn-23");
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }, traced);
  const complete = new Promise((resolve) => client.once("Tracing.tracingComplete", resolve));
  await client.send("Tracing.end");
  await complete;
  const thread = events.find(({ name, args }) => name === "thread_name" && args.name === "CrRendererMain");
  const work = (/** @type {string[]} */ ...names) => events.filter((event) => event.ph === "X" && names.includes(event.name) && (!thread || event.tid === thread.tid))
    .reduce((sum, { dur = 0 }) => sum + dur / 1000, 0);
  const drawn = Math.max(1, events.filter(({ name }) => name === "Commit" || name === "BeginMainThreadFrame").length);
  const each = (/** @type {number} */ ms) => (ms / drawn).toFixed(2);
  const [script, style, layout, paint] = [work("FunctionCall", "EvaluateScript"), work("UpdateLayoutTree", "RecalculateStyles"), work("Layout"), work("Paint", "PrePaint", "Layerize")];
  console.log(`Page work for each frame at 25 tiles: ${each(script + style + layout + paint)} ms (script ${each(script)}, style ${each(style)}, layout ${each(layout)}, paint ${each(paint)}), ${drawn} frames in ${traced} s`);
  console.log("  Method: main thread of the page in a trace of Chromium; 24 others whose pictures are drawn on canvases by a double of the");
  console.log("  media adapter, since as many encoders do not fit on this machine: decoding and drawing the canvases are not counted as work of");
  console.log("  the page where Chromium does them elsewhere; what the double draws is counted as script. Five times a second another person");
  console.log("  speaks, once a second somebody comes or goes.");
  await page.close();
}

/**
 * @param {import("playwright").Page} host
 * @param {string} room
 */
async function received(host, room) {
  const layers = [];
  for (const layer of [
    { width: 320, height: 180, bitrate: 160_000, frameRate: 20 }, { width: 640, height: 360, bitrate: 450_000, frameRate: 20 },
    { width: 1280, height: 720, bitrate: 1_700_000, frameRate: 30 },
  ]) layers.push({ ...layer, frames: await host.evaluate(film, layer) });
  console.log(`crowd ${JSON.stringify({ room: room.split("/").pop(), count: 8, layers })}`); // they come
  await host.addInitScript(() => {
    const made = [];
    globalThis.madeConnections = made;
    globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, { construct: (target, args) => { const it = new target(...args); made.push(it); return it; } });
  });
  await host.setViewportSize({ width: 1440, height: 900 });
  await enter(host, room);
  await host.locator("[data-participant] video").nth(8).waitFor();
  const figures = [];
  for (const [what, size] of /** @type {const} */ ([
    ["a large window", { width: 1440, height: 900 }], ["a small window", { width: 640, height: 480 }], ["a window for one tile", { width: 300, height: 185 }],
    ["the large window again", { width: 1440, height: 900 }],
  ])) {
    await host.setViewportSize(size);
    await host.waitForTimeout(settling);
    const shown = await host.locator("[data-participant]:visible").count();
    figures.push(`${what}, ${shown} of 9 tiles on screen: ${Math.round(await host.evaluate(bitrate))}`);
  }
  console.log(`Pictures received of 8 others, kbit/s: ${figures.join("; ")}`);
  console.log("  Method: 8 programs send a film that this browser encoded once, in the sizes and bitrates that pages send (1280x720 at 1,700,");
  console.log("  640x360 at 450, 320x180 at 160 kbit/s); bytes of inbound video over 5 s, in one page. What is sent in all is 8 times 2,310 kbit/s.");
}

/**
 * Runs in the page: a film of two seconds in VP8, with two key frames, as base64.
 * @param {{width: number, height: number, bitrate: number, frameRate: number}} how
 */
async function film({ width, height, bitrate, frameRate }) {
  /** @type {string[]} */
  const frames = [];
  const encoder = new VideoEncoder({
    output: (chunk) => {
      const bytes = new Uint8Array(chunk.byteLength);
      chunk.copyTo(bytes);
      frames.push(btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")));
    },
    error: (error) => { throw error; },
  });
  encoder.configure({ codec: "vp8", width, height, bitrate, framerate: frameRate, latencyMode: "realtime" });
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d");
  if (!context) throw new Error("no canvas");
  for (let n = 0; n < 2 * frameRate; n++) {
    // Something moves, and there is noise as cameras have it: else there would be little to send.
    context.fillStyle = `hsl(${n * 4} 60% 50%)`;
    context.fillRect(0, 0, width, height);
    for (let spot = 0; spot < 400; spot++) {
      context.fillStyle = `hsl(${(spot * 47 + n * 9) % 360} 70% 60%)`;
      context.fillRect(((spot * 97 + n * 5) % 100) * width / 100, ((spot * 61 + n * 3) % 100) * height / 100, width / 40, height / 40);
    }
    const frame = new VideoFrame(canvas, { timestamp: n * 1e6 / frameRate });
    encoder.encode(frame, { keyFrame: n % frameRate === 0 });
    frame.close();
  }
  await encoder.flush();
  encoder.close();
  return frames;
}

/** Runs in the page: kilobits of pictures a second. */
async function bitrate() {
  const count = async () => {
    let bytes = 0;
    for (const connection of globalThis.madeConnections) {
      for (const stats of (await connection.getStats()).values()) if (stats.type === "inbound-rtp" && stats.kind === "video") bytes += stats.bytesReceived;
    }
    return bytes;
  };
  const before = await count();
  await new Promise((resolve) => setTimeout(resolve, 5000));
  return ((await count() - before) * 8) / 5000;
}

/**
 * @param {import("playwright").Page} page
 * @param {string} room
 */
async function enter(page, room) {
  await page.goto(room, { waitUntil: "domcontentloaded" });
  await page.getByRole("button", { name: "Join call" }).click();
  await page.getByRole("button", { name: "Leave call" }).waitFor();
}
