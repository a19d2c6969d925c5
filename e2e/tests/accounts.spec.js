// Making an account, coming in and going out.

import { expect, test } from "../lib/test.js";
import { Foyer, fixtureTime } from "../lib/foyer.js";
import { expectCount, fillSignUp, joinHere, logIn, makeRoom, password, signUp } from "../lib/people.js";

/** @typedef {import("../lib/people.js").Person} Person */

/**
 * What stands beside a field: its description, as assistive technology hears it.
 * @param {Person} person
 * @param {string} label
 * @param {string | RegExp} text
 */
async function expectWrong({ page }, label, text) {
  const field = page.getByLabel(label, { exact: true });
  await expect(field).toHaveAttribute("aria-invalid", "true");
  await expect(field).toHaveAccessibleDescription(text);
}

test("the link of the first start makes the administrator, once, and is not printed again", async ({ browser }) => {
  test.setTimeout(3 * fixtureTime); // it starts twice
  const foyer = await Foyer.start();
  try {
    expect(foyer.setupLink).toMatch(/^http:\/\/localhost:\d+\/setup\?token=\S{20,}$/);
    const context = await browser.newContext({ baseURL: foyer.base });
    const page = await context.newPage();
    const wrong = await page.goto("/setup?token=guessed");
    expect(wrong?.status()).toBe(404);

    await page.goto(foyer.setupLink);
    await page.getByLabel("Username").fill("root");
    await page.getByLabel("Email").fill("not an address");
    await page.getByLabel("Display name").fill("Root");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create administrator" }).click();
    await expect(page.getByLabel("Email")).toHaveAccessibleDescription(/not an email address/);
    await page.getByLabel("Email").fill("root@example.org");
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Create administrator" }).click();
    await expect(page.getByRole("heading", { name: "Your rooms" })).toBeVisible();
    expect((await foyer.sql("select username from users where administrator")).rows).toEqual([{ username: "root" }]);

    const again = await page.goto(foyer.setupLink);
    expect(again?.status()).toBe(404);
    await expect(page.getByRole("heading", { name: "This link does not work" })).toBeVisible();

    await foyer.end();
    await foyer.begin();
    expect(foyer.setupLink, "the next start has an administrator").toBe("");
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Your rooms" }), "and knows the session still").toBeVisible();
    await context.close();
  } finally {
    await foyer.remove();
  }
});

test("sign-up says beside each field what is wrong and keeps what was typed, but no password", async ({ newcomer, visit }) => {
  await visit("ana");
  const dora = await newcomer();
  await dora.page.goto("/signup");
  await dora.button("Sign up").click();
  for (const label of ["Username", "Email", "Display name", "Password"]) await expectWrong(dora, label, /\S/);
  await expect(dora.page.getByLabel("Username")).toBeFocused();

  await fillSignUp(dora, { username: "Dora the 1st", email: "dora", displayName: "Dora‮", password: "short" });
  await dora.button("Sign up").click();
  await expectWrong(dora, "Username", /Use 2 to 32 /);
  await expectWrong(dora, "Email", /not an email address/);
  await expectWrong(dora, "Display name", /\S/);
  await expectWrong(dora, "Password", /at least 8 characters/);
  await expect(dora.page.getByLabel("Username")).toHaveValue("Dora the 1st");
  await expect(dora.page.getByLabel("Email")).toHaveValue("dora");
  await expect(dora.page.getByLabel("Password", { exact: true })).toHaveValue("");

  await fillSignUp(dora, { username: "ana", email: "someone@example.org", displayName: "Dora" });
  await dora.button("Sign up").click();
  await expectWrong(dora, "Username", /taken/);
  await fillSignUp(dora, { email: "ANA@Example.org" });
  await dora.button("Sign up").click();
  await expectWrong(dora, "Email", /has an account already/);
  for (const [weak, why] of /** @type {const} */ ([["password123", /most common passwords/], ["ü".repeat(37), /at most 72 bytes; this has 74/]])) {
    await fillSignUp(dora, { password: weak });
    await dora.button("Sign up").click();
    await expectWrong(dora, "Password", why);
  }

  await fillSignUp(dora);
  await dora.button("Sign up").click();
  await expect(dora.page.getByRole("heading", { name: "Your rooms" })).toBeVisible();
});

test("one logs in by username or email, is told the same for every mistake, and logs out", async ({ newcomer }) => {
  const eva = await newcomer();
  await signUp(eva);
  await eva.button("Log out").click();
  await expect(eva.page.getByRole("link", { name: "Log in" })).toBeVisible();

  const sentence = "This name and password do not belong together.";
  await eva.page.goto("/login");
  await logIn(eva, eva.username, "wrong horse battery");
  await expect(eva.page.getByRole("alert")).toContainText(sentence);
  await expect(eva.page.getByLabel("Username or email")).toHaveValue(eva.username);
  await expect(eva.page.getByLabel("Password", { exact: true })).toHaveValue("");
  await logIn(eva, "nobody-at-all", "wrong horse battery");
  await expect(eva.page.getByRole("alert")).toContainText(sentence);

  await logIn(eva, eva.username);
  await expect(eva.button("Log out")).toBeVisible();
  await eva.button("Log out").click();
  await eva.page.goto("/login");
  await logIn(eva, `${eva.username.toUpperCase()}@EXAMPLE.org`);
  await expect(eva.button("Log out")).toBeVisible();

  const cookies = await eva.context.cookies();
  expect(cookies).toHaveLength(1);
  expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: "Lax" });
});

test("a guest of a room's address logs in, or signs up, and comes back to the room", async ({ newcomer, visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { visibility: "open" });
  const finn = await newcomer();
  await finn.page.goto(room);
  await expect(finn.page).toHaveURL(/\/login\?next=/);
  await finn.page.getByRole("link", { name: "Sign up" }).click();
  await fillSignUp(finn);
  await finn.button("Sign up").click();
  await expect(finn.page).toHaveURL(room);
  await finn.context.clearCookies();
  await finn.page.goto(`${room}`);
  await logIn(finn, finn.username, "wrong horse battery");
  await expect(finn.page.getByRole("alert")).toBeVisible();
  await logIn(finn, finn.username);
  await expect(finn.page, "after a mistake as well").toHaveURL(room);
  await joinHere(finn);
  await expectCount(finn, 1);

  const away = await newcomer();
  await away.page.goto("/login?next=//evil.example/path");
  await logIn(away, finn.username);
  await expect(away.page).toHaveURL("/");
});

test("the account pages change the name and the password, which signs out everywhere else", async ({ newcomer }) => {
  const gus = await newcomer();
  await signUp(gus);
  const phone = await newcomer();
  await phone.page.goto("/login");
  await logIn(phone, gus.username);
  await expect(phone.button("Log out")).toBeVisible();

  await gus.page.goto("/account");
  await gus.page.getByLabel("Display name").fill("Gustav <i>G.</i>");
  await gus.button("Save name").click();
  await expect(gus.page.getByRole("status")).toContainText("Your name is changed.");
  await expect(gus.page.getByRole("link", { name: "your account" })).toContainText("Gustav <i>G.</i>");

  await gus.page.getByRole("link", { name: "Password" }).click();
  await gus.page.getByLabel("Current password").fill("not my password");
  await gus.page.getByLabel("New password").fill("another fine password");
  await gus.button("Change password").click();
  await expect(gus.page.getByLabel("Current password")).toHaveAccessibleDescription(/not your present password/);
  await gus.page.getByLabel("Current password").fill(password);
  await gus.page.getByLabel("New password").fill("another fine password");
  await gus.button("Change password").click();
  await expect(gus.page.getByRole("status")).toContainText("Your password is changed.");
  await gus.page.goto("/account/sessions");
  await expect(gus.page.getByText("Signed in", { exact: false }).filter({ hasText: "127.0.0.1" })).toHaveCount(1);
  await phone.page.goto("/account");
  await expect(phone.page).toHaveURL(/\/login/);
  await logIn(phone, gus.username, "another fine password");
  await expect(phone.button("Log out")).toBeVisible();
});
