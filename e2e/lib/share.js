// Sharing a screen, which is the same over every media service.

import { expect } from "@playwright/test";
import { expectPicture } from "./media.js";
import { expectCount, join, makeRoom } from "./people.js";
import { cameraFile } from "./camera.js";
import { filmPortraits } from "./film.js";
import { shots } from "./shots.js";

/** @typedef {import("./people.js").Person} Person */

/**
 * The screens of others on somebody's stage.
 * @param {Person} person
 */
export const screensOf = ({ page }) => page.locator("[data-share]");

/** @param {import("@playwright/test").Locator} element */
async function areaOf(element) {
  const box = await element.boundingBox();
  return box ? box.width * box.height : 0;
}

/**
 * Three in a call, one shares, twice: once it is ended by the page's button, once
 * by the browser's own.
 * @param {(username: string) => Promise<Person>} visit
 */
export async function screenShare(visit) {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo]);
  for (const person of [ana, ben, cleo]) await join(person, room);
  await expectCount(ana, 3);
  await expectPicture(ana.tile("ben"));
  const before = await areaOf(ana.tile("ben"));
  await keepScreens(ben);

  for (const end of ["page", "browser"]) {
    await ben.button("Share your screen").click();
    await expect(ben.page.getByRole("status").getByText("You are sharing your screen.").last()).toBeVisible();
    for (const person of [ana, cleo]) {
      await expect(screensOf(person)).toHaveCount(1);
      await expectPicture(screensOf(person));
      await expect(screensOf(person)).toContainText("Ben’s screen");
      await expectCount(person, 3); // a screen is no participant
    }
    await expect(screensOf(ben)).toHaveCount(0);
    await expectPicture(ana.tile("ben")); // the camera goes on
    await expect.poll(async () => await areaOf(screensOf(ana)) / await areaOf(ana.tile("ben")), { message: "the screen is larger than people" }).toBeGreaterThan(3);

    if (end === "page") await ben.button("Stop sharing").click();
    else await ben.page.evaluate(stopByBrowser);
    await expect(ben.button("Share your screen")).toBeVisible();
    for (const person of [ana, cleo]) await expect(screensOf(person)).toHaveCount(0);
    await expect.poll(() => areaOf(ana.tile("ben")), { message: "tiles are as large as before" }).toBe(before);
    await expectPicture(ana.tile("ben"));
    await expectCount(ana, 3);
  }
  return { ana, ben, cleo, room };
}

/**
 * Remembers the screens that the page gets, for stopByBrowser.
 * @param {Person} person
 */
async function keepScreens({ page }) {
  await page.evaluate(() => {
    const given = navigator.mediaDevices.getDisplayMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getDisplayMedia = async (options) => {
      const stream = await given(options);
      Object.assign(globalThis, { screenStream: stream });
      return stream;
    };
  });
}

/** Runs in the page: what the browser does when its own "Stop sharing" is pressed. */
function stopByBrowser() {
  const { screenStream } = /** @type {{screenStream: MediaStream}} */ (/** @type {unknown} */ (globalThis));
  for (const track of screenStream.getTracks()) {
    track.stop();
    track.dispatchEvent(new Event("ended"));
  }
}

/**
 * Photographs a call of three, and then with a shared screen.
 * @param {(username: string, entry?: import("./test.js").Entry) => Promise<Person>} visit
 * @param {import("./test.js").OfTest["launch"]} launch
 * @param {import("@playwright/test").Browser} browser
 * @param {string} name of the pictures
 */
export async function photographShare(visit, launch, browser, name) {
  await filmPortraits(browser);
  const at = async (/** @type {string} */ who) => ({ browser: await launch({ camera: cameraFile(who), speaks: who === "ben" }) });
  const [ana, ben, cleo] = [await visit("ana", await at("ana")), await visit("ben", await at("ben")), await visit("cleo", await at("cleo"))];
  const room = await makeRoom(ben, [ana, cleo], { name: "Design review", topic: "Thursdays at ten" });
  for (const person of [ana, ben, cleo]) await join(person, room);
  await cleo.button("Mute microphone").click();
  for (const who of ["ben", "cleo"]) await expectPicture(ana.tile(who));
  await expect(ana.tile("ben")).toHaveClass(/\bspeaking\b/);
  await expect(ana.page.getByRole("status").getByText("joined")).toHaveCount(0);
  await shots(ana, `${name}-call-3`);
  await ben.button("Share your screen").click();
  await expectPicture(screensOf(ana));
  await shots(ana, `${name}-share`);
  await expect(ben.button("Stop sharing")).toBeVisible();
  await shots(ben, `${name}-sharing`);
}
