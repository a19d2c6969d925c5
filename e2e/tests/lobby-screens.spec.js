// Pictures of the lobby, of the panel of people and of how calls end, for people
// to look at, each checked with axe.

import { expect, test } from "../lib/test.js";
import { cameraFile } from "../lib/camera.js";
import { filmPortraits } from "../lib/film.js";
import { expectPicture } from "../lib/media.js";
import { expectCount, join, makeRoom, signUp } from "../lib/people.js";
import { shots, sizes } from "../lib/shots.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** @param {Person} person */
const panel = ({ page }) => page.getByRole("complementary", { name: "People" });

/**
 * Opens the panel as it is opened at a size.
 * @param {Person} person
 * @param {keyof typeof sizes} place
 */
async function openPanel({ page }, place) {
  await page.setViewportSize(sizes[place]);
  if (place === "phone") {
    await page.getByRole("button", { name: "More", exact: true }).click();
    await page.getByRole("menuitem", { name: "People" }).click();
  } else {
    await page.locator("button[data-people]").click();
  }
}

test("waiting, letting in, and what becomes of it", { tag: "@pictures" }, async ({ visit, launch, browser, newcomer }) => {
  test.setTimeout(600_000);
  await filmPortraits(browser);
  const at = async (/** @type {string} */ name) => ({ browser: await launch({ camera: cameraFile(name) }) });
  const ana = await visit("ana", await at("ana"));
  const [ben, zoe] = [await visit("ben", await at("ben")), await visit("zoe", await at("cleo"))];
  const room = await makeRoom(ana, [ben], { name: "Design review", topic: "Thursdays at ten", visibility: "open", guests: true, lobby: "strangers" });

  await zoe.page.goto(room);
  await expectPicture(zoe.page.getByRole("region", { name: "Your camera and microphone" }));
  await shots(zoe, "lobby-ask");
  await zoe.button("Ask to join").click();
  await expect(zoe.page.getByText("Nobody who can let you in is here yet.")).toBeVisible();
  await shots(zoe, "lobby-waiting-alone");
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ana.tile("ben"));
  await expect(zoe.page.getByText("has been told")).toBeVisible();
  await shots(zoe, "lobby-waiting");
  await expect(ana.page.getByText("Ben joined")).toBeHidden();
  await shots(ana, "call-knock");
  await ana.post(`${room}/lock`, { locked: "true" });
  await ana.button("Admit Zoe").click();
  await expect(ana.page.getByText("Unlock it first, then let them in.")).toBeVisible();
  await shots(ana, "call-knock-locked");
  await shots(zoe, "lobby-waiting-locked");
  await ana.post(`${room}/lock`, { locked: "false" });

  const gus = await newcomer();
  await gus.page.goto(room);
  await gus.page.getByLabel("Your name").fill("Augusta Featherstonehaugh-Montgomery");
  await gus.button("Come in as a guest").click();
  await gus.button("Ask to join").click();
  await expect(ana.page.getByText("2 people want to come in")).toBeVisible();
  await shots(ana, "call-knocks");
  for (const place of /** @type {const} */ (["desktop", "phone"])) {
    if (place === "phone") {
      await ana.page.setViewportSize(sizes.phone);
      await ana.page.getByRole("button", { name: "More", exact: true }).click();
      await shots(ana, "call-sheet", { only: "phone" });
      await ana.page.keyboard.press("Escape");
    }
    await openPanel(ana, place);
    await shots(ana, "people-waiting", { only: place });
    await panel(ana).getByRole("button", { name: "Actions for Augusta" }).click();
    await shots(ana, "people-waiting-menu", { only: place });
    await ana.page.getByRole("menuitem", { name: "Deny and block" }).click();
    await shots(ana, "people-block", { only: place });
    await ana.button("Cancel").click();
    await ana.page.getByRole("button", { name: "Close people" }).click();
  }
  await ana.button("Admit all").click();
  await expectCount(ana, 4);
  for (const place of /** @type {const} */ (["desktop", "phone"])) {
    await openPanel(ana, place);
    await shots(ana, "people", { only: place });
    await panel(ana).getByRole("button", { name: "Actions for Zoe" }).click();
    await shots(ana, "people-menu", { only: place });
    await ana.page.getByRole("menuitem", { name: "Remove and ban" }).click();
    await shots(ana, "people-ban", { only: place });
    await ana.button("Cancel").click();
    await ana.page.getByRole("button", { name: "Close people" }).click();
  }
  await ana.page.setViewportSize(sizes.desktop);
  await ana.button("Ways to leave").click();
  await shots(ana, "call-leave-menu", { only: "desktop" });
  await ana.page.keyboard.press("Escape");

  await ana.button("People").click();
  await panel(ana).getByRole("button", { name: "Actions for Zoe" }).click();
  await ana.page.getByRole("menuitem", { name: "Move to the lobby" }).click();
  await expect(zoe.page.getByText("Ana moved you to the lobby.")).toBeVisible();
  await shots(zoe, "lobby-sent-back");
  await panel(ana).getByRole("button", { name: "Actions for Zoe" }).click();
  await ana.page.getByRole("menuitem", { name: "Deny", exact: true }).click();
  await expect(zoe.page.getByRole("heading", { name: "You were not let in" })).toBeVisible();
  await shots(zoe, "lobby-denied");
  await panel(ana).getByRole("button", { name: "Actions for Augusta" }).click();
  await ana.page.getByRole("menuitem", { name: "Remove from the call" }).click();
  await expect(gus.page.getByRole("heading", { name: "Ana removed you" })).toBeVisible();
  await shots(gus, "ended-guest-removed");

  await ana.button("Leave call").click();
  // Where the last words of who leaves are lost, the media server takes half a minute to miss them.
  await expect(ben.page.getByText("You host this call now.")).toBeVisible({ timeout: 120_000 });
  await shots(ben, "call-host");
  await ben.page.setViewportSize(sizes.desktop);
  await ben.button("Ways to leave").click();
  await ben.page.getByRole("menuitem", { name: "End call for everyone" }).click();
  await shots(ben, "call-end-question");
  await ben.button("Yes, end it").click();
  await expect(ben.page.getByRole("heading", { name: "The call has ended." })).toBeVisible();
  await shots(ben, "ended-call");
});

test("a call that will end without a moderator", { tag: "@pictures" }, async ({ visit, newcomer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const kim = await newcomer();
  await signUp(kim);
  const room = await makeRoom(ana, [ben, kim], { name: "Office hours", succession: "end" });
  await join(ana, room);
  await join(ben, room);
  await ana.button("Leave call").click();
  await expect(ben.page.getByText("No moderator is here.")).toBeVisible();
  await expect(ben.page.getByText("Ana left")).toBeHidden();
  await shots(ben, "call-without-moderator");
});
