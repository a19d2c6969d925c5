// A connection to the media gate that no browser made.

import http from "node:http";
import { randomBytes } from "node:crypto";

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
 * What a token says of itself.
 * @param {string} token
 * @returns {{exp: number}} exp in seconds
 */
export function claims(token) {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}
