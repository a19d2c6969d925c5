// Rooms, who belongs to them, and what can be changed.

import { expect, test } from "../lib/test.js";
import { addMember, createRoom, join, makeRoom, signUp } from "../lib/people.js";

/** @typedef {import("../lib/people.js").Person} Person */

/**
 * The row of a member, by username.
 * @param {Person} person
 * @param {string} username
 */
const row = ({ page }, username) => page.getByRole("row").filter({ has: page.getByText(username, { exact: true }) });

test("members are added by username and email, get another role, are removed, and leave", async ({ visit, newcomer }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await createRoom(ana, "Members of all kinds");
  await ana.page.goto(`${room}/members`);
  await addMember(ana, "BEN");
  await expect(ana.page.getByRole("status")).toContainText("Ben belongs to this room now.");
  await addMember(ana, "Cleo@Example.org", "Moderator");
  await expect(row(ana, "cleo")).toContainText("Cleo");
  await expect(row(ana, "cleo").getByLabel("Role")).toHaveValue("moderator");

  const login = ana.page.getByLabel("Username or email");
  await addMember(ana, "nobody-at-all");
  await expect(login).toHaveAccessibleDescription(/Nobody with this username or email/);
  await expect(login).toHaveValue("nobody-at-all");
  await addMember(ana, "ben");
  await expect(login).toHaveAccessibleDescription(/Ben belongs to this room already/);

  await ana.page.goto(`${room}/members`);
  await row(ana, "ben").getByLabel("Role").selectOption("Moderator");
  await row(ana, "ben").getByRole("button", { name: "Save" }).click();
  await expect(row(ana, "ben").getByLabel("Role")).toHaveValue("moderator");

  const dan = await newcomer();
  await signUp(dan);
  await cleo.page.goto(`${room}/members`);
  await expect(cleo.page.getByLabel("Role").first().getByRole("option"), "a moderator adds members").toHaveText(["Member"]);
  await addMember(cleo, dan.username);
  await expect(row(cleo, dan.username)).toBeVisible();
  await expect(row(cleo, "ben").getByRole("button"), "and cannot touch another moderator").toHaveCount(0);
  await expect(row(cleo, "ana").getByRole("button")).toHaveCount(0);

  await dan.page.goto(`${room}/members`);
  await expect(dan.button("Add member"), "a member adds nobody").toHaveCount(0);
  await expect(dan.page.getByRole("button", { name: "Remove" })).toHaveCount(0);
  await dan.button("Leave room").click();
  await dan.page.getByRole("dialog").getByRole("button", { name: "Yes, leave" }).click();
  await expect(dan.page.getByRole("heading", { name: "Your rooms" })).toBeVisible();
  await expect(dan.page.getByText("Members of all kinds", { exact: true })).toHaveCount(0);
  expect((await dan.page.goto(room))?.status()).toBe(404);

  await ana.page.reload();
  await row(ana, "ben").getByRole("button", { name: "Remove" }).click();
  const question = ana.page.getByRole("dialog");
  await expect(question).toContainText("Remove Ben from Members of all kinds?");
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(question).toBeHidden();
  await row(ana, "ben").getByRole("button", { name: "Remove" }).click();
  await question.getByRole("button", { name: "Yes, remove" }).click();
  await expect(row(ana, "ben")).toHaveCount(0);
  expect((await ben.page.goto(room))?.status()).toBe(404);
});

test("the last owner cannot leave or be lowered; with a second one they can", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await ana.page.goto(`${room}/members`);
  for (const [path, form] of /** @type {const} */ ([[`${room}/members/ana/remove`, {}], [`${room}/members/ana`, { role: "member" }]])) {
    const answer = await ana.context.request.post(path, { form, headers: { Origin: new URL(ana.page.url()).origin }, maxRedirects: 0 });
    expect(answer.status(), path).toBe(403);
    expect(await answer.text()).toContain("Make somebody else an owner first.");
  }
  await expect(ana.button("Leave room"), "so the page does not offer it").toHaveCount(0);
  await expect(ana.page.getByRole("region", { name: "Leave the room" })).toContainText("You are its only owner.");

  await row(ana, "ben").getByLabel("Role").selectOption("Owner");
  await row(ana, "ben").getByRole("button", { name: "Save" }).click();
  await expect(row(ana, "ben").getByLabel("Role")).toHaveValue("owner");
  await ana.page.waitForLoadState(); // the page's script asks before it lets one leave
  await ana.button("Leave room").click();
  await ana.page.getByRole("dialog").getByRole("button", { name: "Yes, leave" }).click();
  await expect(ana.page.getByRole("heading", { name: "Your rooms" })).toBeVisible();
  expect((await ana.page.goto(room))?.status()).toBe(404);
});

test("settings: another name and topic, open to strangers, and deleted only by typing the name", async ({ visit, newcomer }) => {
  const ana = await visit("ana");
  const stranger = await newcomer();
  await signUp(stranger);
  const room = await createRoom(ana, "Old name");
  await ana.page.goto(`${room}/settings`);
  expect((await stranger.page.goto(room))?.status()).toBe(404);

  await ana.page.getByLabel("Room name").fill("New name");
  await ana.page.getByLabel("Topic").fill("What it is for");
  await ana.page.getByRole("radio", { name: "Open" }).check();
  await ana.page.getByLabel("Capacity").fill("1");
  await ana.button("Save changes").click();
  await expect(ana.page.getByLabel("Capacity")).toHaveAttribute("aria-invalid", "true");
  await expect(ana.page.getByLabel("Room name"), "what was typed is kept").toHaveValue("New name");
  await ana.page.getByLabel("Capacity").fill("12");
  await ana.button("Save changes").click();
  await expect(ana.page.getByRole("status")).toContainText("Saved.");

  expect((await stranger.page.goto(room))?.status()).toBe(200);
  await expect(stranger.page.getByRole("heading", { name: "New name" })).toBeVisible();
  await expect(stranger.page.getByText("What it is for")).toBeVisible();
  expect((await stranger.page.goto(`${room}/members`))?.status(), "the list of members stays closed to them").toBe(403);
  await join(stranger, room);

  const confirm = ana.page.getByLabel(/^Type .* to confirm/);
  await confirm.fill("Old name");
  await ana.button("Delete room").click();
  await expect(confirm).toHaveAccessibleDescription(/Type the room's name exactly/);
  await confirm.fill("New name");
  await ana.button("Delete room").click();
  await expect(ana.page.getByRole("heading", { name: "Your rooms" })).toBeVisible();
  await expect(ana.page.getByRole("status")).toContainText("New name is deleted.");
  await expect(stranger.page.getByRole("heading", { name: "deleted this room" })).toBeVisible();
  expect((await ana.page.goto(room))?.status()).toBe(404);
});

test("a room that turns private puts strangers out and keeps members", async ({ visit, newcomer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const stranger = await newcomer();
  await signUp(stranger);
  const room = await makeRoom(ana, [ben], { visibility: "open" });
  await join(ben, room);
  await join(stranger, room);
  await expect(ben.tile(stranger.username)).toBeVisible();
  await ana.page.goto(`${room}/settings`);
  await ana.page.getByRole("radio", { name: "Private" }).check();
  await ana.button("Save changes").click();
  await expect(stranger.page.getByRole("heading", { name: "no longer belong to this room" })).toBeVisible();
  await expect(ben.tile(stranger.username)).toHaveCount(0);
  await expect(ben.button("Leave call")).toBeVisible();
});

test("the dashboard shows who is in live, first, and follows without a reload", async ({ visit, newcomer }) => {
  const ana = await newcomer();
  await signUp(ana);
  await expect(ana.page.getByText("You are in no room yet.")).toBeVisible();
  const ben = await visit("ben");
  await makeRoom(ana, [ben], { name: "Quiet room", topic: "Nothing going on" });
  const busy = await makeRoom(ana, [ben], { name: "Busy room" });
  await makeRoom(ana, [ben], { name: "Another quiet room" });
  await ana.page.goto("/");
  const rooms = ana.page.getByRole("main").getByRole("listitem").filter({ has: ana.page.getByRole("heading") });
  await expect(rooms).toHaveCount(3);
  const card = rooms.filter({ hasText: "Busy room" });
  await expect(card).toContainText("Nobody is in now");
  await join(ben, busy);
  await expect(card).toContainText("live · 1");
  await expect(card.getByRole("list", { name: "In the call now" })).toContainText("Ben");
  await expect(rooms.first()).toContainText("Busy room");
  await ben.button("Leave call").click();
  await expect(async () => {
    await ana.page.reload();
    await expect(card).toContainText("Nobody is in now", { timeout: 5000 });
  }).toPass();
  await card.getByRole("link", { name: "Join Busy room" }).click();
  await expect(ana.button("Join call")).toBeVisible();
});

test("names with HTML stay text everywhere", async ({ visit, newcomer }) => {
  const nasty = `<img src=x onerror=alert(1)>"'&`;
  const ana = await visit("ana");
  const eve = await newcomer();
  await signUp(eve);
  await eve.post("/account", { display_name: `<script>alert(2)</script>` });
  const room = await makeRoom(ana, [eve], { name: nasty, topic: `</p><script>alert(3)</script>` });
  let alerts = 0;
  for (const person of [ana, eve]) person.page.on("dialog", (dialog) => { alerts++; void dialog.dismiss(); });

  await ana.page.goto("/");
  await expect(ana.page.getByRole("heading", { name: nasty })).toBeVisible();
  for (const page of ["members", "settings"]) {
    await ana.page.goto(`${room}/${page}`);
    await expect(ana.page.getByRole("heading", { name: nasty })).toBeVisible();
  }
  await ana.page.goto(`${room}/members`);
  await row(ana, eve.username).getByRole("button", { name: "Remove" }).click();
  await expect(ana.page.getByRole("dialog")).toContainText(`Remove <script>alert(2)</script> from ${nasty}?`);
  await join(ana, room);
  await join(eve, room);
  await expect(ana.tile(eve.username)).toContainText("<script>alert(2)</script>");
  await expect(eve.page).toHaveTitle(`${nasty} · Foyer`);
  expect(alerts).toBe(0);
});

test("a new room needs a name, and its address is shown while typing", async ({ visit }) => {
  const ana = await visit("ana");
  await ana.page.goto("/rooms/new");
  await ana.page.getByLabel("Topic").fill("Kept");
  await ana.button("Create room").click();
  await expect(ana.page.getByLabel("Room name")).toHaveAttribute("aria-invalid", "true");
  await expect(ana.page.getByLabel("Topic")).toHaveValue("Kept");
  await ana.page.getByLabel("Room name").fill("Café Zürich, 2nd floor");
  await expect(ana.page.getByText(/\/r\/cafe-zurich-2nd-floor/)).toBeVisible();
  await ana.button("Create room").click();
  await expect(ana.page).toHaveURL("/r/cafe-zurich-2nd-floor");
});
