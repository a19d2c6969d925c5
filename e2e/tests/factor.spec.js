// Two-step log-in by an app's codes and recovery codes.

import { createHmac } from "node:crypto";
import { expect, test } from "../lib/test.js";
import { logIn, signUp } from "../lib/people.js";
import { shots } from "../lib/shots.js";

/** @typedef {import("../lib/people.js").Person} Person */

/**
 * What an authenticator app shows (RFC 6238).
 * @param {string} secret in base 32
 * @param {number} [later] periods
 */
function code(secret, later = 0) {
  let bits = "";
  for (const c of secret.replaceAll(" ", "")) bits += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0");
  const key = Buffer.from(bits.match(/.{8}/g)?.map((byte) => parseInt(byte, 2)) ?? []);
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac("sha1", key).update(counter).digest();
  const number = mac.readUInt32BE((mac.at(-1) ?? 0) & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, "0");
}

/**
 * @param {Person} person
 * @returns {Promise<string>} the secret
 */
async function setUpApp(person) {
  const { page } = person;
  await page.goto("/account/two-step");
  await person.button("Set up").click();
  await expect(page.getByRole("img", { name: "QR code for the app" })).toBeVisible();
  const secret = await page.locator(".address").innerText();
  await page.getByLabel("Code that the app shows").fill("000000");
  await person.button("Turn on").click();
  await expect(page.getByLabel("Code that the app shows")).toHaveAccessibleDescription(/does not count/);
  // The one before, so that the present one can be used to log in.
  await page.getByLabel("Code that the app shows").fill(code(secret, -1));
  await person.button("Turn on").click();
  await expect(page.getByRole("status")).toContainText("The app is set up.");
  return secret;
}

test("an app is set up, asked for, replaced by a recovery code, and removed", async ({ newcomer }) => {
  const ria = await newcomer();
  await signUp(ria);
  const secret = await setUpApp(ria);
  await ria.button("Make recovery codes").click();
  const codes = await ria.page.getByRole("main").getByRole("listitem").allInnerTexts();
  expect(codes).toHaveLength(10);
  await ria.page.getByRole("link", { name: "I have kept them" }).click();
  await expect(ria.page.getByText("10 codes left")).toBeVisible();

  const other = await newcomer();
  const { page } = other;
  await page.goto("/login?next=/rooms");
  await logIn(other, ria.username);
  await expect(page.getByRole("heading", { name: "One more step" })).toBeVisible();
  await page.goto("/account");
  await expect(page, "half-way opens nothing").toHaveURL(/\/login\?next/);
  await page.goto("/login/second?next=/rooms");
  await page.getByLabel("Code", { exact: true }).fill("000000");
  await other.button("Log in").click();
  await expect(page.getByLabel("Code", { exact: true })).toHaveAccessibleDescription(/does not count/);
  await page.getByLabel("Code", { exact: true }).fill(code(secret));
  await other.button("Log in").click();
  await expect(page).toHaveURL("/rooms");

  await other.button("Log out").click();
  await page.goto("/login");
  await logIn(other, ria.username);
  await page.getByLabel("Code", { exact: true }).fill(codes[3] ?? "");
  await other.button("Log in").click();
  await expect(other.button("Log out")).toBeVisible();

  await ria.page.reload();
  await expect(ria.page.getByText("9 codes left")).toBeVisible();
  await ria.button("Remove").click();
  await ria.button("Yes, remove").click();
  await expect(ria.page.getByRole("status")).toHaveText("The app is removed.");
  await other.button("Log out").click();
  await page.goto("/login");
  await logIn(other, ria.username);
  await expect(other.button("Log out")).toBeVisible();
});

test("two steps without a script", async ({ newcomer }) => {
  const sam = await newcomer({ options: { javaScriptEnabled: false } });
  await signUp(sam);
  const secret = await setUpApp(sam);
  await sam.button("Log out").click();
  await sam.page.goto("/login");
  await logIn(sam, sam.username);
  await sam.page.getByLabel("Code", { exact: true }).fill(code(secret));
  await sam.button("Log in").click();
  await expect(sam.button("Log out")).toBeVisible();
});

test("two steps, in pictures", { tag: "@pictures" }, async ({ newcomer }) => {
  const tom = await newcomer();
  await signUp(tom);
  const { page } = tom;
  await page.goto("/account/two-step");
  await shots(tom, "two-step-off", { whole: true });
  await tom.button("Set up").click();
  await shots(tom, "two-step-app", { whole: true });
  await setUpApp(tom);
  await shots(tom, "two-step-on", { whole: true });
  await tom.button("Make recovery codes").click();
  await shots(tom, "recovery-codes", { whole: true });
  await tom.button("Log out").click();
  await page.goto("/login");
  await logIn(tom, tom.username);
  await shots(tom, "second-step");
});
