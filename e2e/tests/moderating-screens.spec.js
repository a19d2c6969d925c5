// Pictures of the panels of people and switches, of hands and of reactions.

import { expect, test } from "../lib/test.js";
import { expectCount, join, makeRoom } from "../lib/people.js";
import { shots, sizes } from "../lib/shots.js";

test("the panels of a moderator @pictures", async ({ visit }) => {
  test.setTimeout(300_000);
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo], { name: "Weekly" });
  for (const person of [ana, ben, cleo]) await join(person, room);
  for (const person of [ana, ben, cleo]) await expectCount(person, 3);
  const { page } = ana;

  await ana.button("People").click();
  await shots(ana, "moderator-people");
  await page.setViewportSize(sizes.desktop);
  await cleo.button("Raise your hand").click();
  await ben.button("Raise your hand").click();
  await cleo.button("Mute microphone").click();
  await expect(page.locator("#hands-list").getByRole("listitem")).toHaveCount(2);
  await shots(ana, "people-hands");
  await page.setViewportSize(sizes.desktop);
  await page.getByRole("button", { name: "Actions for Ben" }).click();
  await shots(ana, "moderator-people-menu", { only: "desktop" });
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "What members may do" }).click();
  await page.getByRole("switch", { name: "Share their screen" }).click();
  await expect(page.getByRole("switch", { name: "Share their screen" })).not.toBeChecked();
  await shots(ana, "switches");
  await page.setViewportSize(sizes.desktop);
  await page.keyboard.press("Escape");

  await cleo.button("React").click();
  await cleo.page.getByRole("button", { name: "Heart" }).click();
  await expect(ana.tile("cleo").locator(".reaction")).toHaveCount(1);
  await page.screenshot({ path: new URL("../screenshots/reaction-shown.png", import.meta.url).pathname });
  await shots(cleo, "reactions", { only: "desktop" });
  await cleo.page.keyboard.press("Escape");
  await ana.button("People").click();
  await page.getByRole("button", { name: "Actions for Cleo" }).click();
  await page.getByRole("menuitem", { name: "Ask to unmute" }).click();
  await expect(cleo.page.getByText("Ana asks you to unmute")).toBeVisible();
  await shots(cleo, "asked-to-unmute");
  await cleo.page.setViewportSize(sizes.desktop);

  await page.getByRole("button", { name: "Close people" }).click();
  const change = async (/** @type {boolean} */ on) => {
    await ana.button("People").click();
    await page.getByRole("button", { name: "What members may do" }).click();
    for (const name of ["Turn on their microphone", "Turn on their camera", "Raise a hand and react"]) {
      await page.getByRole("switch", { name }).click();
      await expect(page.getByRole("switch", { name })).toBeChecked({ checked: on });
    }
    await page.keyboard.press("Escape");
  };
  for (const place of /** @type {const} */ (["desktop", "phone"])) { // what is told stays for seconds
    await change(false);
    await expect(ben.page.getByText("You may not use the microphone in this room just now.")).toBeVisible();
    await shots(ben, "rights-taken", { only: place });
    await change(true);
    await expect(ben.page.getByText("You may use the microphone again.")).toBeVisible();
    await shots(ben, "rights-back", { only: place });
  }
});
