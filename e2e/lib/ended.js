// That who is put out of a call is told so at once.

import { expect } from "@playwright/test";

/** @typedef {import("@playwright/test").Locator} Locator */
/** @typedef {import("./people.js").Person} Person */

// Milliseconds from the change to the page of the person who is put out: hundreds, but
// less than until the next sweep.
const atMost = 4000;

/** The same where the page's own timers come late. There this test cannot tell a sweep from what Foyer is told at once; those of internal/call can. */
const atMostLate = 30_000;
const late = 200;

/**
 * Makes a change that puts somebody out, and waits until their page says so, which must not take long.
 * @param {Person} person
 * @param {string} title of the change, for the report
 * @param {() => Promise<number>} change returns when it was made, in milliseconds of the clock
 */
export async function expectEnd(person, title, change) {
  const [changed, { at, lateness }] = await Promise.all([change(), whenEnded(person)]);
  console.log(`  out of the call after: ${title}: ${Math.round(at - changed)} ms`);
  expect(at - changed, "milliseconds until the page shows that the call is over").toBeLessThanOrEqual(lateness > late ? atMostLate : atMost);
}

/**
 * Clicks on what sends a form, and returns when the browser sent it: the click itself may have to wait for the page.
 * @param {Locator} button
 * @returns {Promise<number>} milliseconds of the clock
 */
export async function send(button) {
  const [answer] = await Promise.all([
    button.page().waitForResponse((response) => response.request().method() === "POST", { timeout: 0 }),
    button.click(),
  ]);
  return answer.request().timing().startTime;
}

/**
 * When the page of a call shows that it is over, in milliseconds of the clock, and how late timers of that page were meanwhile.
 * @param {Person} person
 * @returns {Promise<{at: number, lateness: number}>}
 */
function whenEnded(person) {
  return person.page.evaluate(() => new Promise((resolve) => {
    const every = 50;
    let lateness = 0;
    let due = performance.now() + every;
    const ticks = setInterval(() => {
      lateness = Math.max(lateness, performance.now() - due);
      due = performance.now() + every;
    }, every);
    const leave = document.querySelector("[aria-label='Leave call']");
    const look = () => {
      const heading = [...document.querySelectorAll("h1")].some((h1) => h1.checkVisibility() && h1.textContent !== "");
      if (leave?.checkVisibility() || !heading) return;
      observer.disconnect();
      clearInterval(ticks);
      resolve({ at: Date.now(), lateness });
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    look();
  }));
}
