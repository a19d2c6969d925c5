// Measures, in Chromium, the time from the click on Join to the first frame of
// the other person's picture. Usage: node first-frame.mjs ADDRESS

import { makeRoom, person, withBrowser } from "./people.mjs";

const joins = 20;
const [, , base] = process.argv;

await withBrowser(async (browser) => {
  const host = await person(browser, base, "framehost");
  const room = await makeRoom(host, base, "First frame");
  await ready(host);
  await host.getByRole("button", { name: "Join call" }).click();
  await host.locator("[data-participant] video").waitFor();

  const guest = await person(browser, base, "frameguest");
  const times = [];
  for (let n = 0; n < joins; n++) {
    await guest.goto(room);
    await ready(guest);
    times.push(await guest.evaluate(firstFrame));
    await guest.getByRole("button", { name: "Leave call" }).click();
    await host.locator("[data-user=frameguest]").waitFor({ state: "detached" });
  }
  times.sort((a, b) => a - b);
  const at = (/** @type {number} */ share) => Math.round(times[Math.min(joins - 1, Math.floor(joins * share))]);
  console.log(`From the click on Join to the first frame of the other person: median ${at(0.5)} ms, fastest ${at(0)} ms, 95th percentile ${at(0.95)} ms`);
  console.log(`  Method: ${joins} joins of one person to a room with one other, both in one headless Chromium on this machine, fake cameras`);
  console.log("  of 640x360 at 10 frames a second encoded in software; the clock starts at the click and stops in requestVideoFrameCallback.");
});

/**
 * Waits until somebody before the call sees themselves: nobody clicks earlier.
 * @param {import("playwright").Page} page
 */
async function ready(page) {
  await page.waitForFunction(() => {
    const preview = document.querySelector("video");
    const join = document.querySelector("#join");
    return preview && preview.videoWidth > 0 && join && !join.disabled;
  });
}

/** Runs in the page: clicks Join and returns the milliseconds until a picture of somebody else. */
function firstFrame() {
  return new Promise((resolve) => {
    const own = document.querySelector("#room")?.dataset.username;
    const watched = new Set();
    const began = performance.now();
    const look = () => {
      for (const video of document.querySelectorAll("[data-participant] video")) {
        if (video.closest("[data-participant]")?.dataset.user === own || watched.has(video)) continue;
        watched.add(video);
        video.requestVideoFrameCallback(() => resolve(performance.now() - began));
      }
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
    document.querySelector("#join")?.click();
  });
}
