// Pictures of pages for people to look at, and what axe finds on them.

import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import axe from "axe-core";
import { expect } from "@playwright/test";

/** @typedef {import("./people.js").Person} Person */

export const sizes = {
  desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 },
  sideways: { width: 844, height: 390 }, // a phone
  zoomed: { width: 720, height: 450 }, // the desktop at 200 %
};
/** @type {(keyof typeof sizes)[]} */
const usual = ["desktop", "phone"];
const folder = fileURLToPath(new URL("../screenshots/", import.meta.url));

/**
 * Takes a page at two sizes, in light and dark, and checks it with axe, and that
 * nothing makes it wider than the window.
 * @param {Person} person
 * @param {string} name
 * @param {object} [how]
 * @param {boolean} [how.whole] the page to its end, rather than the window
 * @param {keyof sizes} [how.only] one size
 * @param {(keyof sizes)[]} [how.at] other sizes than usual
 */
export async function shots({ page }, name, { whole = false, only, at = only ? [only] : usual } = {}) {
  mkdirSync(folder, { recursive: true });
  for (const place of at) {
    await page.setViewportSize(sizes[place]);
    for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
      await page.screenshot({ path: `${folder}${name}-${place}-${colorScheme}.png`, fullPage: whole });
      expect.soft(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name}, ${place}, is too wide by`).toBeLessThanOrEqual(0);
      if (place !== "desktop" && colorScheme === "dark") continue; // its colours were checked on the desktop
      expect.soft(await violations(page), `axe on ${name}, ${place}, ${colorScheme}`).toEqual([]);
    }
  }
}

/**
 * @param {import("@playwright/test").Page} page
 * @returns {Promise<string[]>}
 */
async function violations(page) {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const found = await /** @type {{axe: typeof axe}} */ (/** @type {unknown} */ (globalThis)).axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    });
    if (found.passes.length === 0) return ["axe has checked nothing"];
    return found.violations.flatMap(({ id, help, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${help}: ${target.join(" ")}: ${failureSummary}`));
  });
}
