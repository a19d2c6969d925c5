// Programs of this machine: browsers, and what tests put around Foyer.

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import net from "node:net";
import { fileURLToPath } from "node:url";

/**
 * The path of a program, installed if that is possible. Without one it says what to install, and throws.
 * @param {string} name
 */
export function needed(name) {
  const script = fileURLToPath(new URL("../program.sh", import.meta.url));
  return execFileSync("sh", [script, name], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
}

/**
 * The same, empty if there is none.
 * @param {string} name
 */
export function program(name) {
  try {
    return needed(name);
  } catch {
    return "";
  }
}

/**
 * Takes away a folder that programs wrote to. Those that were killed may write on for a
 * moment; what cannot be taken away for that harms no test.
 * @param {string} dir
 */
export function discard(dir) {
  try {
    rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  } catch (error) {
    console.warn(String(error));
  }
}

const startsWithin = 60_000; // milliseconds

/**
 * Waits until a program that was started listens on a port.
 * @param {import("node:child_process").ChildProcess} child
 * @param {number} port
 * @param {() => string} log what it has said so far
 */
export async function listens(child, port, log) {
  const limit = Date.now() + startsWithin;
  while (!(await connects(port))) {
    if (child.exitCode !== null || Date.now() > limit) throw new Error(`${child.spawnfile} does not answer:\n${log()}`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function connects(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => { socket.destroy(); resolve(true); });
    socket.on("error", () => resolve(false));
  });
}

/**
 * Ends a program that was started, by the end of its input where it reads that.
 * @param {import("node:child_process").ChildProcess} child
 */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const end = new Promise((resolve) => { child.removeAllListeners("exit").on("exit", resolve); });
  if (child.stdin) child.stdin.end();
  else child.kill("SIGTERM");
  await end;
}
