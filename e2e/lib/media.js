// Whether pictures move and sound is heard, asked of the browser.

import { expect } from "./test.js";

/** @typedef {import("@playwright/test").Locator} Locator */
/** @typedef {import("@playwright/test").Page} Page */

/**
 * How many pictures a video has shown so far; -1 when it has none to show.
 * @param {Locator} video
 */
function shown(video) {
  return video.evaluate((/** @type {HTMLVideoElement} */ v) => (v.videoWidth > 0 ? v.getVideoPlaybackQuality().totalVideoFrames : -1));
}

/**
 * Waits until a tile's one video has a size and shows new pictures.
 * @param {Locator} tile
 */
export async function expectPicture(tile) {
  const video = tile.locator("video");
  await expect(video).toHaveCount(1);
  await expect.poll(() => shown(video), { message: "the video has a size" }).toBeGreaterThanOrEqual(0);
  let least = Infinity;
  await expect.poll(async () => {
    const now = await shown(video);
    if (now >= 0) least = Math.min(least, now); // another video in its place, when the connection is mended, begins again
    return now - least;
  }, { message: "pictures follow one another" }).toBeGreaterThan(3);
}

/**
 * Waits until sound of others is heard above silence: the loudest sample of what
 * the page's sound elements play, as they play it.
 * @param {Page} page
 */
export async function expectSound(page) {
  await expect.poll(() => page.evaluate(loudest), { message: "the loudest sample heard" }).toBeGreaterThan(0.01);
}

/**
 * Waits until nothing of others is heard, though their sound is connected.
 * @param {Page} page
 */
export async function expectSilence(page) {
  await expect.poll(async () => {
    const peak = await page.evaluate(loudest);
    return peak >= 0 && peak < 0.001;
  }, { message: "nothing is heard" }).toBe(true);
}

/** Runs in the page: listens for half a second. */
async function loudest() {
  const playing = [...document.querySelectorAll("audio")].filter((audio) => audio.srcObject && !audio.paused && !audio.muted && audio.volume > 0);
  if (playing.length === 0) return -1;
  const context = new AudioContext();
  try {
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    for (const audio of playing) context.createMediaStreamSource(/** @type {MediaStream} */ (audio.srcObject)).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const until = performance.now() + 500;
    let peak = 0;
    while (performance.now() < until) {
      await new Promise((resolve) => { setTimeout(resolve, 20); });
      analyser.getFloatTimeDomainData(samples);
      for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
    }
    return peak;
  } finally {
    await context.close();
  }
}

/**
 * Remembers every peer connection that the page makes, for sending().
 * @param {import("@playwright/test").BrowserContext} context
 */
export async function watchConnections(context) {
  await context.addInitScript(() => {
    /** @type {RTCPeerConnection[]} */
    const made = [];
    Object.assign(globalThis, { madeConnections: made });
    globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, {
      construct(target, args) {
        const connection = new target(...args);
        made.push(connection);
        return connection;
      },
    });
  });
}

/**
 * Has the browser say that nothing holds its pictures back. A page takes that for its computer being too weak for the
 * call, and ends its own picture; one that runs all browsers of a call, and encodes in software, always is.
 * @param {import("@playwright/test").BrowserContext} context
 */
export async function neverStrained(context) {
  await context.addInitScript(() => {
    const { prototype } = RTCRtpSender;
    const given = prototype.getStats;
    prototype.getStats = async function () {
      const report = await given.call(this);
      return new Map([...report].map(([id, stats]) => [id, "qualityLimitationReason" in stats ? { ...stats, qualityLimitationReason: "none" } : stats]));
    };
  });
}

/**
 * Remembers every microphone and camera that the page opens, for openDevices().
 * @param {import("@playwright/test").BrowserContext} context
 */
export async function watchDevices(context) {
  await context.addInitScript(() => {
    /** @type {MediaStreamTrack[]} */
    const opened = [];
    Object.assign(globalThis, { openedDevices: opened });
    const { mediaDevices } = navigator;
    const given = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = async (constraints) => {
      const stream = await given(constraints);
      opened.push(...stream.getTracks());
      return stream;
    };
  });
}

/**
 * The kinds of devices that the page has open, whether it sends what they give or not.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export function openDevices(page) {
  return page.evaluate(() => /** @type {{openedDevices: MediaStreamTrack[]}} */ (/** @type {unknown} */ (globalThis)).openedDevices
    .filter(({ readyState }) => readyState === "live").map(({ kind }) => kind).sort());
}

/**
 * The names of the devices whose sound and pictures the page sends.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export function sending(page) {
  return page.evaluate(() => /** @type {{madeConnections: RTCPeerConnection[]}} */ (/** @type {unknown} */ (globalThis)).madeConnections
    .filter((connection) => connection.connectionState === "connected")
    .flatMap((connection) => connection.getSenders().flatMap(({ track }) => (track && track.readyState === "live" ? [track.label] : []))));
}

/**
 * The states of the page's peer connections that are not closed.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export function openConnections(page) {
  return page.evaluate(() => /** @type {{madeConnections: RTCPeerConnection[]}} */ (/** @type {unknown} */ (globalThis)).madeConnections
    .map((connection) => connection.connectionState).filter((state) => state !== "closed"));
}

/**
 * The ways that the page's media go now: over what, and to which port.
 * @param {Page} page
 * @returns {Promise<{protocol: string, port: number}[]>}
 */
export function ways(page) {
  return page.evaluate(async () => {
    const found = [];
    for (const connection of /** @type {{madeConnections: RTCPeerConnection[]}} */ (/** @type {unknown} */ (globalThis)).madeConnections) {
      if (connection.connectionState !== "connected") continue;
      const report = await connection.getStats();
      for (const stats of report.values()) {
        if (stats.type === "transport" && stats.selectedCandidatePairId) {
          const pair = report.get(stats.selectedCandidatePairId);
          found.push({ protocol: report.get(pair.localCandidateId).protocol, port: report.get(pair.remoteCandidateId).port });
        }
      }
    }
    return found;
  });
}

/**
 * Over what the page's media travel now: "udp", "tcp", or both.
 * @param {Page} page
 * @returns {Promise<string[]>}
 */
export async function transports(page) {
  return [...new Set((await ways(page)).map(({ protocol }) => protocol))].sort();
}

/**
 * For what the page's shared screen is encoded: its hint, and frames a second at most; null when none is sent.
 * @param {Page} page
 * @returns {Promise<{hint: string, frames: number | undefined} | null>}
 */
export function sharedAs(page) {
  return page.evaluate(() => {
    for (const connection of /** @type {{madeConnections: RTCPeerConnection[]}} */ (/** @type {unknown} */ (globalThis)).madeConnections) {
      for (const sender of connection.getSenders()) {
        if (sender.track?.kind !== "video" || !["detail", "motion"].includes(sender.track.contentHint)) continue;
        return { hint: sender.track.contentHint, frames: sender.getParameters().encodings.at(-1)?.maxFramerate };
      }
    }
    return null;
  });
}

/**
 * How many bytes of pictures come within a second.
 * @param {Page} page
 * @param {string} [track] the id of one; left out: of all
 */
export function receivedBytes(page, track = "") {
  return page.evaluate(async (id) => {
    const { madeConnections } = /** @type {{madeConnections: RTCPeerConnection[]}} */ (/** @type {unknown} */ (globalThis));
    const count = async () => {
      let bytes = 0;
      for (const receiver of madeConnections.flatMap((connection) => connection.getReceivers())) {
        if (receiver.track.kind !== "video" || (id && receiver.track.id !== id)) continue;
        for (const stats of (await receiver.getStats()).values()) if (stats.type === "inbound-rtp") bytes += stats.bytesReceived;
      }
      return bytes;
    };
    const before = await count();
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
    return await count() - before;
  }, track);
}
