// The real program, started for the tests.

import { spawn, execFileSync } from "node:child_process";
import dgram from "node:dgram";
import { chmodSync, existsSync, mkdtempSync, realpathSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { discard } from "./program.js";

const binary = process.env.FOYER_BINARY ?? fileURLToPath(new URL("../../bin/foyer", import.meta.url));
const startsWithin = 240_000; // milliseconds; the first start makes a database, and writes it to disk
const stopsWithin = 120_000; // all that it waits for at an end has a time of its own

/** How long a fixture may take that starts a Foyer, and takes it away. */
export const fixtureTime = startsWithin + stopsWithin + 60_000;

export class Foyer {
  /** Where pages are, like http://localhost:1234. */
  base = "";
  /** The link that the start printed; empty on later starts once it was used. */
  setupLink = "";
  /** What the program has logged since it was first started. */
  log = "";
  #dir = "";
  /** @type {Record<string, string>} */
  #settings = {};
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;

  /**
   * Starts a new deployment on free ports, with a data directory of its own.
   * @param {Record<string, string>} [settings] others than usual
   */
  static async start(settings = {}) {
    if (!existsSync(binary)) throw new Error(`there is no ${binary}: run make build first`);
    const foyer = new Foyer();
    foyer.#dir = mkdtempSync(path.join(os.tmpdir(), "foyer-e2e-"));
    chmodSync(foyer.#dir, 0o755); // as root, Postgres runs as another user
    foyer.#settings = {
      FOYER_DATA_DIR: foyer.#dir,
      FOYER_ADDR: `127.0.0.1:${await freePort()}`,
      FOYER_MEDIA_UDP_PORT: String(await freePort()),
      FOYER_MEDIA_TCP_PORT: String(await freePort()),
      ...settings,
    };
    try {
      await foyer.begin();
    } catch (error) {
      discard(foyer.#dir);
      throw error;
    }
    return foyer;
  }

  get port() {
    return Number(new URL(this.base).port);
  }

  /** Where the media server sends and receives. */
  get mediaPort() {
    return Number(this.#settings.FOYER_MEDIA_UDP_PORT);
  }

  /** Starts the program, on the ports and the data that it had before. */
  async begin() {
    const child = spawn(binary, ["serve"], {
      cwd: this.#dir, // away from any .env file
      env: { PATH: process.env.PATH, HOME: process.env.HOME, TMPDIR: process.env.TMPDIR, ...this.#settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    // It must not outlive the tests, which may end while they wait for it.
    const kill = () => child.kill("SIGKILL");
    process.once("exit", kill);
    child.once("exit", () => process.off("exit", kill));
    child.stderr.setEncoding("utf8").on("data", (text) => { this.log += text; });
    let said = "";
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => { kill(); reject(new Error(`not ready within ${startsWithin} ms:\n${this.log}`)); }, startsWithin);
      child.on("error", reject);
      child.on("exit", (code) => { clearTimeout(timer); reject(new Error(`ended with code ${code} instead of starting:\n${this.log}`)); });
      child.stdout.setEncoding("utf8").on("data", (text) => {
        said += text;
        if (!/Foyer is ready[\s\S]*\n\n$/.test(said)) return;
        clearTimeout(timer);
        resolve(undefined);
      });
    });
    this.base = /Open it:\s+(\S+)/.exec(said)?.[1] ?? "";
    this.setupLink = /Set it up, once:\s+(\S+)/.exec(said)?.[1] ?? "";
  }

  /**
   * Ends the program and waits for that; rejects unless it ended in good order.
   * @param {"SIGTERM" | "SIGHUP" | "SIGINT"} signal SIGHUP leaves calls going on
   */
  async end(signal = "SIGTERM") {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) throw new Error(`Foyer had ended by itself:\n${this.log}`);
    const ended = new Promise((resolve, reject) => {
      const timer = setTimeout(() => { child.kill("SIGKILL"); reject(new Error(`still running ${stopsWithin} ms after ${signal}:\n${this.log}`)); }, stopsWithin);
      child.on("exit", (code, by) => { clearTimeout(timer); resolve(code ?? by); });
    });
    child.kill(signal);
    const code = await ended;
    if (code !== 0) throw new Error(`ended with ${code} after ${signal}:\n${this.log}`);
  }

  /** The program and its media server are gone at once, as with a machine that loses its power. */
  async die() {
    const media = this.mediaServer;
    const ended = new Promise((resolve) => { this.#process?.on("exit", resolve); });
    this.#process?.kill("SIGKILL"); // first: it would start another media server
    process.kill(media, "SIGKILL");
    await ended;
    this.#process = undefined;
  }

  /** Ends the program for good, unless it died, and takes its data away. Its log must hold no secret. */
  async remove() {
    try {
      if (this.#process) await this.end();
    } catch (error) {
      // What it has stored is not needed any more: a disk that is too slow for the database's end harms nothing.
      if (!this.log.includes("stopped without a checkpoint")) throw error;
    } finally {
      discard(this.#dir);
    }
    const told = this.log.split("\n").filter((line) => secret.test(line));
    if (told.length > 0) throw new Error(`the log holds what has the shape of a secret:\n${told.join("\n")}`);
  }

  /**
   * Runs SQL as somebody would by hand.
   * @param {string} text
   * @param {unknown[]} [values]
   */
  async sql(text, values = []) {
    const shared = this.#settings.DATABASE_URL;
    const host = (shared && new URL(shared).searchParams.get("host")) || path.join(this.#dir, "postgres", "run");
    const client = new pg.Client({ host: realpathSync(host), port: 5432, user: "foyer", database: "foyer" });
    await client.connect();
    try {
      return await client.query(text, values);
    } finally {
      await client.end();
    }
  }

  /** What the program has logged that must never happen. */
  get errors() {
    return errorsIn(this.log);
  }

  /**
   * Makes somebody an administrator of the site, or ends that. One always has to
   * remain: somebody who never logs in stays one.
   * @param {string} username
   * @param {boolean} [yes]
   */
  async administrator(username, yes = true) {
    await this.sql("insert into users (id, username, email, display_name, password_hash, administrator) values (gen_random_uuid(), 'keeper', 'keeper@example.org', 'Keeper', '', true) on conflict do nothing");
    await this.sql("update users set administrator = $2 where username = $1", [username, yes]);
  }

  /** The process id of the media server. */
  get mediaServer() {
    const list = execFileSync("ps", ["-A", "-o", "pid=,ppid=,args="], { encoding: "utf8" });
    for (const line of list.split("\n")) {
      const [pid, parent, ...args] = line.trim().split(/\s+/);
      if (Number(parent) === this.#process?.pid && args.includes("sfu")) return Number(pid);
    }
    throw new Error(`no media server among the children of Foyer:\n${list}`);
  }
}

/** @param {string} log */
export function errorsIn(log) {
  return log.split("\n").filter((line) => / level=ERROR |^panic:|DATA RACE/.test(line) || secret.test(line));
}

/** What has the shape of a secret: a media token, a link that lets somebody in, the secret of a webhook, the token of a program. */
const secret = /\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}|access_token=\w|\/(?:invite|reset|verify)\/[\w-]{43}|\btoken=[\w-]{43}|\bwhsec_\w|\bfoyer_(?:pat|svc)_[0-9a-f]{16}/;

/** Ports below those that the kernel gives to connections and above those of the Go tests: nobody takes one who does not ask for it. */
const firstPort = 20_000;
const ports = 10_000;
let nextPort = Math.floor(Math.random() * ports);

/**
 * A port that is free for TCP and UDP.
 * @returns {Promise<number>}
 */
export async function freePort() {
  const { port, release } = await heldPort();
  await release();
  return port;
}

/**
 * The same, and nobody gets it for TCP before it is released.
 * @returns {Promise<{port: number, release: () => Promise<void>}>}
 */
export async function heldPort() {
  for (let tries = 0; tries < ports; tries++) {
    const port = firstPort + (nextPort++ % ports);
    const server = net.createServer();
    const listens = await succeeds(server, (done) => server.listen(port, done));
    const socket = dgram.createSocket("udp4");
    const binds = await succeeds(socket, (done) => socket.bind(port, done));
    if (binds) socket.close();
    const release = () => new Promise((/** @type {(value: void) => void} */ done) => { server.close(() => done()); });
    if (listens && binds) return { port, release };
    if (listens) await release();
  }
  throw new Error("no port is free");
}

/**
 * @param {import("node:events").EventEmitter} thing that says "error" when it cannot
 * @param {(done: () => void) => void} begin
 * @returns {Promise<boolean>}
 */
function succeeds(thing, begin) {
  return new Promise((resolve) => {
    thing.once("error", () => resolve(false));
    begin(() => resolve(true));
  });
}
