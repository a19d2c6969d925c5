// The stage of a call with others who are drawn (crowd.js).

import { drawCrowd, others } from "./crowd.js";
import { expectCount, join, makeRoom } from "./people.js";

/** @typedef {import("./people.js").Person} Person */

/** @param {Person} person @param {number} n @returns {import("@playwright/test").Locator} */
export const drawn = ({ page }, n) => page.locator(`[data-participant="drawn-${n}"]`);

/** @param {Person} person @param {string} part */
export const parts = ({ page }, part) => page.locator(`.tile[data-part="${part}"]:visible`);

/** @param {Person} person @param {string} item */
export async function choose(person, item) {
  await person.button("More").click();
  await person.page.getByRole("menuitemcheckbox", { name: item }).click();
}

/**
 * Somebody in a call with so many others, who are drawn.
 * @param {import("./test.js").OfTest["visit"]} visit
 * @param {number} n
 */
export async function withOthers(visit, n) {
  const ana = await visit("ana");
  await drawCrowd(ana.page, others(n), 5);
  const room = await makeRoom(ana);
  await join(ana, room);
  await expectCount(ana, n + 1);
  return ana;
}

/**
 * What the drawn people do.
 * @param {Person} person
 * @param {"set" | "drop" | "emit"} what
 * @param {unknown[]} args
 */
export function make({ page }, what, ...args) {
  return page.evaluate(({ method, values }) => {
    const { crowd } = /** @type {{crowd: {media: Record<string, (...values: unknown[]) => void>}}} */ (/** @type {unknown} */ (globalThis));
    crowd.media[method]?.(...values);
  }, { method: what, values: args });
}
