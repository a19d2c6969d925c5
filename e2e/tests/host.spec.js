// Who moderates a call when its last moderator leaves, and ending it for all.

import { expect, test } from "../lib/test.js";
import { expectPicture, openConnections } from "../lib/media.js";
import { expectCount, join, makeRoom } from "../lib/people.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** @param {Person} person */
const panel = ({ page }) => page.getByRole("complementary", { name: "People" });

/** @param {Person} person */
async function endForAll(person) {
  await person.button("Ways to leave").click();
  await person.page.getByRole("menuitem", { name: "End call for everyone" }).click();
  await person.button("Yes, end it").click();
}

test("when the last moderator leaves, who has been there longest hosts, everybody sees it, and a moderator who comes back ends it", async ({ visit }) => {
  const [ana, ben, cleo, zoe] = [await visit("ana"), await visit("ben"), await visit("cleo"), await visit("zoe")];
  const room = await makeRoom(ana, [ben, cleo], { visibility: "open", lobby: "strangers", succession: "host" });
  await join(ana, room);
  await join(ben, room);
  await join(cleo, room);
  await expectCount(cleo, 3);
  await expect(ben.button("Ways to leave"), "a member may not end the call").toBeHidden();
  await ana.button("Leave call").click();
  await expect(cleo.page.getByText("Ben hosts this call now")).toBeVisible();
  await expect(ben.page.getByText("You host this call now.")).toBeVisible();
  await expect(cleo.tile("ben")).toContainText("Host");
  await expect(ben.tile("ben")).toContainText("Host");
  await expect(cleo.tile("cleo")).not.toContainText("Host");

  await zoe.page.goto(room);
  await zoe.button("Ask to join").click();
  await ben.button("Admit Zoe").click();
  await expect(zoe.tile("ben"), "who comes later sees who hosts").toContainText("Host");
  await ben.button("People").click();
  await expect(ben.tile("zoe")).not.toContainText("microphone off"); // a menu shows what is so when it opens
  await panel(ben).getByRole("button", { name: "Actions for Zoe" }).click();
  await expect(ben.page.getByRole("menuitem"), "a host bans nobody").toHaveText(["Mute", "Show large to everyone", "Move to the lobby", "Remove from the call"]);
  await ben.page.keyboard.press("Escape");
  await expect(panel(ben).getByRole("listitem").filter({ hasText: "Ben" })).toContainText("Host");
  await expect(cleo.button("Ways to leave"), "only the host").toBeHidden();

  await join(ana, room);
  await expect(cleo.tile("ben")).not.toContainText("Host");
  await expect(ben.button("Ways to leave")).toBeHidden();
  await expect(panel(ben).getByRole("button", { name: /^Actions for/ })).toHaveCount(0);
  await expectPicture(cleo.tile("ana"));
});

test("a host can end the call for everyone", async ({ visit }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo]);
  await join(ana, room);
  await join(ben, room);
  await join(cleo, room);
  await expectCount(cleo, 3);
  await ana.button("Leave call").click();
  await expect(cleo.page.getByText("Ben hosts this call now")).toBeVisible();
  await endForAll(ben);
  await expect(cleo.page.getByRole("heading", { name: "Ben ended the call for everyone." })).toBeVisible();
  await expect(ben.page.getByRole("heading", { name: "The call has ended." })).toBeVisible();
  for (const person of [ben, cleo]) await expect.poll(() => openConnections(person.page)).toEqual([]);
  await cleo.button("Rejoin").click();
  await expectCount(cleo, 1); // a new call
  await expect(cleo.tile("cleo"), "nobody hosts a call that no moderator was in").not.toContainText("Host");
});

test("where the rule is that the call ends, everybody is told when, a moderator who is back stops that, and else it ends", async ({ visit, foyer }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo], { succession: "end" });
  await join(ana, room);
  await join(ben, room);
  await join(cleo, room);
  await expectCount(cleo, 3);
  await ana.button("Leave call").click();
  const warning = (/** @type {Person} */ { page }) => page.getByText(/^No moderator is here\. The call ends at \d{1,2}:\d{2}( [AP]M)? unless one comes back\.$/);
  await expect(warning(ben)).toBeVisible();
  await expect(warning(cleo)).toBeVisible();
  await ana.button("Rejoin").click();
  await expect(warning(ben)).toHaveCount(0);
  await expect(warning(cleo)).toHaveCount(0);
  await expectCount(ben, 3);

  await ana.button("Leave call").click();
  await expect(warning(ben)).toBeVisible();
  // A minute passes.
  const passed = await foyer.sql("update calls set ends_at = now() from rooms where rooms.id = calls.room_id and rooms.slug = $1 and calls.ended_at is null", [room.replace("/r/", "")]);
  expect(passed.rowCount).toBe(1);
  for (const person of [ben, cleo]) {
    await expect(person.page.getByRole("heading", { name: "The call has ended." })).toBeVisible();
    await expect.poll(() => openConnections(person.page)).toEqual([]);
    await expect(person.button("Rejoin")).toBeVisible();
  }
});

test("ending the call for everyone asks first, and only who may is offered it", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ben, room);
  await join(ana, room);
  await expectCount(ana, 2);
  await expect(ben.button("Ways to leave")).toBeHidden();
  const refused = await ben.context.request.post(`${room}/end`, { data: {}, headers: { Origin: new URL(ben.page.url()).origin } });
  expect(refused.status()).toBe(403);
  await ana.button("Ways to leave").click();
  await ana.page.getByRole("menuitem", { name: "End call for everyone" }).click();
  await ana.button("Cancel").click();
  await expectPicture(ana.tile("ben"));

  // Who is made a moderator meanwhile may, and who is lowered may not any more.
  await ana.post(`${room}/members/ben`, { role: "moderator" });
  await expect(ben.button("Ways to leave")).toBeVisible();
  await ana.post(`${room}/members/ben`, { role: "member" });
  await expect(ben.button("Ways to leave")).toBeHidden();
  await endForAll(ana);
  await expect(ben.page.getByRole("heading", { name: "Ana ended the call for everyone." })).toBeVisible();
});
