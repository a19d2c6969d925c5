// One's own data, and deleting one's account.

import { readFile } from "node:fs/promises";
import { expect, test } from "../lib/test.js";
import { expectCount, join, makeRoom, signUp } from "../lib/people.js";
import { shots } from "../lib/shots.js";

test("one's data is a file, and the account goes once its rooms have other owners, which ends its calls", async ({ newcomer, visit }) => {
  const xeno = await newcomer();
  await signUp(xeno);
  const ana = await visit("ana");
  const room = await makeRoom(xeno, [ana], { name: "Xeno's room" });
  const call = await xeno.context.newPage();
  await call.goto(room);
  await call.getByRole("button", { name: "Join call" }).click();
  await join(ana, room);
  await expectCount(ana, 2);

  const { page } = xeno;
  await page.goto("/account/data");
  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download" }).click();
  const document = JSON.parse(await readFile(await (await downloading).path(), "utf8"));
  expect(document.account[0].username).toBe(xeno.username);
  expect(document.calls).toHaveLength(1);

  await expect(page.getByText("These rooms would have no owner.")).toBeVisible();
  await page.getByRole("link", { name: /Hand over.*Xeno's room/ }).click();
  await xeno.post(`${room}/transfer`, { username: "ana", confirm_transfer: "Xeno's room" });
  await page.goto("/account/data");
  await page.getByLabel("Your username").fill("somebody else");
  await xeno.button("Delete account for good").click();
  await expect(page.getByLabel("Your username")).toHaveAccessibleDescription(/to confirm/);
  await page.getByLabel("Your username").fill(xeno.username);
  await xeno.button("Delete account for good").click();
  await expect(page.getByRole("status")).toHaveText("Your account is deleted.");
  await expectCount(ana, 1);
});

test("one's data, in pictures", { tag: "@pictures" }, async ({ newcomer }) => {
  const yara = await newcomer();
  await signUp(yara);
  await yara.page.goto("/account/data");
  await shots(yara, "account-data", { whole: true });
  await makeRoom(yara, [], { name: "Kitchen" });
  await yara.page.goto("/account/data");
  await shots(yara, "account-data-rooms", { whole: true });
});
