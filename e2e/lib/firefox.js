// A Firefox, driven by Marionette: the WebDriver commands that Firefox itself takes on
// a TCP connection, each a line of JSON with its length in front.
// https://firefox-source-docs.mozilla.org/testing/marionette/

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { discard, needed } from "./program.js";

const startsWithin = 120_000; // milliseconds
const waitsFor = 120_000;
const endsWithin = 20_000;

/** The key under which WebDriver names an element. */
const elementKey = "element-6066-11e4-a52e-4f735466cecf";

/** Feigned devices that need no permission, sound that needs no tap, and nothing that asks other sites. */
const preferences = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
  "media.peerconnection.ice.loopback": true,
  "media.peerconnection.ice.obfuscate_host_addresses": false,
  "media.getusermedia.insecure.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.page": 0,
  "browser.aboutwelcome.enabled": false,
  "app.update.disabledForTesting": true,
  "datareporting.policy.dataSubmissionEnabled": false,
  "toolkit.telemetry.server": "",
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  "browser.safebrowsing.update.enabled": false,
  "services.settings.server": "data:,",
  "extensions.update.enabled": false,
  "browser.region.network.url": "",
};

export class Firefox {
  #profile = mkdtempSync(path.join(os.tmpdir(), "foyer-firefox-"));
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #process;
  /** @type {net.Socket | undefined} */
  #socket;
  #rest = Buffer.alloc(0);
  #count = 0;
  /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
  #waiting = new Map();

  /** Starts one, without a window and with a profile of its own. */
  static async start() {
    const firefox = new Firefox();
    try {
      await firefox.#begin();
    } catch (error) {
      await firefox.close();
      throw error;
    }
    return firefox;
  }

  async #begin() {
    const lines = Object.entries(preferences).map(([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`);
    writeFileSync(path.join(this.#profile, "user.js"), ["user_pref(\"marionette.port\", 0);", ...lines].join("\n"));
    const child = spawn(needed("firefox"), ["--headless", "--marionette", "--no-remote", "--profile", this.#profile], {
      env: { ...process.env, MOZ_HEADLESS: "1", HOME: this.#profile, MOZ_DISABLE_CONTENT_SANDBOX: "1" }, stdio: "ignore",
    });
    this.#process = child;
    const limit = Date.now() + startsWithin;
    for (;;) {
      const port = this.#port();
      if (port && await this.#connect(port)) break;
      if (child.exitCode !== null || Date.now() > limit) throw new Error("Firefox does not answer");
      await new Promise((resolve) => { setTimeout(resolve, 200); });
    }
    await this.#send("WebDriver:NewSession", { capabilities: { alwaysMatch: { acceptInsecureCerts: true } } });
  }

  /** The port that it listens on, which it writes into its profile; 0 while it has not. */
  #port() {
    try {
      return Number(readFileSync(path.join(this.#profile, "MarionetteActivePort"), "utf8"));
    } catch {
      return 0;
    }
  }

  /**
   * @param {number} port
   * @returns {Promise<boolean>} whether it answers
   */
  #connect(port) {
    return new Promise((resolve) => {
      const socket = net.connect(port, "127.0.0.1");
      socket.on("error", () => resolve(false));
      socket.on("close", () => resolve(false));
      socket.on("data", (data) => {
        this.#rest = Buffer.concat([this.#rest, data]);
        for (let message = this.#next(); message !== undefined; message = this.#next()) {
          if (!Array.isArray(message)) { // it says who it is
            this.#socket = socket;
            resolve(true);
            continue;
          }
          const [, id, error, result] = message;
          const waits = this.#waiting.get(id);
          this.#waiting.delete(id);
          if (error) waits?.reject(new Error(`${error.error}: ${error.message}`));
          else waits?.resolve(result);
        }
      });
    });
  }

  /** The next whole message, if it has come. @returns {any} */
  #next() {
    const colon = this.#rest.indexOf(":");
    const length = Number(this.#rest.subarray(0, Math.max(0, colon)).toString());
    if (colon < 1 || this.#rest.length < colon + 1 + length) return undefined;
    const text = this.#rest.subarray(colon + 1, colon + 1 + length).toString();
    this.#rest = this.#rest.subarray(colon + 1 + length);
    return JSON.parse(text);
  }

  /**
   * @param {string} command
   * @param {object} [parameters]
   * @returns {Promise<any>}
   */
  #send(command, parameters = {}) {
    const id = ++this.#count;
    const text = JSON.stringify([0, id, command, parameters]);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket?.write(`${Buffer.byteLength(text)}:${text}`);
    });
  }

  /** @param {string} url */
  goto(url) {
    return this.#send("WebDriver:Navigate", { url });
  }

  /**
   * Runs a function in the page and returns what it returns or resolves to.
   * @template T
   * @param {(...args: any[]) => T | Promise<T>} script
   * @param {unknown[]} args
   * @returns {Promise<T>}
   */
  async run(script, ...args) {
    const text = `const done = arguments[arguments.length - 1]; Promise.resolve((${script})(...[...arguments].slice(0, -1))).then(done, (error) => done({ failed: String(error) }));`;
    const { value } = await this.#send("WebDriver:ExecuteAsyncScript", { script: text, args, sandbox: null });
    if (value?.failed) throw new Error(value.failed);
    return value;
  }

  /**
   * Waits until a function returns true in the page.
   * @param {string} what it is, for when it does not
   * @param {(...args: any[]) => unknown} script
   * @param {unknown[]} args
   */
  async until(what, script, ...args) {
    const limit = Date.now() + waitsFor;
    for (;;) {
      const answer = await this.#try(script, ...args);
      if (answer === true) return;
      if (Date.now() > limit) throw new Error(`not in time: ${what}\n${answer}\n${await this.#try(() => document.body.innerText)}`);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  }

  /**
   * Runs a function in the page; a page that goes away meanwhile is asked again by those who wait.
   * @param {(...args: any[]) => unknown} script
   * @param {unknown[]} args
   */
  async #try(script, ...args) {
    try {
      return await this.run(script, ...args);
    } catch (error) {
      return String(error);
    }
  }

  /** @param {string} selector @returns {Promise<string>} */
  async #find(selector) {
    const { value } = await this.#send("WebDriver:FindElement", { using: "css selector", value: selector });
    return value[elementKey];
  }

  /** Clicks as a mouse does, on what can be clicked. @param {string} selector */
  async click(selector) {
    await this.#send("WebDriver:ElementClick", { id: await this.#find(selector) });
  }

  /** @param {string} selector @param {string} text */
  async type(selector, text) {
    await this.#send("WebDriver:ElementSendKeys", { id: await this.#find(selector), text });
  }

  /** Presses keys where focus is, all together. @param {string[]} keys as WebDriver names them */
  async press(...keys) {
    const downs = keys.map((value) => ({ type: "keyDown", value }));
    await this.#send("WebDriver:PerformActions", { actions: [{ type: "key", id: "keyboard", actions: [...downs, ...keys.toReversed().map((value) => ({ type: "keyUp", value }))] }] });
  }

  /** @param {string} file where the picture of the window goes */
  async screenshot(file) {
    const { value } = await this.#send("WebDriver:TakeScreenshot", { full: false });
    writeFileSync(file, Buffer.from(value, "base64"));
  }

  async close() {
    this.#socket?.destroy();
    const child = this.#process;
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => { child.on("exit", resolve); });
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), endsWithin);
      await ended;
      clearTimeout(timer);
    }
    discard(this.#profile);
  }
}
