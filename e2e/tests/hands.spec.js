// With a keyboard alone, and without JavaScript.

import { expect, test } from "../lib/test.js";
import { addMember, createRoom, expectCount, fillSignUp, logIn, makeRoom, signUp } from "../lib/people.js";

/** @typedef {import("../lib/people.js").Person} Person */
/** @typedef {import("@playwright/test").Locator} Locator */

/**
 * Presses Tab until a control has focus, which has to be seen.
 * @param {Person} person
 * @param {Locator} control
 */
async function tabTo({ page }, control) {
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if (await control.evaluate((element) => element === document.activeElement).catch(() => false)) {
      // The ring may be around the label that a control fills.
      const seen = await control.evaluate((element) => [element, element.closest("label")].some((drawn) => {
        const { outlineStyle, outlineWidth } = drawn ? getComputedStyle(drawn) : { outlineStyle: "none", outlineWidth: "0" };
        return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
      }));
      expect(seen, `focus on ${control} is visible`).toBe(true);
      return;
    }
  }
  throw new Error(`Tab does not lead to ${control}`);
}

test("a keyboard alone is enough to sign up, make a room, join, mute and leave", async ({ newcomer }) => {
  const kim = await newcomer();
  const { page } = kim;
  const { keyboard } = page;
  await page.goto("/");
  await keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" }), "the first Tab").toBeFocused();
  await tabTo(kim, page.getByRole("link", { name: "Sign up" }));
  await keyboard.press("Enter");
  await page.waitForURL("**/signup");
  for (const [label, text] of [["Username", kim.username], ["Email", `${kim.username}@example.org`], ["Display name", "Kim"], ["Password", "correct horse battery"]]) {
    await tabTo(kim, page.getByLabel(label, { exact: true }));
    await keyboard.type(text);
  }
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Your rooms" })).toBeVisible();

  await tabTo(kim, kim.button("New room"));
  await keyboard.press("Space");
  await page.waitForURL("**/rooms/new*");
  await tabTo(kim, page.getByLabel("Room name"));
  await keyboard.type("Made without a mouse");
  await tabTo(kim, page.getByRole("radio", { name: "Private" }));
  await keyboard.press("ArrowDown");
  await expect(page.getByRole("radio", { name: "Listed" })).toBeChecked();
  await keyboard.press("ArrowUp");
  await tabTo(kim, kim.button("Create room"));
  await keyboard.press("Enter");
  await page.waitForURL("**/r/*");

  await tabTo(kim, kim.button("Join call"));
  await keyboard.press("Enter");
  await expectCount(kim, 1);
  await tabTo(kim, kim.button("Mute microphone"));
  await keyboard.press("Space");
  await expect(kim.button("Unmute microphone"), "focus stays where it was").toBeFocused();
  await tabTo(kim, kim.button("Turn camera off"));
  await keyboard.press("Space");
  await expect(kim.tile(kim.username).locator("video")).toHaveCount(0);

  await tabTo(kim, kim.button("Picture options"));
  await keyboard.press("Enter");
  const sheet = page.getByRole("dialog", { name: "Picture" });
  await expect(sheet).toBeVisible();
  await keyboard.press("Escape");
  await expect(sheet).toBeHidden();
  await expect(page.locator(":focus"), "focus comes back").toHaveAttribute("aria-haspopup", "dialog");

  await tabTo(kim, kim.button("Leave call"));
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "You left the call" })).toBeFocused();
  await tabTo(kim, kim.button("Rejoin"));
  await keyboard.press("Enter");
  await expectCount(kim, 1);
});

test("without JavaScript everything but the call works", async ({ newcomer, visit }) => {
  await visit("ana");
  const jo = await newcomer({ options: { javaScriptEnabled: false } });
  const { page } = jo;
  await page.goto("/");
  await page.getByRole("link", { name: "Sign up" }).click();
  await fillSignUp(jo, { password: "short" });
  await jo.button("Sign up").click();
  await expect(page.getByLabel("Password", { exact: true })).toHaveAccessibleDescription(/at least 8/);
  await signUp(jo);

  const room = await createRoom(jo, "Plain room");
  const explanation = page.locator("noscript p"); // getByText leaves out what is in noscript
  await expect(explanation).toBeVisible();
  await expect(explanation).toContainText("Calls need JavaScript.");
  await page.getByRole("link", { name: "Members" }).click();
  await addMember(jo, "ana", "Moderator");
  const row = page.getByRole("row").filter({ hasText: "Ana" });
  await row.getByLabel("Role").selectOption("Member");
  await row.getByRole("button", { name: "Save" }).click();
  await expect(row.getByLabel("Role")).toHaveValue("member");
  await row.getByRole("button", { name: "Remove" }).click();
  await expect(row).toHaveCount(0);

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByLabel("Topic").fill("A topic");
  await jo.button("Save changes").click();
  await expect(page.getByRole("status")).toContainText("Saved.");
  await jo.button("Lock room").click();
  await expect(jo.button("Unlock room")).toBeVisible();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Plain room" })).toBeVisible();

  await page.goto("/account");
  await page.getByLabel("Display name").fill("Joanna");
  await jo.button("Save name").click();
  await expect(page.getByRole("status")).toContainText("Your name is changed.");
  await page.goto(`${room}/settings`);
  await page.getByLabel(/to confirm/).fill("Plain room");
  await jo.button("Delete room").click();
  await expect(page.getByRole("status")).toContainText("Plain room is deleted.");
  await jo.button("Log out").click();
  await page.goto("/login");
  await logIn(jo, jo.username);
  await expect(page.getByText("You are in no room yet.")).toBeVisible();
  await page.goto("/account/sessions");
  await jo.button("Sign out everywhere").click();
  await expect(page.getByRole("heading", { name: "Log in" })).toBeVisible();
});

test("on a phone the call's bar has microphone, camera and leave within reach, and nothing sticks out", async ({ visit }) => {
  const ana = await visit("ana", { options: { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true } });
  const room = await makeRoom(ana, [], { name: "A room with a rather long name that has to fit on a small phone" });
  for (const path of ["/", "/rooms/new", room, `${room}/members`, `${room}/settings`, "/account", "/account/password", "/account/sessions"]) {
    await ana.page.goto(path);
    await expectNoOverflow(ana, path);
  }
  await ana.page.goto(room);
  await ana.button("Join call").tap();
  await expectCount(ana, 1);
  await expectNoOverflow(ana, "the call");
  for (const name of ["Mute microphone", "Turn camera off", "Leave call"]) {
    await expect(ana.button(name)).toBeInViewport({ ratio: 1 });
    const box = await ana.button(name).boundingBox();
    expect(Math.min(box?.width ?? 0, box?.height ?? 0), `${name} is big enough for a finger`).toBeGreaterThanOrEqual(44);
  }
  await ana.button("Leave call").tap();
  await expectNoOverflow(ana, "after the call");
});

/** @param {Person} person @param {string} where */
async function expectNoOverflow({ page }, where) {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content, `${where} is no wider than the window`).toBeLessThanOrEqual(window ?? 0);
}
