// A forgotten password, and addresses that are shown to be somebody's.

import { expect, test } from "../lib/test.js";
import { linkMailed } from "../lib/mails.js";
import { logIn, password, signUp } from "../lib/people.js";
import { shots } from "../lib/shots.js";

test("a forgotten password is set by the link in a mail, once, and signs out everywhere", async ({ newcomer, foyer }) => {
  const ida = await newcomer();
  await signUp(ida);
  const elsewhere = await newcomer();
  const { page } = elsewhere;
  await page.goto("/login");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("Username or email").fill(`${ida.username}@example.org`);
  await elsewhere.button("Ask for a link").click();
  await expect(page.getByRole("status")).toContainText("If there is such an account");
  const link = await linkMailed(foyer, "reset", `${ida.username}@example.org`);
  await page.goto(link);
  await page.getByLabel("New password").fill("password123");
  await elsewhere.button("Set password").click();
  await expect(page.getByLabel("New password")).toHaveAccessibleDescription(/most common passwords/);
  await page.getByLabel("New password").fill("a brand new horse");
  await elsewhere.button("Set password").click();
  await expect(page.getByRole("status")).toContainText("Your password is set.");
  await logIn(elsewhere, ida.username, "a brand new horse");
  await expect(elsewhere.button("Log out")).toBeVisible();
  await ida.page.goto("/account");
  await expect(ida.page, "the session from before").toHaveURL(/\/login/);
  await ida.page.goto(link);
  await expect(ida.page.getByRole("heading", { name: "This link does not work any more" })).toBeVisible();
});

test("without a script a password is set too", async ({ newcomer, foyer }) => {
  const kim = await newcomer({ options: { javaScriptEnabled: false } });
  await signUp(kim);
  await kim.page.goto("/login/forgot");
  await kim.page.getByLabel("Username or email").fill(kim.username);
  await kim.button("Ask for a link").click();
  await kim.page.goto(await linkMailed(foyer, "reset", `${kim.username}@example.org`));
  await kim.page.getByLabel("New password").fill("a brand new horse");
  await kim.button("Set password").click();
  await logIn(kim, kim.username, "a brand new horse");
  await expect(kim.button("Log out")).toBeVisible();
});

test("an address is confirmed, and another takes its place once its link is opened", async ({ newcomer, foyer }) => {
  const lea = await newcomer();
  await signUp(lea);
  const { page } = lea;
  await page.goto("/account");
  await expect(page.getByText("Not confirmed")).toBeVisible();
  await page.goto(await linkMailed(foyer, "verify", `${lea.username}@example.org`));
  await lea.button("Confirm address").click();
  await expect(page.getByRole("status")).toContainText("is confirmed.");
  await expect(page.getByText("Confirmed", { exact: true })).toBeVisible();

  await page.getByRole("link", { name: "Change address" }).click();
  await page.getByLabel("New address").fill("no address");
  await lea.button("Send the link").click();
  await expect(page.getByLabel("New address")).toHaveAccessibleDescription(/not an email address/);
  const other = `${lea.username}@example.com`;
  await page.getByLabel("New address").fill(other);
  await lea.button("Send the link").click();
  await expect(page.getByRole("status")).toContainText(other);
  await page.goto(await linkMailed(foyer, "verify", other));
  await lea.button("Confirm address").click();
  await expect(page.getByText(`${other} Confirmed`)).toBeVisible();
});

test("who was away for long shows who they are before their address changes", async ({ newcomer, foyer }) => {
  const max = await newcomer();
  await signUp(max);
  await foyer.sql("update sessions set proved_at = now() - interval '1 hour' where user_id = (select id from users where username = $1)", [max.username]);
  const { page } = max;
  await page.goto("/account");
  await page.getByRole("link", { name: "Change address" }).click();
  await expect(page.getByRole("heading", { name: "Is it you?" })).toBeVisible();
  await page.getByLabel("Password").fill("not my password");
  await max.button("Go on").click();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/not your password/);
  await page.getByLabel("Password").fill(password);
  await max.button("Go on").click();
  await expect(page.getByLabel("New address")).toBeVisible();
});

test("recovery and profile, in pictures", { tag: "@pictures" }, async ({ newcomer, foyer }) => {
  const mia = await newcomer();
  await signUp(mia);
  const { page } = mia;
  await page.goto("/account");
  await shots(mia, "account", { whole: true });
  await page.goto("/account/email");
  await shots(mia, "account-email", { whole: true });
  await page.goto("/account/password");
  await shots(mia, "account-password", { whole: true });
  await page.goto("/account/confirm?next=/account/email");
  await shots(mia, "confirm");
  await page.goto(await linkMailed(foyer, "verify", `${mia.username}@example.org`));
  await shots(mia, "verify");
  await page.goto("/account");
  await mia.button("Log out").click();
  await page.goto("/login");
  await shots(mia, "login-with-help");
  await page.goto("/login/forgot");
  await shots(mia, "forgot");
  await page.getByLabel("Username or email").fill(mia.username);
  await mia.button("Ask for a link").click();
  await shots(mia, "forgot-asked");
  const link = await linkMailed(foyer, "reset", `${mia.username}@example.org`);
  await page.goto(link);
  await shots(mia, "reset");
  await page.goto(`${link}x`);
  await shots(mia, "link-over");
});
