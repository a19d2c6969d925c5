// Pictures of the stage with few people and many, to be looked at.

import { shots, sizes } from "../lib/shots.js";
import { choose, drawn, make, parts, withOthers } from "../lib/stage.js";
import { expect, test } from "../lib/test.js";

test("the stage with few people and many", { tag: "@pictures" }, async ({ visit }) => {
  for (const n of [4, 8, 24]) {
    const ana = await withOthers(visit, n);
    await make(ana, "emit", "speaking", { ids: ["drawn-1"] });
    await shots(ana, `stage-${n + 1}`);
    await ana.page.close();
  }
});

test("the stage as a speaker, with screens, and from right to left", { tag: "@pictures" }, async ({ visit }) => {
  const ana = await withOthers(visit, 8);
  await choose(ana, "Speaker");
  await make(ana, "emit", "speaking", { ids: ["drawn-3"] });
  await expect(drawn(ana, 3)).toHaveAttribute("data-part", "main");
  await shots(ana, "stage-speaker");
  await ana.page.evaluate(() => { document.documentElement.dir = "rtl"; });
  await shots(ana, "stage-speaker-rtl");
  await ana.page.setViewportSize(sizes.desktop);
  await ana.button("People").click();
  await expect(ana.page.getByRole("heading", { name: "People" })).toBeFocused();
  await shots(ana, "stage-people-rtl");
  await ana.page.setViewportSize(sizes.desktop);
  await ana.page.keyboard.press("Escape");
  await ana.button("More").click();
  await shots(ana, "stage-more-rtl", { only: "desktop" });
  await ana.page.keyboard.press("Escape");
  await ana.page.evaluate(() => { document.documentElement.dir = "ltr"; });

  await choose(ana, "Automatic layout");
  await make(ana, "set", "drawn-0", { share: "screen of drawn-0" });
  await expect(parts(ana, "main")).toHaveCount(1);
  await shots(ana, "stage-share");
  await make(ana, "set", "drawn-4", { share: "screen of drawn-4" });
  await expect(ana.page.locator("[data-share]")).toHaveCount(2);
  await shots(ana, "stage-shares");
});

test("a call on a phone held sideways, and at twice the size of letters", { tag: "@pictures" }, async ({ visit }) => {
  const at = /** @type {const} */ (["sideways", "zoomed"]);
  const ana = await withOthers(visit, 8);
  const how = { at: [...at] };
  const photograph = async (/** @type {string} */ name, whole = false) => {
    await shots(ana, name, { ...how, whole });
    await ana.page.setViewportSize(sizes.desktop); // where everything is in reach
  };
  await photograph("stage-9");
  await ana.button("People").click();
  await expect(ana.page.getByRole("heading", { name: "People" })).toBeFocused();
  await photograph("people");
  await ana.page.keyboard.press("Escape");
  await ana.page.getByRole("button", { name: /^Chat(, |$)/ }).click();
  await ana.page.getByRole("textbox", { name: "Message" }).fill("Can everybody see the third page?");
  await photograph("chat");
  await ana.page.getByRole("button", { name: /^Chat(, |$)/ }).click();
  await ana.button("More").click();
  await photograph("more");
  await ana.page.keyboard.press("Escape");
  await make(ana, "set", "drawn-0", { share: "screen of drawn-0" });
  await expect(parts(ana, "main")).toHaveCount(1);
  await photograph("screen");
  await ana.button("Leave call").click();
  await expect(ana.page.getByRole("heading", { name: "You left the call" })).toBeVisible();
  await photograph("left");
  await ana.page.reload();
  await expect(ana.button("Join call")).toBeVisible();
  await photograph("prejoin", true);
  for (const [path, name] of [["/", "dashboard"], [`${new URL(ana.page.url()).pathname}/settings`, "room-settings"], ["/account", "account"]]) {
    await ana.page.goto(path);
    await photograph(name, true);
  }
});
