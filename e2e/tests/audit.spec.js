// The audit log: who changed who may do what, for owners and administrators.

import { readFile } from "node:fs/promises";
import { expect, test } from "../lib/test.js";
import { makeRoom } from "../lib/people.js";
import { shots } from "../lib/shots.js";

test("an owner reads who changed what in their room, looks for one thing, and takes the table away", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await ana.post(`${room}/members/ben`, { role: "moderator" });
  expect((await ben.page.goto(`${room}/audit`))?.status()).toBe(403);
  await ana.page.goto(`${room}/audit`);
  await expect(ana.page.getByRole("row", { name: "Ana made Ben Moderator" })).toBeVisible();
  await expect(ana.page.getByRole("row", { name: "Ana added Ben as Member" })).toContainText("from 127.0.0.1");
  await ana.page.getByLabel("What", { exact: true }).selectOption({ label: "Role changed" });
  await ana.button("Show").click();
  await expect(ana.page.getByRole("row")).toHaveCount(2);
  const arriving = ana.page.waitForEvent("download");
  await ana.page.getByRole("link", { name: "Download these records" }).click();
  const table = await readFile(await (await arriving).path(), "utf8");
  expect(table.split("\r\n").filter(Boolean)).toHaveLength(2);
  expect(table).toContain("made Ben Moderator");
  expect(table).toContain("127.0.0.1");
});

test("what an administrator does in a room is no secret from its owner", async ({ visit, foyer }) => {
  const [ana, boss] = [await visit("ana"), await visit("boss")];
  await foyer.administrator("boss");
  const room = await makeRoom(ana, []);
  expect((await boss.page.goto(room))?.status()).toBe(404);
  const { rows: [{ id }] } = await foyer.sql("select id from rooms where slug = $1", [room.split("/").pop()]);
  await boss.page.goto(`/admin/rooms/${id}`);
  await boss.page.getByLabel("Username or email", { exact: true }).first().fill("boss");
  await boss.button("Add member").click();
  await expect(boss.page.getByRole("status")).toHaveText("Boss belongs to this room now.");
  await ana.page.goto(`${room}/audit`);
  const record = ana.page.getByRole("row", { name: "added Boss as Member" });
  await expect(record).toContainText("Boss administrator");
  await foyer.administrator("boss", false);
});

test("the audit log, in pictures", { tag: "@pictures" }, async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await ana.page.goto(`${room}/audit`);
  await shots(ana, "audit-room", { whole: true });
});
