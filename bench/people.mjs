// People in Chromium, for what is measured there.

import { createRequire } from "node:module";
import { chromium, flags } from "../e2e/lib/browser.js";
import { drawBars } from "../e2e/lib/camera.js";

const playwright = createRequire(new URL("../e2e/package.json", import.meta.url))("playwright");

/**
 * Runs what with a browser whose cameras are fake.
 * @param {(browser: import("playwright").Browser) => Promise<void>} what
 */
export async function withBrowser(what) {
  drawBars();
  const browser = await playwright.chromium.launch({ executablePath: chromium(), args: flags() });
  try {
    await what(browser);
  } finally {
    await browser.close();
  }
}

/**
 * Signs somebody up in a browser context of their own.
 * @param {import("playwright").Browser} browser
 * @param {string} base Foyer's address
 * @param {string} name
 * @param {number} patience milliseconds that each act may take
 */
export async function person(browser, base, name, patience = 30_000) {
  const page = await (await browser.newContext({ permissions: ["camera", "microphone"] })).newPage();
  page.setDefaultTimeout(patience);
  await page.goto(`${base}/signup`);
  await page.getByLabel("Username").fill(name);
  await page.getByLabel("Email").fill(`${name}@example.org`);
  await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
  await page.getByRole("button", { name: "Sign up" }).click();
  await page.waitForURL(`${base}/`);
  return page;
}

/**
 * Makes a room that is open to everybody, and returns its address.
 * @param {import("playwright").Page} owner
 * @param {string} base Foyer's address
 * @param {string} name
 */
export async function makeRoom(owner, base, name) {
  await owner.goto(`${base}/rooms/new`);
  await owner.getByLabel("Room name").fill(name);
  await owner.locator("input[name=visibility][value=open]").check();
  await owner.getByRole("button", { name: "Create room" }).click();
  await owner.waitForURL("**/r/**");
  return owner.url();
}
