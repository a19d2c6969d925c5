// A connection to the media gate that no browser made.

import http from "node:http";
import { randomBytes } from "node:crypto";
import { expect } from "@playwright/test";

/**
 * Asks for a WebSocket and returns the status of the answer: 101 when let in.
 * The connection is closed at once.
 * @param {string} base
 * @param {string} path
 * @param {string} token
 * @returns {Promise<number>}
 */
export function knock(base, path, token) {
  return new Promise((resolve, reject) => {
    const request = http.get(`${base.replace("//localhost", "//127.0.0.1")}${path}?access_token=${encodeURIComponent(token)}&protocol=16&sdk=js&auto_subscribe=1`, {
      headers: {
        Connection: "Upgrade", Upgrade: "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      },
    });
    request.on("response", (answer) => { answer.resume(); resolve(answer.statusCode ?? 0); });
    request.on("upgrade", (answer, socket) => { socket.destroy(); resolve(answer.statusCode ?? 0); });
    request.on("error", reject);
  });
}

/**
 * Expects that tokens open nothing any more, at neither path, though they have not expired.
 * @param {string} base
 * @param {string[]} tokens the last given to its holder last; the others may have expired meanwhile, on a slow machine
 */
export async function expectClosed(base, tokens) {
  const valid = tokens.filter((token) => claims(token).exp * 1000 > Date.now() + margin);
  expect(valid, "the token has not expired").toContain(tokens.at(-1));
  for (const token of valid) {
    for (const path of ["/rtc", "/rtc/v1"]) expect(await knock(base, path, token), `${path} with the token of before`).toBe(403);
  }
}

/** How long a token has to be good for yet to be tried. */
const margin = 5000; // milliseconds

/**
 * What a token says of itself.
 * @param {string} token
 * @returns {{exp: number}} exp in seconds
 */
function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
