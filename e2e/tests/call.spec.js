// A call of two: the main job of the whole program.

import { expect, test } from "../lib/test.js";
import { expectPicture, expectSound } from "../lib/media.js";
import { addMember, createRoom, expectCount, join, makeRoom, signUp } from "../lib/people.js";

test("two people sign up, one opens a private room and admits the other, and they see and hear each other", async ({ newcomer }) => {
  const ana = await newcomer();
  ana.username = "ana-1";
  const ben = await newcomer();
  ben.username = "ben-1";
  await signUp(ana);
  await signUp(ben);

  const room = await createRoom(ana, "Tuesday table");
  expect(room).toBe("/r/tuesday-table");

  const closed = await ben.page.goto(room);
  expect(closed?.status(), "a private room is not there for others").toBe(404);
  const nothing = await ben.page.goto("/r/no-such-room");
  expect(nothing?.status()).toBe(404);
  const texts = [];
  for (const path of [room, "/r/no-such-room"]) {
    await ben.page.goto(path);
    texts.push(await ben.page.getByRole("main").innerText());
  }
  expect(texts[0], "and looks like one that does not exist").toBe(texts[1]);

  await ana.page.goto(`${room}/members`);
  await addMember(ana, ben.username);
  await expect(ana.page.getByRole("row", { name: ben.username })).toBeVisible();

  const opened = await ben.page.goto(room);
  expect(opened?.status()).toBe(200);

  await join(ana, room);
  await expectCount(ana, 1);
  await join(ben, room);
  await expectCount(ana, 2);
  await expectCount(ben, 2);

  await expectPicture(ana.tile(ben.username));
  await expectPicture(ben.tile(ana.username));
  await expectPicture(ben.tile(ben.username));
  await expectSound(ana.page);
  await expectSound(ben.page);

  await test.step("mute shows on the other side, and sound stops", async () => {
    await expect(ana.tile(ben.username)).toContainText("microphone on");
    await ben.button("Mute microphone").click();
    await expect(ben.button("Unmute microphone")).toBeVisible();
    await expect(ana.tile(ben.username)).toContainText("microphone off");
    await ben.button("Unmute microphone").click();
    await expect(ana.tile(ben.username)).toContainText("microphone on");
    await expectSound(ana.page);
  });

  await test.step("camera off takes the picture away on the other side, camera on brings it back", async () => {
    await ben.button("Turn camera off").click();
    await expect(ana.tile(ben.username).locator("video")).toHaveCount(0);
    await ben.button("Turn camera on").click();
    await expectPicture(ana.tile(ben.username));
  });

  await test.step("one leaves, and the tile goes", async () => {
    await ben.button("Leave call").click();
    await expect(ben.page.getByRole("heading", { name: "You left the call" })).toBeVisible();
    await expect(ana.tile(ben.username)).toHaveCount(0);
    await expectCount(ana, 1);
  });
});

test("who speaks has a ring, on every side; who is muted has none", async ({ visit, launch }) => {
  const ana = await visit("ana");
  const ben = await visit("ben", { browser: await launch({ speaks: true }) });
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await ana.button("Mute microphone").click();
  await join(ben, room);
  for (const person of [ana, ben]) {
    await expect(person.tile("ben")).toHaveClass(/\bspeaking\b/);
    await expect(person.tile("ana")).not.toHaveClass(/\bspeaking\b/);
  }
  const ring = () => ana.tile("ben").evaluate((tile) => getComputedStyle(tile, "::after").boxShadow);
  await expect.poll(ring, { message: "the ring" }).toContain("inset");
  await ben.button("Mute microphone").click();
  for (const person of [ana, ben]) await expect(person.tile("ben")).not.toHaveClass(/\bspeaking\b/);
});
