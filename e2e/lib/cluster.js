// Several Foyers that form one service: they share a database, and a Redis
// through which their media servers are one.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Foyer, freePort } from "./foyer.js";
import { ways } from "./media.js";
import { listens, program, stop } from "./program.js";

const database = fileURLToPath(new URL("../../bin/postgres-alone", import.meta.url));

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */

/** Why there can be no cluster on this machine, empty when there can. */
export function missing() {
  return program("redis-server") ? "" : "redis-server";
}

export class Cluster {
  /** @type {Foyer[]} */
  nodes = [];
  /** @type {ChildProcess[]} */
  #servers = [];

  /**
   * Starts so many nodes.
   * @param {number} count
   */
  static async start(count) {
    const cluster = new Cluster();
    const redis = await freePort();
    const settings = { DATABASE_URL: await cluster.#postgres(), REDIS_URL: `redis://127.0.0.1:${redis}`, FOYER_TRUSTED_PROXIES: "127.0.0.1" };
    await cluster.#redis(redis);
    for (let i = 0; i < count; i++) cluster.nodes.push(await Foyer.start(settings));
    return cluster;
  }

  /** @returns {Promise<string>} its address */
  #postgres() {
    if (!existsSync(database)) throw new Error(`there is no ${database}: run make bin/postgres-alone first`);
    const child = spawn(database, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.#servers.push(child);
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`the database ended with code ${code}`)));
      child.stdout.setEncoding("utf8").once("data", (line) => resolve(line.trim()));
    });
  }

  /** @param {number} port */
  async #redis(port) {
    const child = spawn(program("redis-server"), ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], { stdio: "ignore" });
    this.#servers.push(child);
    await listens(child, port, () => "");
  }

  /**
   * The node whose media server carries what a page sees.
   * @param {import("@playwright/test").Page} page
   */
  async carrying(page) {
    const ports = (await ways(page)).map(({ port }) => port);
    const carrier = this.nodes.find((node) => ports.includes(node.mediaPort));
    if (!carrier) throw new Error(`no node's media server has a port of ${ports}`);
    return carrier;
  }

  async remove() {
    try {
      for (const node of this.nodes) await node.remove();
    } finally {
      for (const server of this.#servers.reverse()) await stop(server);
    }
  }
}
