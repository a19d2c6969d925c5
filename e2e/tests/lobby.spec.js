// Waiting to be let in: what who waits sees and gets, and what moderators do.

import { expect, test } from "../lib/test.js";
import { knock as atTheGate } from "../lib/gate.js";
import { expectPicture, openConnections } from "../lib/media.js";
import { askToJoin, expectCount, join, joinHere, makeRoom, signUp } from "../lib/people.js";
import { saidIn } from "../lib/said.js";

/** @typedef {import("../lib/people.js").Person} Person */

const atMost = 1000; // milliseconds from the click to the page of the person whom it concerns

/** What the page of somebody who waits says. @param {Person} person */
const waits = ({ page }) => page.getByRole("heading", { name: /^You are waiting to be let in to/ });

/** The notice of those who wait, in the call. @param {Person} person */
const knocks = ({ page }) => page.getByRole("group", { name: "Waiting to come in" });

/** @param {Person} person */
const panel = ({ page }) => page.getByRole("complementary", { name: "People" });

/**
 * Opens a room and asks to be let in.
 * @param {Person} person
 * @param {string} room
 */
async function ask(person, room) {
  await person.page.goto(room);
  await person.button("Ask to join").click();
  await expect(waits(person)).toBeVisible();
}

/**
 * Chooses from the menu of somebody in the panel.
 * @param {Person} moderator
 * @param {string} name of the person
 * @param {string} action
 */
async function act(moderator, name, action) {
  await panel(moderator).getByRole("button", { name: `Actions for ${name}` }).click();
  await moderator.page.getByRole("menuitem", { name: action }).click();
}

/** @param {Person} person */
async function openPanel(person) {
  await person.page.getByRole("button", { name: /^People(, \d+ waiting)?$/ }).click();
  await expect(panel(person)).toBeVisible();
}

/** @param {Person} person */
async function expectInCall(person) {
  await expect(person.button("Leave call")).toBeVisible();
  await expect(person.tile(person.username).first()).toBeVisible();
}

test("a stranger waits without getting any media, the owner sees them at once and lets them in", async ({ visit, foyer }) => {
  const [ana, ben, zoe] = [await visit("ana"), await visit("ben"), await visit("zoe")];
  const room = await makeRoom(ana, [ben], { name: "Open house", topic: "Nobody outside may read this", visibility: "open", lobby: "strangers" });
  const unused = askToJoin(ana, room);
  expect((await unused).status(), "owners never wait").toBe(200);

  await ask(zoe, room);
  await expect(zoe.page.getByText("Nobody who can let you in is here yet. They will see that you wait.")).toBeVisible();
  await expect(zoe.page.getByText("Nobody outside may read this")).toHaveCount(0);
  await join(ana, room);
  await expect(knocks(ana)).toContainText("Zoe wants to come in");
  await expect(ana.page.getByRole("status").filter({ hasText: "Zoe wants to come in" }), "announced").toHaveCount(1);
  await expect(zoe.page.getByText("1 person who can let you in has been told.")).toBeVisible();
  await join(ben, room);
  await expectCount(ana, 2);
  await expect(knocks(ben), "a member cannot let anybody in").toBeHidden();
  await expect(ben.page.getByText("wants to come in")).toHaveCount(0);

  expect(await openConnections(zoe.page), "peer connections of who waits").toEqual([]);
  expect(await zoe.page.locator("video, audio").evaluateAll((all) => all.filter((media) => media instanceof HTMLMediaElement && media.id !== "preview-video").length)).toBe(0);
  expect((await askToJoin(zoe, room)).status()).toBe(403);
  await expectPicture(zoe.page.getByRole("region", { name: "Your camera and microphone" }));
  await zoe.page.reload();
  await expect(waits(zoe), "a reload goes on waiting").toBeVisible();
  await expect(knocks(ana)).toContainText("Zoe wants to come in");

  await ana.button("Admit Zoe").dblclick();
  await expectInCall(zoe);
  await expect(zoe.page.getByText("You were let in.")).toBeVisible();
  await expect(knocks(ana)).toBeHidden();
  await expect(ana.page.getByText("They do not wait any more."), "the second of two quick clicks").toHaveCount(0);
  await expectPicture(ana.tile("zoe"));
  await expectPicture(zoe.tile("ana"));
  await expectCount(ben, 3);
});

test("microphone and camera are in the call as they were while waiting", async ({ visit }) => {
  const [ana, zoe] = [await visit("ana"), await visit("zoe")];
  const room = await makeRoom(ana, [], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  await ask(zoe, room);
  await zoe.button("Turn camera off").click();
  await zoe.button("Mute microphone").click();
  await ana.button("Admit Zoe").click();
  await expectInCall(zoe);
  await expect(ana.tile("zoe")).toContainText("microphone off");
  await expect(ana.tile("zoe").locator("video")).toHaveCount(0);
  await expect(zoe.button("Turn camera on")).toBeVisible();
});

test("who is denied is told so and may ask again; who is blocked finds no room", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const zoe = await newcomer();
  await signUp(zoe);
  const room = await makeRoom(ana, [], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  const said = await saidIn(ana.page.locator("#announcements"));
  await ask(zoe, room);
  await ana.button(`Deny ${zoe.displayName}`).click();
  await expect(zoe.page.getByRole("heading", { name: "You were not let in" })).toBeVisible();
  await expect(knocks(ana)).toBeHidden();
  expect((await askToJoin(zoe, room)).status()).toBe(403);
  await zoe.page.reload();
  await expect(zoe.page.getByRole("heading", { name: "You were not let in" }), "after a reload too").toBeVisible();
  await zoe.button("Ask again").click();
  await expect(waits(zoe)).toBeVisible();
  await expect.poll(said, "each time").toEqual([`${zoe.displayName} wants to come in`, `${zoe.displayName} wants to come in`]);

  await openPanel(ana);
  await expect(knocks(ana), "the panel says it already").toBeHidden();
  await act(ana, zoe.displayName, "Deny and block");
  const question = ana.page.getByRole("dialog", { name: `Deny and block ${zoe.displayName}?` });
  await expect(question.getByRole("checkbox"), "came by no invitation").toHaveCount(0);
  await question.getByRole("button", { name: "Yes, block" }).click();
  await expect(zoe.page.getByRole("heading", { name: "This room is not here any more" })).toBeVisible();
  await expect(panel(ana).getByRole("heading", { name: /^Waiting/ })).toBeHidden();
  const [blocked, none] = [await zoe.page.goto(room), await zoe.context.request.get("/r/there-is-none")];
  expect(blocked?.status()).toBe(404);
  expect(await blocked?.text(), "the same as for a room that never was").toBe(await none.text());
});

test("Admit all lets in everybody who waits, and nobody who comes later; an approval is one person's and one call's", async ({ visit, newcomer }) => {
  const [ana, zoe, yan] = [await visit("ana"), await visit("zoe"), await visit("yan")];
  const room = await makeRoom(ana, [], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  await ask(zoe, room);
  await ask(yan, room);
  await expect(knocks(ana)).toContainText("2 people want to come in");
  await knocks(ana).getByRole("button", { name: "View" }).click();
  await expect(panel(ana).getByRole("list", { name: /^Waiting/ }).getByRole("listitem")).toHaveText([/Zoe/, /Yan/]);
  await panel(ana).getByRole("button", { name: "Admit all" }).click();
  await expectInCall(zoe);
  await expectInCall(yan);
  await expectCount(ana, 3);
  await expectPicture(ana.tile("yan"));

  const late = await newcomer();
  await signUp(late);
  await ask(late, room);
  expect((await askToJoin(late, room)).status(), "another person's approval").toBe(403);
  await zoe.button("Leave call").click();
  await zoe.button("Rejoin").click();
  await expectInCall(zoe); // the approval holds for the whole call

  await ana.button("Ways to leave").click();
  await ana.page.getByRole("menuitem", { name: "End call for everyone" }).click();
  await ana.button("Yes, end it").click();
  await expect(zoe.page.getByRole("heading", { name: "Ana ended the call for everyone." })).toBeVisible();
  expect((await askToJoin(zoe, room)).status(), "the call it was for is over").toBe(403);
  await zoe.button("Rejoin").click();
  await expect(waits(zoe), "asks anew").toBeVisible();
});

test("who is moved to the lobby is out within a second, waits, and comes in again when let in", async ({ visit, foyer }) => {
  const [ana, zoe] = [await visit("ana"), await visit("zoe")];
  const room = await makeRoom(ana, [], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  await ask(zoe, room);
  const path = new RegExp(`${room}/join$`);
  const [answer] = await Promise.all([zoe.page.waitForResponse(path), ana.button("Admit Zoe").click()]);
  const { token } = await answer.json();
  await expectPicture(ana.tile("zoe"));
  const picture = await ana.tile("zoe").locator("video").evaluateHandle((/** @type {HTMLVideoElement} */ video) => video);

  await openPanel(ana);
  await panel(ana).getByRole("button", { name: "Actions for Zoe" }).click();
  const shown = zoe.page.evaluate(() => new Promise((resolve) => {
    const look = () => { if (document.getElementById("waiting-title")?.checkVisibility()) resolve(Date.now()); };
    new MutationObserver(look).observe(document.body, { subtree: true, attributes: true, childList: true });
  }));
  const clicked = Date.now();
  await ana.page.getByRole("menuitem", { name: "Move to the lobby" }).click();
  const took = Number(await shown) - clicked;
  console.log(`  in the lobby after ${took} ms`);
  expect(took).toBeLessThanOrEqual(atMost);
  await expect(zoe.page.getByText("Ana moved you to the lobby.")).toBeVisible();
  await expect.poll(() => openConnections(zoe.page), { message: "media connections of who was moved" }).toEqual([]);
  await expect(ana.tile("zoe")).toHaveCount(0);
  const frames = () => picture.evaluate((video) => video.getVideoPlaybackQuality().totalVideoFrames);
  const before = await frames();
  await expect(panel(ana).getByRole("list", { name: /^Waiting/ }).getByRole("listitem")).toHaveText([/Zoe/]);
  expect(await frames(), "pictures after that").toBe(before);
  expect(await atTheGate(foyer.base, "/rtc/v1", token), "the token of before").toBe(403);

  await panel(ana).getByRole("button", { name: "Admit Zoe" }).click();
  await expectInCall(zoe);
  await expectPicture(ana.tile("zoe"));
  await expectPicture(zoe.tile("ana"));
});

test("who waits goes on waiting when the room is locked, and is let in once it is unlocked", async ({ visit }) => {
  const [ana, zoe] = [await visit("ana"), await visit("zoe")];
  const room = await makeRoom(ana, [], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  await ask(zoe, room);
  await ana.post(`${room}/lock`, { locked: "true" });
  await zoe.page.reload();
  await expect(waits(zoe), "a reload goes on waiting").toBeVisible();
  await expect(zoe.page.getByText("1 person who can let you in has been told.")).toBeVisible();
  await ana.button("Admit Zoe").click();
  await expect(ana.page.getByText("Nobody new can come in while the room is locked. Unlock it first, then let them in.")).toBeVisible();
  await expect(waits(zoe)).toBeVisible();
  await ana.post(`${room}/lock`, { locked: "false" });
  await ana.button("Admit Zoe").click();
  await expectInCall(zoe);
});

test("cancelling takes one out of the queue", async ({ visit }) => {
  const [ana, zoe] = [await visit("ana"), await visit("zoe")];
  const room = await makeRoom(ana, [], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  await ask(zoe, room);
  await expect(knocks(ana)).toBeVisible();
  await zoe.button("Cancel").click();
  await expect(knocks(ana)).toBeHidden();
  await expect(zoe.button("Ask to join")).toBeFocused();
});

test("a lobby for everybody: members wait, owners and moderators do not", async ({ visit }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo], { lobby: "everyone" });
  await ana.post(`${room}/members/cleo`, { role: "moderator" });
  await ask(ben, room);
  await join(cleo, room);
  await expect(knocks(cleo)).toContainText("Ben wants to come in");
  await join(ana, room);
  await expect(knocks(ana)).toContainText("Ben wants to come in");
  await cleo.button("Admit Ben").click();
  await expectInCall(ben);
  await expect(knocks(ana), "decided for all").toBeHidden();
});

test("a lobby that appears after the page was loaded makes one wait; one that goes away lets one in", async ({ visit, foyer }) => {
  const [ana, zoe] = [await visit("ana"), await visit("zoe")];
  const room = await makeRoom(ana, [], { visibility: "open" });
  const slug = room.replace("/r/", "");
  await zoe.page.goto(room);
  await foyer.sql("update rooms set lobby = 'strangers' where slug = $1", [slug]);
  await zoe.button("Join call").click();
  await expect(waits(zoe)).toBeVisible();
  await foyer.sql("update rooms set lobby = 'off' where slug = $1", [slug]);
  await expectInCall(zoe);
});

test("an invited guest is marked as one, waits where strangers do, and is put out for good", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { guests: true, lobby: "strangers" });
  const link = await inviteGuest(ana, room);
  await join(ana, room);

  const gus = await newcomer();
  await gus.page.goto(link);
  await gus.page.getByLabel("Your name").fill("Gus Grün");
  await gus.button("Come in").click();
  await gus.page.waitForURL(`**${room}`);
  await gus.button("Ask to join").click();
  await expect(waits(gus)).toBeVisible();
  await expect(knocks(ana)).toContainText("Gus Grün (guest) wants to come in");
  await ana.button("Admit Gus Grün").click();
  const tile = ana.page.locator("[data-participant]").filter({ hasText: "Gus Grün" });
  await expect(tile).toContainText("Guest");
  await expectPicture(tile);
  await expect(gus.page.getByRole("button", { name: "Ways to leave" })).toBeHidden();

  await openPanel(ana);
  const row = panel(ana).getByRole("listitem").filter({ hasText: "Gus Grün" });
  await expect(row).toContainText("Guest");
  await act(ana, "Gus Grün", "Remove and ban");
  const question = ana.page.getByRole("dialog", { name: "Remove Gus Grün from the call and ban them?" });
  await question.getByRole("checkbox", { name: "Also close the invitation they came by" }).check();
  await question.getByRole("button", { name: "Yes, ban" }).click();
  await expect(gus.page.getByRole("heading", { name: /no longer belong|ended|not here/ })).toBeVisible();
  await expect(gus.button("Rejoin")).toBeHidden();
  await expect(row).toHaveCount(0);

  const other = await newcomer();
  await other.page.goto(link);
  await expect(other.page.getByRole("heading", { name: "This invitation is not valid any more" })).toBeVisible();
});

test("a guest who is removed from the call cannot rejoin, a member can", async ({ visit, newcomer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben], { guests: true });
  const link = await inviteGuest(ana, room);
  const gus = await newcomer();
  await gus.page.goto(link);
  await gus.page.getByLabel("Your name").fill("Gus");
  await gus.button("Come in").click();
  await gus.page.waitForURL(`**${room}`);
  await gus.button("Join call").click();
  await join(ben, room);
  await join(ana, room);
  await expectCount(ana, 3);
  await openPanel(ana);
  await act(ana, "Gus", "Remove from the call");
  await expect(gus.page.getByRole("heading", { name: "Ana removed you from the call." })).toBeVisible();
  await expect(gus.button("Rejoin")).toBeHidden();
  await act(ana, "Ben", "Remove from the call");
  await expect(ben.page.getByRole("heading", { name: "Ana removed you from the call." })).toBeVisible();
  await ben.button("Rejoin").click();
  await expectInCall(ben);
  await expectCount(ana, 2);
  expect((await askToJoin(gus, room)).status(), "the guest's session is over").toBe(401);
});

test("the panel by keyboard: focus goes in and comes back, menus open, move and close", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ben, room);
  await join(ana, room);
  await expectCount(ana, 2);
  const { keyboard } = ana.page;
  await ana.button("People").focus();
  await keyboard.press("Enter");
  await expect(ana.page.getByRole("heading", { name: "People" })).toBeFocused();
  const actions = panel(ana).getByRole("button", { name: "Actions for Ben" });
  await expect(actions).toBeVisible();
  for (let presses = 0; presses < 10 && !(await actions.evaluate((element) => element === document.activeElement)); presses++) await keyboard.press("Tab");
  await expect(actions).toBeFocused();
  await keyboard.press("Enter");
  const items = ana.page.getByRole("menu").locator('[role^="menuitem"]');
  await expect(items.first()).toBeFocused();
  await keyboard.press("ArrowUp");
  await expect(ana.page.getByRole("menuitem", { name: "Remove and ban" }), "round, to the last").toBeFocused();
  await keyboard.press("ArrowUp");
  await expect(ana.page.getByRole("menuitem", { name: "Remove from the call" })).toBeFocused();
  await keyboard.press("End");
  await keyboard.press("ArrowDown");
  await expect(items.first(), "and round again").toBeFocused();
  await keyboard.press("Escape");
  await expect(ana.page.getByRole("menu")).toHaveCount(0);
  await expect(actions).toBeFocused();
  for (let again = 0; again < 2; again++) {
    await actions.click();
    await expect(ana.page.getByRole("menu"), "opens again").toBeVisible();
    await actions.click();
    await expect(ana.page.getByRole("menu"), "the button closes it too").toHaveCount(0);
  }
  await expect(panel(ana), "one Escape closes one thing").toBeVisible();
  await keyboard.press("Escape");
  await expect(panel(ana)).toBeHidden();
  await expect(ana.button("People")).toBeFocused();

  await openPanel(ben);
  await expect(panel(ben).getByRole("listitem")).toHaveCount(2);
  await expect(panel(ben).getByRole("button", { name: /^Actions for/ }), "a member moderates nobody").toHaveCount(0);
});

/**
 * Makes an invitation for guests and returns its link.
 * @param {Person} owner
 * @param {string} room
 */
async function inviteGuest(owner, room) {
  const page = await owner.context.newPage();
  await page.goto(`${room}/invitations`);
  await page.getByLabel("They come as").selectOption("guest");
  await page.getByRole("button", { name: "Make link" }).click();
  const link = await page.locator("#made-address").textContent();
  await page.close();
  return link ?? "";
}

test("who was let in and has not come is listed, and that can be taken back", async ({ visit }) => {
  const [ana, zoe] = [await visit("ana"), await visit("zoe")];
  const room = await makeRoom(ana, [], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  // As from a page that is closed before the answer comes.
  await zoe.page.goto("/");
  const knocked = await zoe.context.request.post(`${room}/lobby`, { data: { display_name: "Zoe" }, headers: { Origin: new URL(zoe.page.url()).origin } });
  expect(knocked.status()).toBe(200);
  await knocks(ana).getByRole("button", { name: "Admit" }).click();
  await openPanel(ana);
  const expected = panel(ana).getByRole("list", { name: /^Let in, not here yet/ });
  await expect(expected.getByRole("listitem")).toContainText("Zoe");
  await panel(ana).getByRole("button", { name: "Take back the admission of Zoe" }).click();
  await expect(expected).toBeHidden();
  expect((await askToJoin(zoe, room)).status()).toBe(403);
  await zoe.page.goto(room);
  await zoe.button("Ask again").click();
  await panel(ana).getByRole("button", { name: "Admit Zoe" }).click();
  await expectInCall(zoe);
  await expect(expected).toBeHidden();
});
