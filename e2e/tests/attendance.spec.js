// Attendance: who was in a call, for how long, and how they came in.

import { readFile } from "node:fs/promises";
import { expect, test } from "../lib/test.js";
import { expectCount, join, makeRoom } from "../lib/people.js";
import { shots } from "../lib/shots.js";

test("whoever moderates sees who was in a call, and others do not", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectCount(ana, 2);
  await ben.button("Leave call").click();
  await expectCount(ana, 1);
  await ana.page.goto(`${room}/attendance`);
  await expect(ana.page.getByRole("row", { name: "goes on" })).toContainText("2 people");
  await ana.page.getByRole("table").getByRole("link").click();
  const stay = ana.page.getByRole("row").filter({ hasText: "Ben" });
  await expect(stay).toContainText("as Member");
  await expect(stay).toContainText(/0:0\d:\d\d/);
  const arriving = ana.page.waitForEvent("download");
  await ana.page.getByRole("link", { name: "Download this call" }).click();
  const table = await readFile(await (await arriving).path(), "utf8");
  expect(table).toContain("Ben,ben,member,as Member,");
  expect((await ben.page.goto(`${room}/attendance`))?.status()).toBe(403);
});

test("attendance, in pictures", { tag: "@pictures" }, async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana, []);
  await ana.page.goto(`${room}/attendance`);
  await shots(ana, "attendance-empty");
  await join(ana, room);
  await ana.page.goto(`${room}/attendance`);
  await shots(ana, "attendance-calls");
  await ana.page.getByRole("table").getByRole("link").click();
  await shots(ana, "attendance-call");
});
