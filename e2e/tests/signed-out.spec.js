// What is left in a browser of somebody who is signed out there.

import { expect, test } from "../lib/test.js";
import { expectCount, join, makeRoom, signUp } from "../lib/people.js";

test("logging out clears every tab, what scripts remember, and the way back", async ({ newcomer }) => {
  const uma = await newcomer();
  await signUp(uma);
  const room = await makeRoom(uma);
  await join(uma, room);
  await expectCount(uma, 1);
  await uma.page.evaluate(() => {
    localStorage.setItem("foyer.chat.uma./r/x.read", "7");
    sessionStorage.setItem("foyer.chat.uma./r/x.draft", "Not sent");
    localStorage.setItem("foyer.settings", "{}");
  });
  const third = await uma.context.newPage();
  await third.goto(room);
  const other = await uma.context.newPage();
  await other.goto("/account");
  await other.goto("/account/sessions");
  await other.getByRole("button", { name: "Log out", exact: true }).click();
  await expect(other).toHaveURL(/\/$/);

  await expect(third).toHaveURL(/\/login\?next=/);
  await expect(uma.page.getByRole("heading", { name: "You are signed out" }), "in a call, in its words").toBeVisible();
  for (const page of [third, uma.page]) await expect(page.getByText(uma.displayName)).toHaveCount(0);
  const left = () => Object.keys({ ...localStorage, ...sessionStorage }).filter((key) => key.startsWith("foyer.chat."));
  await expect.poll(() => uma.page.evaluate(left)).toEqual([]);
  await expect.poll(() => other.evaluate(left)).toEqual([]);
  expect(await other.evaluate(() => localStorage.getItem("foyer.settings"))).toBe("{}");

  await other.goBack();
  await expect(other).toHaveURL(/\/login/);
  await expect(other.getByText(uma.displayName)).toHaveCount(0);
});

test("signed out from elsewhere, a call's page holds nothing but why", async ({ newcomer, foyer }) => {
  const vera = await newcomer();
  await signUp(vera);
  const room = await makeRoom(vera);
  await join(vera, room);
  await expectCount(vera, 1);
  await foyer.sql(`delete from sessions where user_id = (select id from users where username = $1)`, [vera.username]);
  await expect(vera.page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
  expect(await vera.page.evaluate(() => document.body.innerText)).not.toContain(vera.displayName);
  expect(await vera.page.evaluate(() => document.querySelectorAll("body *").length)).toBeLessThan(20);
  await vera.page.getByRole("link", { name: "Log in" }).click();
  await expect(vera.page).toHaveURL(/\/login\?next=/);
});
