// The administrators' desk: people, rooms and calls, looked at and acted on.

import { expect, test } from "../lib/test.js";
import { expectCount, join, makeRoom } from "../lib/people.js";
import { shots } from "../lib/shots.js";

test("an administrator sees how people are connected, and removes one from the call", async ({ visit, foyer }) => {
  const [ana, ben, boss] = [await visit("ana"), await visit("ben"), await visit("boss")];
  await foyer.administrator("boss");
  const room = await makeRoom(ana, [ben], { name: "Observatory" });
  await join(ana, room);
  await join(ben, room);
  await expectCount(ana, 2);
  await expect(async () => {
    await boss.page.goto("/admin/live");
    const seat = boss.page.getByRole("row").filter({ hasText: "Ben" });
    await expect(seat.getByText("UDP")).toBeVisible({ timeout: 5000 });
    await expect(seat.getByText("Good")).toBeVisible({ timeout: 5000 });
  }).toPass({ timeout: 120_000 });
  await boss.page.getByRole("row").filter({ hasText: "Ben" }).getByRole("button", { name: "Remove" }).click();
  await boss.button("Yes, remove").click();
  await expect(boss.page.getByRole("status")).toHaveText("They are out of the call.");
  await expect(ben.page.getByText("Boss removed you from the call.")).toBeVisible();
  await expectCount(ana, 1);
  await boss.page.getByRole("button", { name: "End call", description: "Observatory" }).click();
  await boss.button("Yes, end the call").click();
  await expect(ana.page.getByText("Boss ended the call for everyone.")).toBeVisible();
  await foyer.administrator("boss", false);
});

test("an account is switched off, with the call that its owner is in, and on again", async ({ visit, foyer }) => {
  const [ana, ben, boss] = [await visit("ana"), await visit("benno"), await visit("boss")];
  await foyer.administrator("boss");
  const room = await makeRoom(ana, [ben]);
  await join(ben, room);
  await boss.page.goto("/admin/users");
  await boss.page.getByRole("searchbox").fill("benno");
  await boss.button("Search").click();
  await boss.page.getByRole("link", { name: "Benno" }).click();
  await boss.button("Switch account off").click();
  await boss.button("Yes, switch off").click();
  await expect(boss.page.getByRole("status")).toHaveText("The account of Benno is switched off.");
  await expect(ben.page.getByRole("heading", { name: /signed out|switched off/ })).toBeVisible();
  await boss.button("Switch account on").click();
  await expect(boss.page.getByRole("status")).toHaveText("The account of Benno is switched on.");
  await foyer.administrator("boss", false);
});

test("the desk, in pictures", { tag: "@pictures" }, async ({ visit, foyer }) => {
  test.setTimeout(600_000); // eleven pages
  const [ana, boss] = [await visit("ana"), await visit("boss")];
  await foyer.administrator("boss");
  const room = await makeRoom(ana, [], { name: "Kitchen" });
  await join(ana, room);
  await boss.page.goto("/admin");
  await boss.button("Look again").click();
  await expect(boss.page.getByText("Every part was looked at.")).toBeVisible();
  for (const [name, link] of Object.entries({
    users: "Users", rooms: "Rooms", live: "Live calls", audit: "Audit log", webhooks: "Webhooks", health: "Health", media: "Media services", storage: "Storage", settings: "Settings",
  })) {
    await boss.page.setViewportSize({ width: 1440, height: 900 });
    await boss.page.getByRole("navigation", { name: "Administration" }).getByRole("link", { name: link }).click();
    await expect(boss.page.getByRole("heading", { level: 1 })).toBeVisible();
    await shots(boss, `desk-${name}`, { whole: true });
  }
  await boss.page.goto("/admin/rooms");
  await boss.page.getByRole("link", { name: "Kitchen" }).first().click();
  await shots(boss, "desk-room", { whole: true });
  await boss.page.goto("/admin/users");
  await boss.page.getByRole("link", { name: "Ana" }).first().click();
  await shots(boss, "desk-user", { whole: true });
  await foyer.administrator("boss", false);
});
