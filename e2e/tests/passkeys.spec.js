// Passkeys, with Chromium's virtual authenticator.

import { expect, test } from "../lib/test.js";
import { logIn, signUp } from "../lib/people.js";
import { withAuthenticator } from "../lib/passkeys.js";
import { shots } from "../lib/shots.js";

/** @typedef {import("../lib/people.js").Person} Person */

/**
 * @param {Person} person
 * @param {string} name
 */
async function addPasskey(person, name) {
  await person.page.goto("/account/passkeys");
  await person.page.getByLabel("Name").fill(name);
  await person.button("Add a passkey").click();
  await expect(person.page).toHaveURL("/account/two-step");
}

test("a passkey is added, and signs in without a password or a name", async ({ newcomer }) => {
  const uma = await newcomer();
  const key = await withAuthenticator(uma);
  await signUp(uma);
  await addPasskey(uma, "My laptop");
  expect(await key.credentials()).toHaveLength(1);
  await expect(uma.page.getByText("1 passkey", { exact: true })).toBeVisible();
  await uma.button("Log out").click();

  await uma.page.goto("/login?next=/rooms");
  await uma.button("Log in with a passkey").click();
  await expect(uma.page).toHaveURL("/rooms");
  await uma.page.goto("/account/passkeys");
  await expect(uma.page.getByRole("listitem").filter({ hasText: "My laptop" })).toContainText("used");
});

test("after the password a passkey is the second step; who does not agree stays outside", async ({ newcomer }) => {
  const vera = await newcomer();
  const key = await withAuthenticator(vera);
  await signUp(vera);
  await addPasskey(vera, "Phone");
  await vera.button("Make recovery codes").click();
  const codes = await vera.page.getByRole("main").getByRole("listitem").allInnerTexts();
  await vera.button("Log out").click();
  await vera.page.goto("/login");
  await logIn(vera, vera.username);
  await expect(vera.page.getByRole("heading", { name: "One more step" })).toBeVisible();
  await vera.button("Use a passkey").click();
  await expect(vera.button("Log out")).toBeVisible();

  await vera.button("Log out").click();
  await key.agrees(false);
  await vera.page.goto("/login");
  await vera.button("Log in with a passkey").click();
  await expect(vera.page.getByRole("alert")).toContainText("No passkey was used.");
  await key.agrees(true);

  // Without the device, a recovery code does.
  const elsewhere = await newcomer();
  await elsewhere.page.goto("/login");
  await logIn(elsewhere, vera.username);
  await elsewhere.page.getByLabel("Recovery code").fill(codes[0] ?? "");
  await elsewhere.button("Log in").click();
  await expect(elsewhere.button("Log out")).toBeVisible();
});

test("a security key without a PIN is a second step, and no more than that", async ({ newcomer }) => {
  const wim = await newcomer();
  await withAuthenticator(wim, { verifies: false });
  await signUp(wim);
  await addPasskey(wim, "Security key");
  await wim.button("Log out").click();
  await wim.page.goto("/login");
  await logIn(wim, wim.username);
  await wim.button("Use a passkey").click();
  await expect(wim.button("Log out")).toBeVisible();
});

test("a passkey shows who one is, and one that was removed opens nothing", async ({ newcomer, foyer }) => {
  const xia = await newcomer();
  await withAuthenticator(xia);
  await signUp(xia);
  await addPasskey(xia, "Laptop");
  await foyer.sql("update sessions set proved_at = now() - interval '1 hour' where user_id = (select id from users where username = $1)", [xia.username]);
  await xia.page.goto("/account/email");
  await expect(xia.page.getByRole("heading", { name: "Is it you?" })).toBeVisible();
  await xia.button("Use a passkey").click();
  await expect(xia.page.getByLabel("New address")).toBeVisible();

  await xia.page.goto("/account/passkeys");
  await xia.button("Remove").click();
  await xia.button("Yes, remove").click();
  await expect(xia.page.getByRole("status")).toHaveText("The passkey is removed.");
  await xia.button("Log out").click();
  await xia.page.goto("/login");
  await xia.button("Log in with a passkey").click();
  await expect(xia.page.getByRole("alert")).toContainText("This passkey was not accepted");
  await logIn(xia, xia.username);
  await expect(xia.button("Log out"), "no second step any more").toBeVisible();
});

test("a copy of a passkey, and an answer that was sent before, are not accepted", async ({ newcomer }) => {
  const yan = await newcomer();
  const key = await withAuthenticator(yan);
  await signUp(yan);
  await addPasskey(yan, "Laptop");
  await yan.button("Log out").click();
  await yan.page.goto("/login");
  const sent = yan.page.waitForRequest((request) => request.url().endsWith("/login/passkey") && request.method() === "POST");
  await yan.button("Log in with a passkey").click();
  await expect(yan.button("Log out")).toBeVisible();
  const answer = await yan.context.request.post("/login/passkey", {
    data: (await sent).postDataJSON(), headers: { Origin: new URL(yan.page.url()).origin },
  });
  expect(answer.status(), "the same answer again").toBe(403);

  const [credential] = await key.credentials();
  await key.setBack(credential?.credentialId ?? "");
  await yan.button("Log out").click();
  await yan.page.goto("/login");
  await yan.button("Log in with a passkey").click();
  await expect(yan.page.getByRole("alert")).toContainText("was not accepted");
});

test("passkeys, in pictures", { tag: "@pictures" }, async ({ newcomer }) => {
  const zoe = await newcomer();
  await withAuthenticator(zoe);
  await signUp(zoe);
  await zoe.page.goto("/account/passkeys");
  await shots(zoe, "passkeys-none", { whole: true });
  await addPasskey(zoe, "My laptop");
  await zoe.page.goto("/account/passkeys");
  await shots(zoe, "passkeys", { whole: true });
  await zoe.page.goto("/account/confirm?next=/account/email");
  await shots(zoe, "confirm-with-passkey");
  await zoe.button("Log out").click();
  await zoe.page.goto("/login");
  await shots(zoe, "login-with-passkey");
  await logIn(zoe, zoe.username);
  await shots(zoe, "second-step-passkey");
});
