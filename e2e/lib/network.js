// A network of one computer, apart from this one's: a browser in it reaches Foyer by a
// wire that can be pulled out, and put in again with another address.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { chromium, networkHost } from "./browser.js";
import { discard } from "./program.js";

/** Why networks cannot be made here, empty when they can: that takes Linux and root. */
export function noNetworks() {
  try {
    execFileSync("ip", ["netns", "add", "foyer-try"], { stdio: "pipe" });
    execFileSync("ip", ["netns", "delete", "foyer-try"], { stdio: "pipe" });
    return "";
  } catch {
    return "another network takes Linux, root and iproute2";
  }
}

export class Network {
  #name = `foyer-${process.pid}`;
  #near = `fy${process.pid}n`.slice(0, 15);
  #far = `fy${process.pid}f`.slice(0, 15);
  #dir = mkdtempSync(path.join(os.tmpdir(), "foyer-network-"));

  /** Makes one, connected. */
  static make() {
    const network = new Network();
    ip("netns", "add", network.#name);
    ip("link", "add", network.#near, "type", "veth", "peer", "name", network.#far, "netns", network.#name);
    ip("address", "add", `${networkHost}/24`, "dev", network.#near);
    ip("link", "set", network.#near, "up");
    ip("-n", network.#name, "link", "set", "lo", "up");
    network.plugIn(2);
    return network;
  }

  /** A program that is Chromium in this network. */
  get browser() {
    const file = path.join(this.#dir, "chromium");
    writeFileSync(file, `#!/bin/sh\nexec ip netns exec ${this.#name} ${chromium()} "$@"\n`);
    chmodSync(file, 0o755);
    return file;
  }

  /** Nothing comes through any more, and the address is gone. */
  pullOut() {
    ip("-n", this.#name, "link", "set", this.#far, "down");
    ip("-n", this.#name, "address", "flush", "dev", this.#far);
  }

  /** @param {number} address the last part of it */
  plugIn(address) {
    ip("-n", this.#name, "address", "add", `${networkHost.replace(/\d+$/, String(address))}/24`, "dev", this.#far);
    ip("-n", this.#name, "link", "set", this.#far, "up");
  }

  /** Lets only so much out of it: what the browser in it sends. @param {number} rate kilobits a second */
  narrow(rate) {
    run("tc", "-n", this.#name, "qdisc", "replace", "dev", this.#far, "root", "tbf", "rate", `${rate}kbit`, "burst", "4kb", "latency", "400ms");
  }

  /** Lets everything out again. */
  widen() {
    run("tc", "-n", this.#name, "qdisc", "delete", "dev", this.#far, "root");
  }

  remove() {
    ip("link", "delete", this.#near); // both ends of the wire; a network lives on with a browser that has not ended
    ip("netns", "delete", this.#name);
    discard(this.#dir);
  }
}

/** @param {string[]} args */
function ip(...args) {
  run("ip", ...args);
}

/** @param {string} program @param {string[]} args */
function run(program, ...args) {
  execFileSync(program, args, { stdio: "pipe" });
}
