// The example of a program that lets its visitors into a room.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { stop } from "./program.js";

const program = fileURLToPath(new URL("../../bin/frontdesk", import.meta.url));
const sdk = fileURLToPath(new URL("../../static/vendor/livekit.mjs", import.meta.url));

/**
 * Starts it for a room, beside a Foyer, with a token of that.
 * @param {string} foyer where that is reached
 * @param {string} room its address's last part
 * @param {string} token
 */
export async function startFrontDesk(foyer, room, token) {
  const child = spawn(program, ["-listen", "127.0.0.1:0", "-foyer", foyer, "-room", room, "-sdk", sdk],
    { env: { ...process.env, FOYER_TOKEN: token }, stdio: ["ignore", "pipe", "inherit"] });
  /** @type {string} */
  const says = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code) => reject(new Error(`the front desk ended with code ${code}`)));
    child.stdout.setEncoding("utf8").once("data", resolve);
  });
  return { address: /open (\S+?),/.exec(says)?.[1] ?? "", end: () => stop(child) };
}
