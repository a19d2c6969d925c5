// Which browser, and how it is started.

import { cameraFile, voiceFile } from "./camera.js";
import { needed } from "./program.js";

/** A name that leads to this machine and, unlike localhost, is no secure origin over plain http. */
export const insecureHost = "foyer.test";

/** This computer's address in a network that lib/network.js makes; of those that are there for trying networks (RFC 2544). */
export const networkHost = "198.18.77.1";

/** The program of the browser on this machine. */
export function chromium() {
  return needed("chromium");
}

/**
 * @param {object} [what]
 * @param {string} [what.camera] a y4m file that the camera shows
 * @param {boolean} [what.cameras] whether there is one
 * @param {boolean} [what.choice] whether there are three to choose from, which show what browsers make up; the second sees depth, which is not sent
 * @param {boolean} [what.speaks] whether the microphone hears somebody speak, rather than beeps
 * @param {string} [what.hears] a wav file that the microphone hears instead
 * @param {boolean} [what.udp] whether the network lets UDP through
 * @param {string} [what.trusted] an origin that is taken for secure
 * @param {"browser" | "monitor"} [what.shares] what is shared: the very tab that asks, or the whole screen
 * @param {boolean} [what.asks] whether permissions hold; otherwise everything is allowed
 */
export function flags({ camera = cameraFile("bars"), cameras = true, choice = false, speaks = false, hears = speaks ? voiceFile : "", udp = true, trusted = "", shares = "monitor", asks = false } = {}) {
  return [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ...(asks ? [] : ["--use-fake-ui-for-media-stream"]),
    `--use-fake-device-for-media-stream=display-media-type=${shares}${choice ? ",device-count=3" : cameras ? "" : ",device-count=0"}`,
    ...(cameras && !choice ? [`--use-file-for-fake-video-capture=${camera}`] : []),
    ...(hears ? [`--use-file-for-fake-audio-capture=${hears}`] : []),
    ...(udp ? [] : ["--webrtc-ip-handling-policy=disable_non_proxied_udp"]),
    ...(trusted ? [`--unsafely-treat-insecure-origin-as-secure=${trusted}`] : []),
    `--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`,
  ];
}
