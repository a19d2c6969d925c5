// Proxies in front of Foyer, with the very settings that docs/operations.md gives.

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./foyer.js";
import { discard, listens, program } from "./program.js";

/** @typedef {"nginx" | "caddy"} Kind */

/**
 * Why a kind of proxy cannot be tried on this machine, empty when it can.
 * @param {Kind} kind
 */
export function missing(kind) {
  return [kind, "openssl"].filter((name) => !program(name)).join(" and ");
}

/**
 * The example for a proxy from the documentation.
 * @param {string} language of the block
 */
function documented(language) {
  const text = readFileSync(fileURLToPath(new URL("../../docs/operations.md", import.meta.url)), "utf8");
  const block = new RegExp("```" + language + "\n([^`]*)```").exec(text)?.[1];
  if (!block) throw new Error(`docs/operations.md has no block of ${language}`);
  return block;
}

/**
 * Puts what is so here in the place of what is so in the example.
 * @param {string} text
 * @param {Record<string, string>} changes
 */
function fitted(text, changes) {
  for (const [from, to] of Object.entries(changes)) {
    if (text.split(from).length !== 2) throw new Error(`"${from}" is not once in:\n${text}`);
    text = text.replace(from, () => to);
  }
  return text;
}

export class Proxy {
  /** How browsers reach it, like https://localhost:1234. */
  origin = "";
  port = 0;
  #dir = "";
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  #log = "";

  /**
   * Starts a proxy that ends TLS and passes requests on.
   * @param {Kind} kind
   * @param {number} to the port of Foyer
   */
  static async start(kind, to) {
    const proxy = new Proxy();
    proxy.#dir = mkdtempSync(path.join(os.tmpdir(), `foyer-${kind}-`));
    proxy.port = await freePort();
    proxy.origin = `https://localhost:${proxy.port}`;
    proxy.#certify();
    const args = kind === "nginx" ? proxy.#nginx(to) : proxy.#caddy(to);
    const child = spawn(program(kind), args, {
      cwd: proxy.#dir, stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: proxy.#dir, XDG_DATA_HOME: proxy.#dir, XDG_CONFIG_HOME: proxy.#dir },
    });
    proxy.#process = child;
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => { proxy.#log += text; });
    await listens(child, proxy.port, () => proxy.#log);
    return proxy;
  }

  #file(/** @type {string} */ name) {
    return path.join(this.#dir, name);
  }

  #certify() {
    execFileSync(program("openssl"), [
      "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
      "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
      "-keyout", this.#file("key.pem"), "-out", this.#file("cert.pem"),
    ], { stdio: "pipe" });
  }

  /** @param {number} to */
  #nginx(to) {
    const site = fitted(documented("nginx"), {
      "listen 443 ssl http2;": `listen 127.0.0.1:${this.port} ssl http2;`,
      "meet.example.org;": "localhost;",
      "/etc/ssl/meet.example.org.pem": this.#file("cert.pem"),
      "/etc/ssl/meet.example.org.key": this.#file("key.pem"),
      "/var/log/nginx/foyer.log": this.#file("access.log"),
      "127.0.0.1:8080": `127.0.0.1:${to}`,
    });
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => {
      mkdirSync(this.#file(name));
      return `${name}_temp_path ${this.#file(name)};`;
    });
    const user = process.getuid?.() === 0 ? "user root;" : "";
    writeFileSync(this.#file("nginx.conf"),
      `${user} daemon off; pid ${this.#file("pid")}; error_log stderr;\nevents {}\nhttp {\n${temporary.join("\n")}\n${site}\n}\n`);
    return ["-p", this.#dir, "-c", this.#file("nginx.conf"), "-e", "stderr"];
  }

  /** @param {number} to */
  #caddy(to) {
    const site = fitted(documented("caddyfile"), {
      "meet.example.org {": `https://localhost:${this.port} {\n    tls ${this.#file("cert.pem")} ${this.#file("key.pem")}`,
      "127.0.0.1:8080": `127.0.0.1:${to}`,
    });
    writeFileSync(this.#file("Caddyfile"), `{\n    admin off\n    auto_https disable_redirects\n    default_bind 127.0.0.1\n}\n${site}`);
    return ["run", "--config", this.#file("Caddyfile")];
  }

  /** The file of its certificate, which signed itself. */
  get certificate() {
    return this.#file("cert.pem");
  }

  /** What nginx has written about requests. */
  get requests() {
    return readFileSync(this.#file("access.log"), "utf8");
  }

  async remove() {
    const child = this.#process;
    if (child && child.exitCode === null) {
      const ended = new Promise((resolve) => { child.on("exit", resolve); });
      child.kill("SIGTERM");
      await ended;
    }
    discard(this.#dir);
  }
}
