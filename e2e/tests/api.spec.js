// Tokens for programs: made on a page, shown once, used, and revoked, which ends what they let in.

import { expect, test } from "../lib/test.js";
import { expectCount, join, makeRoom, signUp } from "../lib/people.js";
import { startFrontDesk } from "../lib/frontdesk.js";
import { shots } from "../lib/shots.js";

/**
 * Makes a token on one's own page and returns it.
 * @param {import("../lib/people.js").Person} person
 * @param {string} name
 * @param {string[]} scopes by their titles
 */
async function makeToken({ page }, name, scopes) {
  await page.goto("/account/tokens");
  await page.getByRole("textbox", { name: "Name" }).fill(name);
  for (const scope of scopes) await page.getByRole("checkbox", { name: scope }).check();
  await page.getByRole("button", { name: "Make the token" }).click();
  await expect(page.getByRole("heading", { name: "Your new token" })).toBeVisible();
  return (await page.locator("[data-token]").textContent()) ?? "";
}

test("a token is made, shown once, does what it is for and no more, and is revoked with whom it let in", async ({ newcomer, playwright, foyer }) => {
  const owner = await newcomer();
  await signUp(owner);
  const room = await makeRoom(owner, [], { name: "Front desk", guests: true });
  const slug = room.replace("/r/", "");

  await owner.page.goto("/account/tokens");
  await owner.page.getByRole("button", { name: "Make the token" }).click();
  await expect(owner.page.getByText("Choose at least one.")).toBeVisible();

  const token = await makeToken(owner, "Reception", ["Read rooms", "Join and let in"]);
  expect(token).toMatch(/^foyer_pat_/);
  const api = await playwright.request.newContext({ baseURL: `${foyer.base}/api/v1/`, extraHTTPHeaders: { Authorization: `Bearer ${token}` } });
  expect((await (await api.get(`rooms/${slug}`)).json()).name).toBe("Front desk");
  const refused = await api.patch(`rooms/${slug}`, { data: { name: "Back door" } });
  expect([refused.status(), (await refused.json()).reason]).toEqual([403, "scope"]);

  await join(owner, room);
  const visitor = await (await api.post(`rooms/${slug}/tokens`, { data: { display_name: "Zoe", identity: "customer-1" } })).json();
  expect(visitor.backend).toBe("livekit");
  const door = await fetch(`${foyer.base}/rtc/v1/validate?access_token=${visitor.token}`);
  expect(door.status, "the token opens the gate").toBe(200);
  await expectCount(owner, 1); // who has not connected is not in the call

  const settings = await owner.context.newPage();
  await settings.goto("/account/tokens");
  await expect(settings.getByText(token), "shown once").toHaveCount(0);
  await settings.getByRole("button", { name: "Revoke" }).click();
  await settings.getByRole("button", { name: "Yes, revoke it" }).click();
  await expect(settings.getByRole("status")).toHaveText("The token is revoked.");
  expect((await api.get(`rooms/${slug}`)).status()).toBe(401);
  await expect.poll(async () => (await fetch(`${foyer.base}/rtc/v1/validate?access_token=${visitor.token}`)).status, { message: "the gate is closed to whom it let in" }).not.toBe(200);
  await api.dispose();
});

test("a visitor of the example's page is in the call, sees who is there, and is out with the program's token", async ({ newcomer, foyer }) => {
  const owner = await newcomer();
  await signUp(owner);
  const room = await makeRoom(owner, [], { name: "Front desk" });
  const token = await makeToken(owner, "Front desk", ["Read rooms", "Change rooms", "Join and let in"]);
  const desk = await startFrontDesk(foyer.base, room.replace("/r/", ""), token);
  try {
    await join(owner, room);
    const visitor = await newcomer();
    await visitor.page.goto(desk.address);
    await visitor.page.getByRole("textbox", { name: "Your name" }).fill("Zoe");
    await visitor.page.getByRole("button", { name: "Come in" }).click();
    await expect(visitor.page.getByRole("status")).toHaveText("You are in.");
    await expect(visitor.page.getByRole("listitem")).toHaveCount(2);
    await expectCount(owner, 2);
    await expect.poll(() => visitor.page.locator("section video").evaluateAll((videos) => videos.some((video) => /** @type {HTMLVideoElement} */ (video).videoWidth > 0)), { message: "the visitor sees the owner" }).toBe(true);

    const settings = await owner.context.newPage();
    await settings.goto("/account/tokens");
    await settings.getByRole("button", { name: "Revoke" }).click();
    await settings.getByRole("button", { name: "Yes, revoke it" }).click();
    await expect(visitor.page.getByRole("status")).toHaveText("The call is over for you.");
    await expectCount(owner, 1);
    await visitor.page.reload();
    await visitor.page.getByRole("textbox", { name: "Your name" }).fill("Zoe");
    await visitor.page.getByRole("button", { name: "Come in" }).click();
    await expect(visitor.page.getByRole("status")).toContainText("does not work just now");
  } finally {
    await desk.end();
  }
});

test("tokens and the reference of the API, in pictures", { tag: "@pictures" }, async ({ newcomer, visit, foyer }) => {
  const paula = await newcomer();
  await signUp(paula);
  await paula.page.goto("/account/tokens");
  await shots(paula, "tokens-none", { whole: true });
  await makeToken(paula, "Reception", ["Read rooms", "Chat"]);
  await shots(paula, "token-made");
  await paula.page.goto("/account/tokens");
  await shots(paula, "tokens", { whole: true });
  await paula.page.goto("/docs/api");
  await shots(paula, "api-reference");
  const boss = await visit("boss");
  await foyer.administrator("boss");
  await boss.page.goto("/admin/services");
  await shots(boss, "desk-services", { whole: true });
  await foyer.administrator("boss", false);
});
