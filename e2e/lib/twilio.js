// The double of Twilio, and a Foyer whose calls it carries.

import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { test as base, expect } from "./test.js";
import { Foyer, fixtureTime, freePort } from "./foyer.js";
import { join } from "./people.js";

export { expect };

const binary = fileURLToPath(new URL("../../bin/twilio-double", import.meta.url));

/**
 * @typedef {object} Place where the double is, and the account it serves
 * @property {string} api_url
 * @property {string} signaling_url
 * @property {string} control_url
 * @property {string} account_sid
 * @property {string} api_key_sid
 * @property {string} api_key_secret
 * @property {string} auth_token
 */

export class Twilio {
  /** @type {Place} */
  place;
  #process;

  /**
   * @param {Place} place
   * @param {import("node:child_process").ChildProcess} process
   */
  constructor(place, process) {
    this.place = place;
    this.#process = process;
  }

  /**
   * @param {Record<string, string>} [env] of the double, besides this process's
   * @returns {Promise<Twilio>}
   */
  static start(env = {}) {
    if (!existsSync(binary)) throw new Error(`there is no ${binary}: run make bin/twilio-double first`);
    const child = spawn(binary, [], { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (code) => reject(new Error(`the double ended with code ${code}`)));
      child.stdout.setEncoding("utf8").once("data", (line) => resolve(new Twilio(JSON.parse(line), child)));
    });
  }

  stop() {
    this.#process.stdin?.end();
  }

  /** What makes a Foyer use it, reached at a port of this machine. @param {number} port */
  settings(port) {
    const { account_sid, api_key_sid, api_key_secret, auth_token, api_url, signaling_url } = this.place;
    return {
      FOYER_ADDR: `127.0.0.1:${port}`,
      FOYER_PUBLIC_URL: `http://localhost:${port}`,
      TWILIO_ACCOUNT_SID: account_sid,
      TWILIO_API_KEY_SID: api_key_sid,
      TWILIO_API_KEY_SECRET: api_key_secret,
      TWILIO_AUTH_TOKEN: auth_token,
      TWILIO_API_URL: api_url,
      TWILIO_SIGNALING_URL: signaling_url,
    };
  }

  /**
   * Makes something happen.
   * @param {"drop" | "refuse" | "hold" | "quality" | "complete" | "fail"} what
   * @param {Record<string, string>} form
   */
  async make(what, form) {
    const answer = await fetch(`${this.place.control_url}/${what}`, { method: "POST", body: new URLSearchParams(form) });
    expect(answer.status, `${what} ${JSON.stringify(form)}`).toBe(200);
  }

  /**
   * Makes a room as another program with the same account might.
   * @param {string} name
   * @param {number} places
   */
  async makeRoom(name, places) {
    const { api_url, api_key_sid, api_key_secret } = this.place;
    const answer = await fetch(`${api_url}/v1/Rooms`, {
      method: "POST",
      body: new URLSearchParams({ UniqueName: name, Type: "group", MaxParticipants: String(places) }),
      headers: { Authorization: `Basic ${Buffer.from(`${api_key_sid}:${api_key_secret}`).toString("base64")}` },
    });
    expect(answer.status, await answer.text()).toBe(201);
  }

  /** Who is in a room, by identity. @param {string} room @returns {Promise<string[]>} */
  async present(room) {
    return (await fetch(`${this.place.control_url}/present?room=${encodeURIComponent(room)}`)).json();
  }

  /** What of Foyer's requests was not as Twilio describes them. @returns {Promise<string[]>} */
  async violations() {
    return (await fetch(`${this.place.control_url}/violations`)).json();
  }

  /**
   * An access token as Foyer makes them, but with other claims.
   * @param {string} token
   * @param {(claims: Claims) => void} change
   */
  forge(token, change) {
    const claims = claimsOf(token);
    change(claims);
    const [header] = token.split(".");
    const body = `${header}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}`;
    return `${body}.${createHmac("sha256", this.place.api_key_secret).update(body).digest("base64url")}`;
  }
}

/**
 * @typedef {object} Claims
 * @property {number} exp
 * @property {number} nbf
 * @property {{identity: string, video: {room: string}}} grants
 */

/** @param {string} token @returns {Claims} */
export function claimsOf(token) {
  return JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString());
}

/**
 * Joins, and returns what the server answered.
 * @param {import("./people.js").Person} person
 * @param {string} room
 * @returns {Promise<{backend: string, url: string, token: string, participant: string}>}
 */
export async function enter(person, room) {
  const [answer] = await Promise.all([person.page.waitForResponse(new RegExp(`${room}/join$`), { timeout: 0 }), join(person, room)]);
  return answer.json();
}

/**
 * @typedef {object} OfTwilio
 * @property {Twilio} twilio
 */

/** The suite's test, with Twilio behind Foyer. */
export const test = base.extend(/** @type {import("@playwright/test").Fixtures<{faithful: void}, OfTwilio & {foyer: Foyer}, import("./test.js").OfTest, {}>} */ ({
  twilio: [async ({}, use) => {
    const twilio = await Twilio.start();
    await use(twilio);
    twilio.stop();
  }, { scope: "worker" }],

  foyer: [async ({ twilio }, use) => {
    const foyer = await Foyer.start(twilio.settings(await freePort()));
    await use(foyer);
    await foyer.remove();
  }, { scope: "worker", timeout: fixtureTime }],

  faithful: [async ({ twilio }, use) => {
    await use();
    expect(await twilio.violations(), "requests that Twilio does not describe").toEqual([]);
  }, { auto: true }],
}));
