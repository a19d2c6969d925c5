// Rooms that one may find, asking to join them, and the dashboard of whoever
// answers.

import { expect, test } from "../lib/test.js";
import { logIn, makeRoom, signUp } from "../lib/people.js";
import { shots } from "../lib/shots.js";

/** @typedef {import("@playwright/test").Page} Page */

/**
 * Has the dashboard be drawn anew, as when something on it has changed.
 * @param {Page} page
 */
async function redraw(page) {
  const before = await page.locator("#fresh").elementHandle();
  await page.locator("#fresh").evaluate((fresh) => {
    fresh.append(document.createElement("i"));
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expect.poll(() => before?.evaluate((element) => element.isConnected)).toBe(false);
}

test("a listed room is found, asked for, granted on the dashboard without a reload, and entered", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const dan = await newcomer();
  await signUp(dan);
  const room = await makeRoom(ana, [], { name: "Choir practice", topic: "Only for those who sing", visibility: "listed" });
  const { page } = dan;
  await page.goto("/");
  for (const control of [dan.button("New room"), page.getByRole("link", { name: "Find a room" })]) {
    await control.focus();
    await redraw(page);
    await expect(control, "focus stays though the page is drawn anew").toBeFocused();
  }
  await page.getByRole("link", { name: "Find a room" }).click();
  await page.getByLabel("Part of the room’s name").fill("CHOIR");
  await dan.button("Search").click();
  const card = page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("heading", { name: "Choir practice" }) });
  await expect(card).toContainText("Listed");
  await expect(card, "the topic is not for strangers").not.toContainText("sing");
  await shots(dan, "find");
  await card.getByRole("link", { name: "Ask to join" }).click();
  await expect(page.getByRole("heading", { name: "Choir practice" })).toBeVisible();
  await expect(page.getByText("sing")).toHaveCount(0);
  await expect(dan.button("Join call")).toHaveCount(0);
  const line = page.getByLabel("A line to them");
  await line.fill("x".repeat(301));
  await dan.button("Ask to join").click();
  await expect(line).toHaveAccessibleDescription(/at most 300 characters/);
  await expect(line).toHaveValue("x".repeat(301));
  await shots(dan, "ask-error");
  await line.fill("I sing the bass, <b>mostly</b>");

  await ana.page.goto("/");
  await expect(ana.page.getByText("Waiting for you")).toHaveCount(0);
  await dan.button("Ask to join").click();
  await expect(page.getByRole("status")).toContainText("You asked to join Choir practice.");
  await shots(dan, "ask-asked");
  const desk = ana.page.getByRole("region", { name: "Waiting for you" });
  await expect(desk, "shown without a reload").toContainText("I sing the bass, <b>mostly</b>");
  const named = desk.getByRole("link", { name: "Choir practice" });
  await named.focus();
  await redraw(ana.page);
  await expect(named).toBeFocused();
  await desk.getByRole("button", { name: "Accept" }).click();
  await expect(ana.page.getByRole("status").first()).toContainText("belongs to Choir practice now.");
  await expect(desk).toHaveCount(0);
  await page.goto("/");
  await page.getByRole("link", { name: "Join Choir practice" }).click();
  await expect(dan.button("Join call")).toBeVisible();
});

test("times are as their reader writes them, in their zone", async ({ visit, newcomer }) => {
  const room = await makeRoom(await visit("ana"), [], { visibility: "listed" });
  const dan = await newcomer({ options: { locale: "de-DE", timezoneId: "Asia/Tokyo" } });
  await signUp(dan);
  const german = new Intl.DateTimeFormat("de-DE", { dateStyle: "medium", timeStyle: "short", timeZone: "Asia/Tokyo" });
  /** @param {import("@playwright/test").Locator} time */
  const written = async (time) => german.format(new Date(await time.getAttribute("datetime") ?? ""));
  await dan.page.goto(room);
  await dan.button("Ask to join").click();
  const asked = dan.page.getByRole("main").locator("time");
  await expect(asked).toHaveText(/now|ago/);
  await expect(asked).toHaveAttribute("title", await written(asked));
  await dan.page.goto("/account/sessions");
  const begun = dan.page.getByRole("main").locator("time").first();
  await expect(begun).toHaveText(await written(begun));
});

test("who is declined may ask again; who asks may withdraw; a second answer harms nothing", async ({ visit, newcomer, foyer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const dan = await newcomer();
  await signUp(dan);
  const room = await makeRoom(ana, [ben], { name: "Asked for", visibility: "listed" });
  await ana.post(`${room}/members/ben`, { role: "moderator" });
  const { page } = dan;
  await page.goto(room);
  await dan.button("Ask to join").click();
  await dan.button("Withdraw the request").click();
  await expect(page.getByRole("status")).toContainText("You no longer ask to join.");
  await dan.button("Ask to join").click();
  await expect(dan.button("Withdraw the request")).toBeVisible();

  for (const moderator of [ana, ben]) await moderator.page.goto(`${room}/members`);
  await shots(ana, "members-requests", { whole: true });
  await ben.page.getByRole("button", { name: "Decline" }).click();
  await expect(ben.page.getByRole("status")).toContainText("’s request is declined.");
  await ana.page.getByRole("button", { name: "Accept" }).click();
  await expect(ana.page.getByRole("status")).toContainText("This request was answered or withdrawn already.");
  await page.goto(room);
  await expect(dan.button("Ask to join"), "nothing is said of the no").toBeVisible();
  await dan.button("Ask to join").click();
  await page.goto("/rooms?q=Asked for");
  await expect(page.getByText("You asked to join")).toBeVisible();
  await shots(dan, "find-asked");
  await foyer.sql(`update rooms set visibility = 'private' where slug = $1`, [room.replace("/r/", "")]);
  expect((await page.goto(room))?.status(), "a private room hides from who asked").toBe(404);
});

test("what is found: listed and open rooms, one's own marked, nothing private; pages of many", async ({ visit, newcomer, foyer }) => {
  const ana = await visit("ana");
  const dan = await newcomer();
  await signUp(dan);
  await makeRoom(ana, [], { name: "Zebra private", visibility: "private" });
  await makeRoom(ana, [], { name: "Zebra listed", visibility: "listed" });
  await makeRoom(ana, [], { name: "Zebra open", topic: "Black and white", visibility: "open" });
  await makeRoom(dan, [], { name: "Zebra of my own", visibility: "open" });
  const { page } = dan;
  await page.goto("/rooms?q=zebra");
  const cards = page.getByRole("main").getByRole("listitem").filter({ has: page.getByRole("heading") });
  await expect(cards).toHaveCount(3);
  await expect(cards.filter({ hasText: "Zebra of my own" })).toContainText("Owner");
  await expect(cards.filter({ hasText: "Zebra open" })).toContainText("Black and white");
  await shots(dan, "find-several");
  await cards.filter({ hasText: "Zebra open" }).getByRole("link", { name: "Join" }).click();
  await expect(dan.button("Join call")).toBeVisible();
  await page.goto("/rooms?q=no such room at all");
  await expect(page.getByText("has “no such room at all” in its name")).toBeVisible();
  await shots(dan, "find-none");

  await foyer.sql(`insert into rooms (id, slug, name, visibility, backend)
    select gen_random_uuid(), 'quagga-' || i, 'Quagga ' || lpad(i::text, 2, '0'), 'listed', 'livekit' from generate_series(1, 30) i`);
  await page.goto("/rooms?q=quagga");
  await expect(cards).toHaveCount(24);
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(cards).toHaveCount(6);
  await expect(page.getByLabel("Part of the room’s name"), "the search goes along").toHaveValue("quagga");
});

test("who waits shows on the dashboard within seconds, and is admitted or denied there", async ({ newcomer }) => {
  const [ana, dan, eve, fay] = [await newcomer(), await newcomer(), await newcomer(), await newcomer()];
  for (const person of [ana, dan, eve, fay]) await signUp(person);
  const room = await makeRoom(ana, [], { name: "With a lobby", visibility: "open", lobby: "strangers" });
  const listed = await makeRoom(ana, [], { name: "Reading group", visibility: "listed" });
  const { page } = ana;
  await page.goto("/");
  const desk = page.getByRole("region", { name: "Waiting for you" });
  await expect(page.getByRole("heading", { name: "Your rooms" })).toBeVisible();
  await dan.post(`${room}/lobby`, { display_name: "Dan at the door" });
  await expect(desk).toContainText("1 person wants to come into With a lobby");
  await expect(page.locator("#news"), "said to whoever does not see it").toHaveText("Dan at the door wants to come into With a lobby.");

  const deny = desk.getByRole("button", { name: "Deny Dan at the door" });
  await deny.focus();
  await eve.post(`${room}/lobby`, { display_name: "Eve" });
  await fay.post(`${listed}/request`, { message: "I read a lot" });
  await expect(desk).toContainText("2 people want to come into");
  await expect(desk).toContainText("I read a lot");
  await expect(deny, "the focus stays").toBeFocused();
  await shots(ana, "dashboard-desk", { whole: true });
  await page.keyboard.press("Enter");
  await expect(desk).toContainText("1 person wants to come into");
  await fay.post(`${room}/lobby`, { display_name: "Fay" });
  await dan.post(`${room}/lobby`, { display_name: "Dan at the door" });
  await expect(desk.getByRole("listitem")).toHaveCount(4);
  await desk.getByRole("button", { name: "Admit Eve" }).click();
  await expect(desk.getByText("Eve")).toHaveCount(0);
  await desk.getByRole("button", { name: "Admit all" }).click();
  await expect(desk.getByText("want to come into")).toHaveCount(0);
  await desk.getByRole("button", { name: "Decline" }).click();
  await expect(desk).toHaveCount(0);
  await shots(ana, "dashboard-answered");
  for (const person of [dan, eve]) {
    await person.page.goto(room);
    await expect(person.button("Join call")).toBeVisible();
  }
});

test("a mail tells who decides, and its link leads through log-in to the answer", async ({ newcomer, foyer }) => {
  const [ana, dan, admin] = [await newcomer(), await newcomer(), await newcomer()];
  for (const person of [ana, dan, admin]) await signUp(person);
  await foyer.administrator(admin.username);
  const room = await makeRoom(ana, [], { name: "By mail", visibility: "listed" });
  await dan.page.goto(room);
  await dan.page.getByLabel("A line to them").fill("I would like to read along");
  await dan.button("Ask to join").click();
  await expect(dan.button("Withdraw the request")).toBeVisible();

  /** @param {import("../lib/people.js").Person} to */
  const mailTo = async (to) => {
    await admin.page.goto("/admin/mail");
    await admin.page.getByRole("row", { name: `${to.username}@example.org` }).first().getByRole("link").click();
    const text = await admin.page.getByRole("main").innerText();
    return { text, link: /https?:\/\/\S+\/r\/\S+/.exec(text)?.[0] ?? "" };
  };
  const asked = await mailTo(ana);
  expect(asked.text).toContain("I would like to read along");
  await ana.context.clearCookies(); // another browser, say
  await ana.page.goto(asked.link);
  await logIn(ana, ana.username);
  await ana.page.getByRole("button", { name: `Accept ${dan.displayName}` }).click();
  await expect(ana.page.getByRole("status").first()).toContainText("belongs to By mail now.");
  await dan.page.goto((await mailTo(dan)).link);
  await expect(dan.button("Join call")).toBeVisible();
});

test("who waits is denied and blocked on the dashboard, a guest with the invitation they came by", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const [dan, gus, gil] = [await newcomer(), await newcomer(), await newcomer()];
  await signUp(dan);
  const room = await makeRoom(ana, [], { name: "Behind the desk", visibility: "open", guests: true, lobby: "strangers" });
  await ana.page.goto(`${room}/invitations`);
  await ana.page.getByLabel("They come as").selectOption("guest");
  await ana.page.getByRole("button", { name: "Make link" }).click();
  const link = (await ana.page.locator(".made-address").textContent()) ?? "";
  for (const [person, name] of /** @type {const} */ ([[gus, "Gus"], [gil, "Gil"]])) {
    await person.page.goto(link);
    await person.page.getByLabel("Your name").fill(name);
    await person.button("Come in").click();
    await person.button("Ask to join").click();
  }
  await dan.post(`${room}/lobby`, { display_name: "Dan" });

  await ana.page.goto("/");
  const desk = ana.page.getByRole("region", { name: "Waiting for you" });
  const question = ana.page.getByRole("dialog");
  await desk.getByRole("button", { name: "Deny and block Dan" }).click();
  await expect(question.getByRole("checkbox"), "came by no invitation").toHaveCount(0);
  await question.getByRole("button", { name: "Cancel" }).click();
  await desk.getByRole("button", { name: "Deny and block Dan" }).click();
  await ana.button("Yes, block").click();
  await expect(ana.page.getByRole("status").first()).toContainText("The room is closed to them now.");
  expect((await dan.page.goto(room))?.status()).toBe(404);

  await desk.getByRole("button", { name: "Deny and block Gus" }).click();
  await shots(ana, "dashboard-block");
  await question.getByRole("checkbox", { name: "Also close the invitation they came by" }).check();
  await ana.button("Yes, block").click();
  for (const { page } of [gus, gil]) await expect(page.getByRole("heading", { name: "This room is not here any more" })).toBeVisible();
  const late = await newcomer();
  await late.page.goto(link);
  await expect(late.page.getByRole("heading", { name: "This invitation is not valid any more" })).toBeVisible();
  await ana.page.goto(`${room}/bans`);
  await expect(ana.page.getByRole("row", { name: /everybody who comes by it/ })).toBeVisible();
});

test("settings keep visibility, guests, lobby and succession", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { name: "Configured" });
  const { page } = ana;
  await page.goto(`${room}/settings`);
  await shots(ana, "settings-ways-in", { whole: true });
  await page.getByRole("radio", { name: "Listed" }).check();
  await page.getByRole("checkbox", { name: "Let guests in" }).check();
  await page.getByRole("radio", { name: "Everybody below moderator" }).check();
  await page.getByRole("radio", { name: "The call ends" }).check();
  await page.getByLabel("Capacity").fill("1");
  await ana.button("Save changes").click();
  await expect(page.getByLabel("Capacity")).toHaveAttribute("aria-invalid", "true");
  const chosen = async () => {
    for (const name of ["Listed", "Everybody below moderator", "The call ends"]) await expect(page.getByRole("radio", { name })).toBeChecked();
    await expect(page.getByRole("checkbox", { name: "Let guests in" })).toBeChecked();
  };
  await chosen();
  await page.getByLabel("Capacity").fill("9");
  await ana.button("Save changes").click();
  await expect(page.getByRole("status")).toContainText("Saved.");
  await chosen();
  await page.getByRole("checkbox", { name: "Let guests in" }).uncheck();
  await ana.button("Save changes").click();
  await expect(page.getByRole("checkbox", { name: "Let guests in" })).not.toBeChecked();
});
