// Screens that are shared.

import { expectPicture, expectSound, sharedAs } from "../lib/media.js";
import { join, makeRoom } from "../lib/people.js";
import { photographShare, screenShare, screensOf } from "../lib/share.js";
import { expect, test } from "../lib/test.js";

/** @typedef {import("../lib/people.js").Person} Person */

test("a shared screen is seen large by the others, and gives their tiles back when it ends", async ({ visit }) => {
  await screenShare(visit);
});

test("several screens at once, with sound, for text or motion; each is enlarged by keys and buttons, and shown full screen", async ({ visit }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo]);
  for (const person of [ana, ben, cleo]) {
    await join(person, room);
    await person.button("Mute microphone").click();
    await person.button("Turn camera off").click();
  }
  await ben.button("Share your screen").click();
  await ana.button("Share your screen").click();
  await expect(screensOf(cleo)).toHaveCount(2);
  for (const screen of await screensOf(cleo).all()) await expectPicture(screen);
  await expect(screensOf(ana), "others see it beside their own").toHaveCount(1);
  await expectSound(cleo.page);

  await test.step("text or motion", async () => {
    await expect.poll(() => sharedAs(ben.page)).toEqual({ hint: "detail", frames: 15 });
    await ben.button("Motion").click();
    await expect(ben.button("Motion")).toHaveAttribute("aria-pressed", "true");
    await expect.poll(() => sharedAs(ben.page)).toEqual({ hint: "motion", frames: 30 });
  });

  const screen = screensOf(cleo).filter({ hasText: "Ben’s screen" });
  await test.step("pinned, it is the large one", async () => {
    await cleo.button("Options for Ben’s screen").click();
    await cleo.page.getByRole("menuitem", { name: "Pin", exact: true }).click();
    await expect(screen).toHaveAttribute("data-part", "main");
    await expect(screensOf(cleo).filter({ hasText: "Ana’s screen" })).not.toHaveAttribute("data-part", "main");
  });

  await test.step("enlarged, moved, whole again", async () => {
    const scale = () => screen.locator("video").evaluate((video) => new DOMMatrix(getComputedStyle(video).transform).a);
    const frame = screen.getByRole("group");
    await expect(screen.getByRole("button", { name: "Reduce" })).toHaveAttribute("aria-disabled", "true");
    await frame.focus();
    await cleo.page.keyboard.press("+");
    await expect.poll(scale).toBeCloseTo(1.4, 1);
    await screen.getByRole("button", { name: "Enlarge" }).click();
    await expect.poll(scale).toBeGreaterThan(1.8);
    const shift = () => screen.locator("video").evaluate((video) => new DOMMatrix(getComputedStyle(video).transform).e);
    const before = await shift();
    await frame.focus();
    await cleo.page.keyboard.press("ArrowLeft");
    await expect.poll(shift).toBeGreaterThan(before);
    await screen.getByRole("button", { name: "Whole screen" }).click();
    await expect.poll(scale).toBe(1);
  });

  await test.step("full screen, and back", async () => {
    await screen.getByRole("button", { name: "Full screen" }).click();
    await expect.poll(() => screen.evaluate((element) => document.fullscreenElement === element)).toBe(true);
    await screen.getByRole("button", { name: "Leave full screen" }).click();
    await expect.poll(() => cleo.page.evaluate(() => document.fullscreenElement)).toBe(null);
  });

  /** How many sounds come to somebody; a muted microphone's does not. @param {Person} person */
  const sounds = ({ page }) => page.evaluate(() => [...document.querySelectorAll("audio")].filter(({ srcObject }) => srcObject instanceof MediaStream && srcObject.getAudioTracks().some(({ muted }) => !muted)).length);
  await expect.poll(() => sounds(cleo), { message: "both screens are heard" }).toBe(2);
  await ben.button("Stop sharing").click();
  await expect(screensOf(cleo)).toHaveCount(1);
  await expect(screensOf(cleo)).toContainText("Ana’s screen");
  await expect.poll(() => sounds(cleo), { message: "one of them with its sound" }).toBe(1);
  await ana.button("Stop sharing").click();
  await expect(screensOf(cleo)).toHaveCount(0);
  await expect.poll(() => sounds(cleo)).toBe(0);
});

test("who shares the tab of the call, or the screen that it may be on, is told of the tunnel", async ({ visit, launch }) => {
  const itself = "You are sharing the call itself, so people see the call inside the call. Share another window instead.";
  const perhaps = "If this window is on the screen that you share, people see the call inside the call. Move it away, or share one window only.";
  for (const [shares, told] of /** @type {const} */ ([["browser", itself], ["monitor", perhaps]])) {
    const ana = await visit("ana", { browser: await launch({ shares }) });
    await join(ana, await makeRoom(ana));
    const warnings = ana.page.getByText("people see the call inside the call");
    await expect(warnings).toBeHidden();
    await ana.button("Share your screen").click();
    await expect(ana.button("Stop sharing")).toBeVisible();
    await expect(warnings).toHaveText(told);
    await ana.button("Stop sharing").click();
    await expect(warnings).toBeHidden();
    await ana.context.close();
  }
});

test("pictures of a shared screen, to be looked at", { tag: "@pictures" }, async ({ visit, launch, browser }) => {
  test.setTimeout(600_000);
  await photographShare(visit, launch, browser, "livekit");
});
