// The test of this suite: Playwright's, with a running Foyer and people to use it.

import { expect, test as base } from "@playwright/test";
import { chromium, flags, insecureHost, networkHost } from "./browser.js";
import { Foyer, errorsIn, fixtureTime } from "./foyer.js";
import { neverStrained, watchConnections } from "./media.js";
import { Person, signUp } from "./people.js";

export { expect };

/** @typedef {import("@playwright/test").BrowserContextOptions} ContextOptions */

/**
 * @typedef {object} Entry how somebody comes
 * @property {ContextOptions} [options]
 * @property {import("@playwright/test").Browser} [browser] another than usual
 * @property {boolean} [strained] whether the page may find its computer or network too weak for the call
 */

/**
 * @typedef {object} OfWorker
 * @property {Foyer} foyer one for as long as no test fails
 * @property {Map<string, ContextOptions["storageState"]>} cast cookies of those who have signed up
 */

/** @typedef {(username: string, at: Foyer) => Promise<Person>} Visit */

/**
 * @typedef {object} OfTest
 * @property {(username: string, entry?: Entry) => Promise<Person>} visit
 *   somebody of the cast, signed in, in a browser context of their own
 * @property {Visit} visitAt the same at another Foyer than usual
 * @property {(entry?: Entry) => Promise<Person>} newcomer somebody with no account, in a context of their own
 * @property {(what: Parameters<typeof flags>[0], program?: string) => Promise<import("@playwright/test").Browser>} launch
 *   another browser than usual, with other devices, or another program
 * @property {Troubles} troubles
 */

/** What went wrong in the background, where no assertion looks. */
class Troubles {
  /** @type {string[]} */
  seen = [];
}

let people = 0;

export const test = base.extend(/** @type {import("@playwright/test").Fixtures<OfTest, OfWorker>} */ ({
  foyer: [async ({}, use) => {
    const foyer = await Foyer.start();
    await use(foyer);
    await foyer.remove();
  }, { scope: "worker", timeout: fixtureTime }],

  cast: [async ({}, use) => use(new Map()), { scope: "worker" }],

  troubles: [async ({ foyer }, use) => {
    const troubles = new Troubles();
    const start = foyer.log.length;
    await use(troubles);
    expect(troubles.seen, "errors in pages").toEqual([]);
    expect(errorsIn(foyer.log.slice(start)), "errors in the program's log").toEqual([]);
  }, { auto: true }],

  launch: async ({ playwright }, use) => {
    /** @type {import("@playwright/test").Browser[]} */
    const browsers = [];
    await use(async (what, program = chromium()) => {
      const browser = await playwright.chromium.launch({ executablePath: program, args: flags(what) });
      browsers.push(browser);
      return browser;
    });
    for (const browser of browsers) await browser.close();
  },

  newcomer: async ({ browser, foyer, troubles }, use) => {
    /** @type {import("@playwright/test").BrowserContext[]} */
    const contexts = [];
    await use(async (entry = {}) => {
      const context = await (entry.browser ?? browser).newContext({ baseURL: foyer.base, ...entry.options });
      contexts.push(context);
      await watch(context, troubles);
      if (!entry.strained) await neverStrained(context);
      const page = await context.newPage();
      people++;
      return new Person(`guest${people}`, page);
    });
    for (const context of contexts) await context.close();
  },

  visit: async ({ newcomer, cast, foyer }, use) => {
    await use((username, entry = {}) => enter(username, foyer, entry, newcomer, cast));
  },

  visitAt: async ({ newcomer, cast }, use) => {
    await use((username, at) => enter(username, at, { options: { baseURL: at.base } }, newcomer, cast));
  },
}));

/**
 * Brings in somebody of the cast, who signs up the first time.
 * @param {string} username
 * @param {Foyer} foyer
 * @param {Entry} entry
 * @param {OfTest["newcomer"]} newcomer
 * @param {OfWorker["cast"]} cast
 */
async function enter(username, foyer, entry, newcomer, cast) {
  const key = `${username} at ${foyer.base}`;
  const storageState = cast.get(key);
  const person = await newcomer({ ...entry, options: { ...entry.options, storageState } });
  person.username = username;
  if (!storageState) {
    await signUp(person);
    cast.set(key, await person.context.storageState());
  }
  return person;
}

/**
 * Notes what must never happen in a page: an error nobody caught, something that
 * the content security policy forbids, a request to another site.
 * @param {import("@playwright/test").BrowserContext} context
 * @param {Troubles} troubles
 */
async function watch(context, troubles) {
  await watchConnections(context);
  context.on("weberror", (error) => troubles.seen.push(`uncaught: ${error.error().stack ?? error.error()}`));
  context.on("console", (message) => {
    if (message.type() === "error" && /content security policy/i.test(message.text())) troubles.seen.push(message.text());
  });
  context.on("request", (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (/^(http|ws)/.test(protocol) && !["localhost", "127.0.0.1", insecureHost, networkHost].includes(hostname)) troubles.seen.push(`request to ${hostname}`);
  });
}
