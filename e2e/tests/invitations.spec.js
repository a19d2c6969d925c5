// Ways in by invitation: a link to belong to a room, through sign-up and through
// log-in; a link for guests; and how each ends.

import { expect, test } from "../lib/test.js";
import { expectEnd, send } from "../lib/ended.js";
import { expectClosed } from "../lib/gate.js";
import { expectPicture, openConnections } from "../lib/media.js";
import { Person, askToJoin, expectCount, fillSignUp, join, logIn, makeRoom, signUp } from "../lib/people.js";
import { saidIn } from "../lib/said.js";
import { shots } from "../lib/shots.js";

/**
 * Makes a link on the invitations page and returns it.
 * @param {Person} person
 * @param {string} room its path
 * @param {object} [with]
 * @param {string} [with.role]
 * @param {string} [with.uses]
 * @param {string} [with.note]
 */
async function makeLink({ page }, room, { role = "Member", uses = "", note = "" } = {}) {
  await page.goto(`${room}/invitations`);
  await page.getByLabel("They come as").selectOption({ label: role });
  await page.getByLabel("How many people").fill(uses);
  await page.getByLabel("Note").fill(note);
  await page.getByRole("button", { name: "Make link" }).click();
  await expect(page.getByRole("heading", { name: "The link is ready" })).toBeVisible();
  await expect(page.getByRole("img", { name: "QR code of the link" })).toBeVisible();
  return (await page.locator(".made-address").textContent()) ?? "";
}

const guestRole = "Guest, without an account";
const notValid = "This invitation is not valid any more";

/** What the page of somebody without the right to be there says. @param {Person} person */
const refused = ({ page }) => page.getByRole("heading", { name: notValid });

/**
 * Comes in by a link with a name and no account, and joins the call.
 * @param {Person} person
 * @param {string} link
 * @param {string} name
 */
async function comeIn(person, link, name) {
  const { page } = person;
  await page.goto(link);
  await page.getByLabel("Your name").fill(name);
  await person.button("Come in").click();
  await expect(page.getByText("Guest", { exact: true })).toBeVisible();
  await expect(page.getByLabel("Display name")).toHaveValue(name);
  await person.button("Join call").click();
  await expect(person.button("Leave call")).toBeVisible();
}

/**
 * The tile of somebody by the name that is shown.
 * @param {Person} person
 * @param {string} name
 */
const tileNamed = ({ page }, name) => page.locator("[data-participant]").filter({ hasText: name });

/** @param {Person} owner */
const revokeFirst = async (owner) => {
  await owner.page.getByRole("row").nth(1).getByRole("button", { name: "Revoke" }).click();
};

test("a link leads through sign-up into the room", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { name: "Reading circle" });
  const link = await makeLink(ana, room, { note: "For our new reader" });

  const reader = await newcomer();
  const { page } = reader;
  await page.goto(link);
  await expect(page.getByRole("heading", { name: "Reading circle" })).toBeVisible();
  await expect(page.getByText("Ana invites you")).toBeVisible();
  await expect(page.getByText("For our new reader")).toBeVisible();
  await page.getByRole("link", { name: "Sign up" }).click();
  await fillSignUp(reader);
  await reader.button("Sign up").click();
  await reader.button("Join this room").click();
  await page.waitForURL(`**${room}`);
  await expect(reader.button("Join call")).toBeVisible();

  await ana.page.goto(`${room}/members`);
  await expect(ana.page.getByRole("row", { name: reader.displayName })).toContainText("Member");
  await ana.page.goto(`${room}/invitations`);
  await expect(ana.page.getByRole("row", { name: "For our new reader" })).toContainText("1 time");
  await page.goto(link);
  await page.waitForURL(`**${room}`); // who belongs to it comes straight in
});

test("a link is copied, and shared where the device can", async ({ visit }) => {
  const ana = await visit("ana", { options: { permissions: ["clipboard-read", "clipboard-write"] } });
  const room = await makeRoom(ana, [], { name: "Choir" });
  const link = await makeLink(ana, room);
  await expect(ana.button("Share"), "here the device cannot").toBeHidden();
  const label = ana.page.locator("[data-copy-label]");
  const labels = await saidIn(label);
  await ana.button("Copy link").click();
  await expect.poll(labels, { message: "it says for a moment that it is done" }).toContain("Copied");
  expect(await ana.page.evaluate(() => navigator.clipboard.readText())).toBe(link);

  await ana.page.addInitScript(() => {
    Object.assign(navigator, { canShare: () => true, share: async (/** @type {ShareData} */ data) => { document.title = JSON.stringify(data); } });
  });
  const another = await makeLink(ana, room);
  expect(another).not.toBe(link);
  await ana.button("Share").click();
  await expect(ana.page).toHaveTitle(JSON.stringify({ title: "Choir", url: another }));
});

test("a link leads through log-in into the room, for as many as it says", async ({ visit, newcomer }) => {
  const [ana, ben] = [await visit("ana"), await newcomer()];
  await signUp(ben);
  await ben.context.clearCookies();
  const room = await makeRoom(ana);
  const link = await makeLink(ana, room, { role: "Moderator", uses: "1" });
  await ben.page.goto(link);
  await ben.page.getByRole("link", { name: "Log in" }).click();
  await logIn(ben, ben.username);
  await ben.button("Join this room").click();
  await ben.page.waitForURL(`**${room}`);
  await expect(ben.page.getByRole("link", { name: "Settings" })).toBeVisible();

  const late = await visit("eve");
  expect((await late.page.goto(link))?.status(), "the used up link").toBe(404);
  await expect(refused(late)).toBeVisible();
  expect((await late.page.goto(`${link}x`))?.status(), "a link that there is not").toBe(404);
  await expect(refused(late)).toBeVisible();
  await ana.page.goto(`${room}/invitations`);
  await expect(ana.page.getByRole("row").nth(1)).toContainText("1 of 1");
  await expect(ana.page.getByRole("row").nth(1)).toContainText("Used up");
});

test("a guest comes in by a link, meets a member, and is out once it is revoked", async ({ visit, newcomer, foyer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { guests: true });
  const link = await makeLink(ana, room, { role: guestRole, uses: "1" });
  await join(ana, room);

  const gus = await newcomer();
  const [answer] = await Promise.all([gus.page.waitForResponse(new RegExp(`${room}/join$`), { timeout: 0 }), comeIn(gus, link, "Gus")]);
  const { token } = await answer.json();
  await expectCount(ana, 2);
  await expectPicture(tileNamed(ana, "Gus"));
  await expectPicture(tileNamed(gus, "Ana"));
  await expect(tileNamed(ana, "Gus")).toContainText("Guest");

  // The link is used up for others, and lets the same browser in again.
  const other = await newcomer();
  expect((await other.page.goto(link))?.status()).toBe(404);
  const tab = await gus.context.newPage();
  await tab.goto(link);
  await expect(tab).toHaveURL(new RegExp(`${room}$`));
  await expect(tab.getByRole("banner").getByText("Gus")).toBeVisible();
  expect((await tab.goto("/account"))?.url(), "nothing else opens").toContain("/login");
  await tab.close();

  const list = await ana.context.newPage();
  await list.goto(`${room}/invitations`);
  await list.getByRole("button", { name: "Revoke" }).click();
  const unused = (await (await askToJoin(gus, room, "Gus")).json()).token;
  await expectEnd(gus, "Revoke", () => send(list.getByRole("button", { name: "Yes, revoke" })));
  await expect(gus.page.getByRole("heading", { name: "Your invitation to this room has ended." })).toBeVisible();
  await expect.poll(() => openConnections(gus.page), { message: "the guest's media connections are closed" }).toEqual([]);
  await expectCount(ana, 1);
  await expectClosed(foyer.base, [token, unused]);
  await gus.page.goto(link);
  await expect(refused(gus)).toBeVisible();
  expect((await gus.page.goto(room))?.url()).toContain("/login");
});

test("a link that has run out, a room that takes no guests any more, and another room let no guest in, each in words", async ({ visit, newcomer, foyer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { guests: true });
  const other = await makeRoom(ana, [], { guests: true });
  const link = await makeLink(ana, room, { role: guestRole, note: "Runs out" });
  await join(ana, room);
  const gus = await newcomer();
  await comeIn(gus, link, "Gus");
  await expectPicture(tileNamed(ana, "Gus"));
  const tab = await gus.context.newPage();
  expect((await tab.goto(other))?.url(), "another room, which takes guests too").toContain("/login");
  expect(await knockAtLobby(gus, other), "and its lobby").toBe(401);
  await tab.close();

  await foyer.sql("update invitations set expires_at = now() + interval '3 seconds' where note = 'Runs out'");
  await expect(gus.page.getByRole("heading", { name: "Your invitation to this room has ended." })).toBeVisible();
  await expectCount(ana, 1);
  await gus.page.goto(link);
  await expect(refused(gus)).toBeVisible();
  const list = await ana.context.newPage();
  await list.goto(`${room}/invitations`);
  await expect(list.getByRole("row", { name: "Runs out" })).toContainText("Expired");
  await list.close();

  const [zoe, third] = [await newcomer(), await newcomer()];
  const lasting = await makeLink(new Person("ana", await ana.context.newPage()), room, { role: guestRole });
  await comeIn(zoe, lasting, "Zoe");
  await expectPicture(tileNamed(ana, "Zoe"));
  await foyer.sql("update rooms set guests = false where slug = $1", [room.replace("/r/", "")]);
  await expect(zoe.page.getByRole("heading", { name: /no longer belong/ })).toBeVisible();
  await expect(zoe.button("Rejoin")).toBeHidden();
  await third.page.goto(lasting);
  await expect(refused(third)).toBeVisible();
});

/**
 * Asks in a room's lobby to be let in, as no page would, and returns the status.
 * @param {Person} person
 * @param {string} room
 */
async function knockAtLobby(person, room) {
  const origin = new URL(person.page.url()).origin;
  return (await person.context.request.post(`${room}/lobby`, { data: { display_name: "Gus" }, headers: { Origin: origin } })).status();
}

test("a guest leaves for good, and another comes by the same link", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { guests: true, name: "Open evening" });
  const link = await makeLink(ana, room, { role: guestRole });
  const gus = await newcomer();
  await gus.page.goto(link);
  await gus.button("Come in").click();
  await expect(gus.page.getByText("Fill this in.")).toBeVisible(); // the name
  await gus.page.getByLabel("Your name").fill("Gus");
  await gus.button("Come in").click();
  await expect(gus.button("Join call")).toBeEnabled(); // the page's script asks before it lets one leave
  await gus.button("Leave as guest").click();
  await gus.button("Yes, leave").click();
  await expect(gus.page.getByText("You left Open evening.")).toBeVisible();
  expect((await gus.page.goto(room))?.url()).toContain("/login");
  await gus.page.goto(link);
  await expect(gus.page.getByLabel("Your name")).toBeVisible();
});

test("at the door of an open room one comes in as a guest, and waits", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { visibility: "open", guests: true, name: "Market square" });
  const closed = await makeRoom(ana, [], { visibility: "open" });
  const gus = await newcomer();
  expect((await gus.page.goto(closed))?.url(), "a room without guests").toContain("/login");
  await gus.page.goto(room);
  await expect(gus.page.getByRole("heading", { name: "Market square" })).toBeVisible();
  await gus.page.getByLabel("Your name").fill("Gus");
  await gus.button("Come in as a guest").click();
  await expect(gus.button("Ask to join")).toBeVisible();

  const ben = await newcomer();
  await signUp(ben);
  await ben.context.clearCookies();
  await ben.page.goto(room);
  await ben.page.getByRole("link", { name: "Log in" }).click();
  await logIn(ben, ben.username);
  await expect(ben.button("Join call")).toBeVisible();
});

test("an invitation by mail is read in the outbox and lets its reader in", async ({ visit, newcomer, foyer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { name: "Book club" });
  await ana.page.goto(`${room}/invitations`);
  await ana.page.getByRole("radio", { name: "By email" }).check();
  await ana.page.getByLabel("Email addresses").fill("reader-one@example.org, reader-two@example.org");
  await ana.page.getByRole("button", { name: "Send invitations" }).click();
  await expect(ana.page.getByText("2 invitations are written.")).toBeVisible();
  await expect(ana.page.getByRole("row", { name: "reader-one@example.org" })).toContainText("0 of 1");

  // No mail server is set up: an administrator reads the outbox.
  const admin = await newcomer();
  await signUp(admin);
  await foyer.administrator(admin.username);
  await admin.page.goto("/admin/mail");
  await admin.page.getByRole("row", { name: "reader-one@example.org" }).getByRole("link").click();
  await admin.page.waitForURL("**/admin/mail/*");
  const text = (await admin.page.getByRole("main").innerText()) ?? "";
  const link = /https?:\/\/\S+\/invite\/\S+/.exec(text)?.[0] ?? "";
  expect(link.startsWith(foyer.base), `the mail's link: ${text}`).toBe(true);

  const reader = await newcomer();
  await signUp(reader);
  await reader.page.goto(link);
  await reader.button("Join this room").click();
  await reader.page.waitForURL(`**${room}`);
  await ana.page.goto(`${room}/invitations`);
  await expect(ana.page.getByRole("row", { name: "reader-one@example.org" })).toContainText("Used up");
});

test("making, accepting and revoking need no script", async ({ visit, newcomer }) => {
  const ana = await visit("ana", { options: { javaScriptEnabled: false } });
  const room = await makeRoom(ana, [], { guests: true });
  await ana.page.goto(`${room}/invitations`);
  await ana.page.getByLabel("They come as").selectOption({ label: guestRole });
  await ana.page.getByRole("button", { name: "Make link" }).click();
  const link = (await ana.page.locator(".made-address").textContent()) ?? "";
  const gus = await newcomer({ options: { javaScriptEnabled: false } });
  await gus.page.goto(link);
  await gus.page.getByLabel("Your name").fill("Gus");
  await gus.button("Come in").click();
  await expect(gus.page.getByText("Guest", { exact: true })).toBeVisible();
  await revokeFirst(ana);
  await expect(ana.page.getByText("The invitation is revoked.")).toBeVisible();
  await gus.page.goto(link);
  await expect(refused(gus)).toBeVisible();
});

test("how the pages look", { tag: "@pictures" }, async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { name: "Garden committee", guests: true, visibility: "open" });
  await ana.page.goto(`${room}/invitations`);
  await shots(ana, "invitations-empty", { whole: true });
  await makeLink(ana, room, { uses: "1" });
  const invited = await makeLink(ana, room, { role: "Moderator", note: "To help with the planting" });
  await ana.page.goto(`${room}/invitations`);
  await revokeFirst(ana);
  await ana.button("Yes, revoke").click();
  const member = await makeLink(ana, room, { note: "For everybody who came on Sunday and asked to hear more" });
  const guest = await makeLink(ana, room, { role: guestRole, uses: "5" });
  await shots(ana, "invitations-made", { whole: true });
  await ana.page.getByLabel("How many people").fill("many");
  await ana.page.getByRole("button", { name: "Make link" }).click();
  await expect(ana.page.getByText("Choose a number from 1 to 10,000")).toBeVisible();
  await shots(ana, "invitations-error", { whole: true });
  await ana.page.getByRole("radio", { name: "By email" }).check();
  await ana.page.getByLabel("Email addresses").fill("ben@example.org\nnobody");
  await ana.page.getByRole("button", { name: "Send invitations" }).click();
  await expect(ana.page.getByText("“nobody” is not an email address")).toBeVisible();
  await shots(ana, "invitations-by-mail", { whole: true });
  await ana.page.getByLabel("Email addresses").fill("ben@example.org");
  await ana.page.getByRole("button", { name: "Send invitations" }).click();
  await expect(ana.page.getByText("The invitation is written. No mail server is set up here")).toBeVisible();

  const somebody = await newcomer();
  await somebody.page.goto(member);
  await shots(somebody, "invite-signed-out");
  await somebody.page.goto(invited);
  await expect(refused(somebody)).toBeVisible();
  await shots(somebody, "invite-not-valid");
  await somebody.page.goto(room);
  await shots(somebody, "door");
  await somebody.page.goto(guest);
  await somebody.button("Come in").click();
  await shots(somebody, "invite-guest");
  await somebody.page.getByLabel("Your name").fill("Gus Gardener");
  await somebody.button("Come in").click();
  await expect(somebody.button("Join call")).toBeEnabled();
  await shots(somebody, "guest-before-the-call");
  const ben = await visit("ben");
  await ben.page.goto(member);
  await shots(ben, "invite-signed-in");
});
