// The people of a room: finding them, adding many, the table, handing the room
// over, bans.

import { readFileSync } from "node:fs";
import { expect, test } from "../lib/test.js";
import { addMember, join, makeRoom, signUp } from "../lib/people.js";
import { shots } from "../lib/shots.js";

/** @typedef {import("../lib/people.js").Person} Person */

/**
 * The row of somebody, by username.
 * @param {Person} person
 * @param {string} username
 */
const row = ({ page }, username) => page.getByRole("row").filter({ has: page.getByText(username, { exact: true }) });

/**
 * Makes so many people members of a room, by hand.
 * @param {import("../lib/foyer.js").Foyer} foyer
 * @param {string} room its path
 * @param {number} n
 */
async function crowd(foyer, room, n) {
  await foyer.sql(`
    with made as (
      insert into users (id, username, email, display_name, password_hash)
      select gen_random_uuid(), 'crowd-' || left(md5($1), 6) || '-' || i, 'crowd-' || $1 || i || '@example.org', 'Person ' || lpad(i::text, 3, '0'), 'x'
      from generate_series(1, $2::integer) i returning id)
    insert into memberships (room_id, user_id, role) select rooms.id, made.id, 'member' from rooms, made where slug = $1`,
  [room.replace("/r/", ""), n]);
}

test("members are found by name and role, page by page, and downloaded as a table", async ({ visit, foyer, newcomer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const formula = await newcomer();
  await signUp(formula);
  await formula.post("/account", { display_name: "=1+1" });
  const room = await makeRoom(ana, [ben, formula], { name: "A large room", topic: "Everybody" });
  await crowd(foyer, room, 60);
  const { page } = ana;
  await page.goto(`${room}/members`);
  await expect(page.getByRole("heading", { name: "63 members" })).toBeVisible();
  await expect(page.getByRole("row")).toHaveCount(51);
  await expect(row(ana, "ana"), "the owner comes first").toBeVisible();
  await page.getByRole("link", { name: "Next page" }).click();
  await expect(page.getByRole("row")).toHaveCount(14);
  await expect(page.getByRole("table").getByText("Person 060")).toBeVisible();
  await expect(page.getByRole("link", { name: "Next page" })).toHaveCount(0);
  await shots(ana, "members-last-page", { whole: true });
  await page.getByRole("link", { name: "From the beginning" }).click();
  await expect(row(ana, "ana")).toBeVisible();

  const search = page.getByRole("search");
  await search.getByLabel("Part of a name").fill("person 01");
  await search.getByLabel("Part of a name").press("Enter");
  await expect(page.getByRole("heading", { name: "10 members found" })).toBeVisible();
  await search.getByLabel("Only with the role").selectOption("Owner");
  await search.getByRole("button", { name: "Search" }).click();
  await expect(page.getByText("Nobody like this belongs to the room.")).toBeVisible();
  await expect(search.getByLabel("Part of a name"), "what was typed is kept").toHaveValue("person 01");
  await shots(ana, "members-none-found");
  await search.getByLabel("Part of a name").fill("");
  await search.getByRole("button", { name: "Search" }).click();
  await expect(page.getByRole("row")).toHaveCount(2);
  await expect(row(ana, "ana")).toBeVisible();

  const downloading = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download all members" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toBe("a-large-room-members.csv");
  const table = readFileSync(await download.path(), "utf8");
  expect(table.startsWith("\ufeffusername,display name,role,member since (UTC)\r\nana,Ana,owner,")).toBe(true);
  expect(table.trim().split("\r\n")).toHaveLength(64);
  expect(table, "a formula is text").toContain(`${formula.username},'=1+1,member,`);
});

test("a pasted list: a result for each line, and what was not done comes back", async ({ visit, newcomer }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const [dan, eve] = [await newcomer(), await newcomer()];
  for (const person of [dan, eve]) await signUp(person);
  const room = await makeRoom(ana, [ben, eve], { name: "Many at once" });
  await ana.post(`${room}/members/${eve.username}/ban`, {});
  const { page } = ana;
  await page.goto(`${room}/members`);
  await page.getByText("Add several at once").click();
  const list = page.getByLabel("Usernames or emails");
  await ana.button("Add them").click();
  await expect(list).toHaveAccessibleDescription(/Write at least one/);
  await list.fill(`cleo, moderator\nben\n${dan.username}@example.org\tboss\n${eve.username}\nnobody-yet@example.org`);
  await ana.button("Add them").click();
  const results = page.getByRole("alert").getByRole("listitem");
  await expect(results).toHaveText([
    /cleo, moderator.*Cleo belongs to this room now/, /ben.*Ben belongs to this room already/, /Not done.*Give them one of the roles/,
    /Not done.*is banned from this room\. Lift the ban first/, /nobody-yet@example\.org.*Not done.*Nobody with this username or email.*Invite them/,
  ]);
  await expect(list, "nothing is lost").toHaveValue(`${dan.username}@example.org\tboss\n${eve.username}\nnobody-yet@example.org`);
  await expect(row(ana, "cleo").getByLabel("Role")).toHaveValue("moderator");
  await shots(ana, "members-list-results", { whole: true });
  await page.getByRole("link", { name: "Invite them" }).click();
  await expect(page.getByRole("textbox", { name: "Email addresses" }), "the address is there already").toHaveValue("nobody-yet@example.org");

  await cleo.page.goto(`${room}/members`);
  await cleo.page.getByText("Add several at once").click();
  await cleo.page.getByLabel("Usernames or emails").fill(`${dan.username} owner`);
  await cleo.button("Add them").click();
  await expect(cleo.page.getByRole("alert"), "a moderator makes no owners").toContainText("Your role does not allow this.");
  await cleo.page.getByLabel("Usernames or emails").fill(`${dan.username}\nben`);
  await cleo.button("Add them").click();
  await expect(cleo.page.getByRole("status")).toContainText("1 more person belongs to this room now; already in it: 1.");
  await expect(row(cleo, dan.username)).toBeVisible();
});

test("everything about members works without JavaScript", async ({ visit, cast, newcomer, foyer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben], { visibility: "listed" });
  const plain = await newcomer({ options: { javaScriptEnabled: false, storageState: cast.get(`ana at ${foyer.base}`) } });
  const { page } = plain;
  await page.goto(`${room}/members`);
  await page.getByText("Add several at once").click();
  await page.getByLabel("Usernames or emails").fill("nobody-at-all");
  await plain.button("Add them").click();
  await expect(page.getByLabel("Usernames or emails")).toHaveValue("nobody-at-all");
  await row(plain, "ben").getByRole("button", { name: "Ban" }).click();
  await expect(page.getByRole("status")).toContainText("Ben is banned from");
  await page.getByRole("link", { name: "Bans" }).click();
  await plain.button("Lift ban").click();
  await expect(page.getByText("Nobody is banned from this room.")).toBeVisible();
});

test("a room is handed over by typing its name; whoever did can leave then", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben], { name: "Handed over" });
  const { page } = ana;
  await ben.page.goto(`${room}/members`);
  await expect(ben.page.getByText("Hand the room over", { exact: true })).toHaveCount(0);
  await page.goto(`${room}/members`);
  await expect(page.getByRole("region", { name: "Leave the room" })).toContainText("You are its only owner.");
  await page.getByText("Hand the room over", { exact: true }).click();
  const [to, confirm] = [page.getByLabel("Username of the new owner"), page.getByLabel(/^Type .* to confirm/)];
  await to.fill("ben");
  await confirm.fill("handed over");
  await ana.button("Hand over").click();
  await expect(confirm).toHaveAccessibleDescription(/Type the room’s name exactly/);
  await expect(to).toHaveValue("ben");
  await to.fill("nobody-at-all");
  await confirm.fill("Handed over");
  await ana.button("Hand over").click();
  await expect(to).toHaveAccessibleDescription(/Choose a member of this room/);
  await shots(ana, "members-hand-over", { whole: true });
  await to.fill("ben");
  await ana.button("Hand over").click();
  await expect(page.getByRole("status")).toContainText("Ben owns this room now. You are a moderator.");
  await expect(row(ana, "ben")).toContainText("Owner");
  await expect(row(ana, "ana")).toContainText("Moderator");
  await expect(page.getByText("Hand the room over", { exact: true })).toHaveCount(0);
  await ana.button("Leave room").click();
  await page.getByRole("dialog").getByRole("button", { name: "Yes, leave" }).click();
  await expect(page.getByRole("status")).toContainText("You left Handed over.");
});

test("whoever is banned is out at once, and to them there is no such room until the ban is lifted", async ({ visit, foyer }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo], { name: "Not for everybody", visibility: "open" });
  await join(ana, room);
  await join(ben, room);
  const moderating = await visit("ana");
  const { page } = moderating;
  await page.goto(`${room}/members`);
  await row(moderating, "ben").getByRole("button", { name: "Ban" }).click();
  const question = page.getByRole("dialog");
  await expect(question).toContainText("Ban Ben from Not for everybody? They are in the call");
  await shots(moderating, "members-ban-question");
  await question.getByRole("button", { name: "Cancel" }).click();
  await row(moderating, "ben").getByRole("button", { name: "Ban" }).click();
  await question.getByRole("button", { name: "Yes, ban" }).click();
  await expect(ben.page.getByRole("heading", { name: "You no longer belong to this room." })).toBeVisible();
  await expect(ana.tile("ben")).toHaveCount(0);
  const closed = await ben.page.goto(room);
  expect(closed?.status()).toBe(404);
  await expect(ben.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await ben.page.goto("/rooms?q=Not for everybody");
  await expect(ben.page.getByText("No room that you may know of")).toBeVisible();

  await addMember(moderating, "ben");
  await expect(page.getByLabel("Username or email")).toHaveAccessibleDescription(/Ben is banned from this room\. Lift the ban first\./);
  await cleo.page.goto(`${room}/members`);
  await expect(cleo.page.getByRole("link", { name: "Bans" }), "a member sees no bans").toHaveCount(0);
  await page.getByRole("link", { name: "Bans" }).click();
  await expect(row(moderating, "ben")).toContainText("by Ana");
  await foyer.sql(`
    with place as (select id from rooms where slug = $1),
      link as (insert into invitations (id, room_id, token_hash, role, note) select gen_random_uuid(), id, 'x', 'guest', '' from place returning id, room_id),
      gus as (insert into guests (id, room_id, invitation_id, display_name) select gen_random_uuid(), room_id, id, 'Gus' from link returning id, room_id),
      closed as (insert into bans (id, room_id, invitation_id, name, created_at) select gen_random_uuid(), room_id, id, '', now() - interval '3 hours' from link)
    insert into bans (id, room_id, guest_id, name, created_at) select gen_random_uuid(), room_id, id, 'Gus', now() - interval '40 days' from gus`,
  [room.replace("/r/", "")]);
  await page.reload();
  await expect(page.getByRole("row").nth(2)).toHaveText(/An invitation without a note.*everybody who comes by it.*3 hours ago/s);
  await expect(page.getByRole("row").nth(3)).toHaveText(/Gus.*Guest, by their session.*40 days ago/s);
  await shots(moderating, "bans");
  await row(moderating, "ben").getByRole("button", { name: "Lift ban" }).click();
  await expect(page.getByRole("status")).toContainText("The ban of Ben is lifted.");
  for (const name of ["The ban is lifted.", "The ban of Gus is lifted."]) {
    await moderating.button("Lift ban").first().click();
    await expect(page.getByRole("status")).toContainText(name);
  }
  await shots(moderating, "bans-empty");
  await join(ben, room);
  await expect(ana.tile("ben")).toBeVisible();
});
