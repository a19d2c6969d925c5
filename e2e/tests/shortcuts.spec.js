// Keys in the call, and what the page says to somebody who talks while muted.

import { expect, test } from "../lib/test.js";
import { expectPicture, expectSilence, expectSound, receivedBytes } from "../lib/media.js";
import { expectCount, join, joinHere, makeRoom, setPermission } from "../lib/people.js";
import { saidIn } from "../lib/said.js";
import { screensOf } from "../lib/share.js";

test("Ctrl D and Ctrl E turn microphone and camera, also from a menu of devices", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ben.tile("ana"));
  await ana.page.keyboard.press("Control+d");
  await expect(ben.tile("ana")).toContainText("microphone off");
  await ana.page.keyboard.press("Control+e");
  await expect(ben.tile("ana").locator("video")).toHaveCount(0);
  await ana.button("Sound options").click();
  await ana.page.keyboard.press("Control+d");
  await expect(ben.tile("ana")).toContainText("microphone on");
  await ana.page.keyboard.press("Escape");
  await ana.page.keyboard.press("Control+e");
  await expectPicture(ben.tile("ana"));
});

test("holding the space bar talks for as long, also after a click on a button, and ends when the window loses focus", async ({ visit, launch }) => {
  const ana = await visit("ana", { browser: await launch({ speaks: true }) });
  const ben = await visit("ben");
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectSound(ben.page);
  await ana.button("Mute microphone").click();
  await expect(ben.tile("ana")).toContainText("microphone off");
  await expectSilence(ben.page);

  await ana.page.keyboard.down("Space");
  await expect(ben.tile("ana")).toContainText("microphone on");
  await expectSound(ben.page);
  await ana.page.keyboard.up("Space");
  await expect(ben.tile("ana")).toContainText("microphone off");
  await expect(ana.button("Unmute microphone"), "the button that was clicked last is not pressed").toBeVisible();

  await ana.page.keyboard.down("Space");
  await expect(ben.tile("ana")).toContainText("microphone on");
  await ana.page.evaluate(() => dispatchEvent(new Event("blur")));
  await expect(ben.tile("ana")).toContainText("microphone off");
  await ana.page.keyboard.up("Space");

  await ana.button("Unmute microphone").focus();
  await ana.page.keyboard.press("Tab");
  await ana.page.keyboard.press("Shift+Tab");
  await ana.page.keyboard.press("Space");
  await expect(ana.button("Mute microphone"), "where Tab led, Space presses").toBeVisible();
  await ana.page.keyboard.press("Space");
  await expect(ana.button("Unmute microphone")).toBeVisible();

  await ana.button("More").click();
  await ana.page.getByRole("menuitem", { name: "Settings" }).click();
  await ana.page.getByRole("switch", { name: "Hold the space bar to talk" }).click();
  await ana.page.keyboard.press("Escape");
  await ana.page.locator("#stage").click({ position: { x: 5, y: 5 } });
  const shown = await ben.tile("ana").evaluateHandle((tile) => {
    /** @type {(string | null)[]} */
    const texts = [];
    new MutationObserver(() => texts.push(tile.textContent)).observe(tile, { subtree: true, childList: true, characterData: true });
    return texts;
  });
  await ana.page.keyboard.down("Space");
  await ana.page.keyboard.press("Control+e");
  await expect(ben.tile("ana").locator("video")).toHaveCount(0);
  await ana.page.keyboard.press("Control+e");
  await expectPicture(ben.tile("ana"));
  await ana.page.keyboard.up("Space");
  expect((await shown.jsonValue()).join(), "what came before a picture that went and came back").not.toContain("microphone on");
});

test("a question mark lists all keys, unless that is switched off", async ({ visit }) => {
  const ana = await visit("ana");
  await join(ana, await makeRoom(ana));
  const list = ana.page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await ana.page.keyboard.press("?");
  await expect(list).toBeVisible();
  for (const what of ["Turn the microphone on or off", "Turn the camera on or off", "Talk for as long as it is held", "Show this list"]) await expect(list).toContainText(what);
  await ana.page.keyboard.press("Escape");
  await expect(list).toBeHidden();
  await ana.button("More").click();
  await ana.page.getByRole("menuitem", { name: "Settings" }).click();
  await ana.page.getByRole("switch", { name: "? opens the list of shortcuts" }).click();
  await ana.page.keyboard.press("Escape");
  await ana.page.keyboard.press("?");
  await expect(list).toBeHidden();
});

test("who talks while muted is told so, once, and can unmute from there", async ({ visit, launch }) => {
  const ana = await visit("ana", { browser: await launch({ speaks: true }) });
  await join(ana, await makeRoom(ana));
  await expectCount(ana, 1);
  const told = ana.page.getByRole("status").getByText("You are talking while muted.");
  const said = await saidIn(ana.page.locator("#notices"));
  await ana.page.keyboard.press("Control+d");
  // First of all, as it is offered for a while only.
  await told.getByRole("button", { name: "Unmute" }).click();
  await expect(ana.button("Mute microphone")).toBeVisible();
  await expect(told).toHaveCount(0);
  expect((await said()).filter((line) => line.startsWith("You are talking while muted."))).toHaveLength(1);
});

test("who joins muted, as they left it, is told too; before they join their microphone is closed", async ({ visit, launch }) => {
  const ana = await visit("ana", { browser: await launch({ speaks: true }) });
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  await setPermission(ana, "granted");
  await ana.button("Mute microphone").click();
  await ana.page.addInitScript(() => {
    /** @type {MediaStreamConstraints[]} */
    const asked = [];
    const { mediaDevices } = navigator;
    const given = mediaDevices.getUserMedia.bind(mediaDevices);
    mediaDevices.getUserMedia = (constraints = {}) => { asked.push(constraints); return given(constraints); };
    Object.assign(globalThis, { asked });
  });
  await ana.page.goto(room);
  const opened = () => ana.page.evaluate(() => /** @type {{asked: MediaStreamConstraints[]}} */ (/** @type {unknown} */ (globalThis)).asked.filter(({ audio }) => audio).length);
  await expect(ana.button("Unmute microphone")).toBeVisible();
  await expect(ana.page.locator("#preview video"), "the camera is there").toBeVisible();
  expect(await opened()).toBe(0);
  const said = await saidIn(ana.page.locator("#notices"));
  await joinHere(ana);
  await expect.poll(said).toContainEqual(expect.stringMatching("You are talking while muted."));
  await expect(ana.button("Unmute microphone")).toBeVisible();
  expect(await opened()).toBe(1);
});

test("audio only is one click away: no pictures come or go, also of who comes later, and one click brings them back", async ({ visit }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo]);
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ana.tile("ben"));
  await ana.button("More").click();
  await ana.page.getByRole("menuitemcheckbox", { name: "Audio only" }).click();
  await expect(ana.tile("ben").locator("video")).toHaveCount(0);
  await expect(ben.tile("ana").locator("video")).toHaveCount(0);
  await expectSound(ana.page);
  const nothingComes = () => expect.poll(() => receivedBytes(ana.page), { message: "bytes of pictures that are not shown" }).toBe(0);
  await nothingComes();
  await join(cleo, room);
  await expectPicture(cleo.tile("ben"));
  await expect(ana.tile("cleo")).toContainText("microphone on");
  await nothingComes();
  await expect(ana.tile("cleo").locator("video")).toHaveCount(0);
  await ana.page.locator("#bar-people").click();
  await expect(ana.page.getByRole("complementary", { name: "People" }).getByRole("listitem").filter({ hasText: "Cleo" })).toContainText("camera on");
  await ana.page.keyboard.press("Escape");
  await ana.button("Show cameras").focus();
  await ana.page.keyboard.press("Enter");
  await expect(ana.page.getByRole("main"), "the button is gone, focus stays in the call").toBeFocused();
  await expectPicture(ana.tile("ben"));
  await expectPicture(ana.tile("cleo"));
  await expectPicture(ben.tile("ana"));
});

test("the whole call by keyboard alone: devices, menus, panels, and leaving, with focus where one expects it", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ben, room);
  const { page } = ana;
  const { keyboard } = page;
  await page.goto(room);
  /** @param {import("@playwright/test").Locator} control */
  const tabTo = async (control) => {
    for (let presses = 0; presses < 40; presses++) {
      await keyboard.press("Tab");
      if (await control.evaluate((element) => element === document.activeElement)) return;
    }
    throw new Error(`Tab does not lead to ${control}`);
  };
  await tabTo(ana.button("Mute microphone"));
  await keyboard.press("Space");
  await expect(ana.button("Unmute microphone")).toBeFocused();
  await tabTo(page.getByLabel("Display name"));
  await keyboard.type("");
  await tabTo(ana.button("Join call"));
  await keyboard.press("Enter");
  await expectCount(ana, 2);

  await tabTo(ana.button("Sound options"));
  await keyboard.press("Enter");
  await expect(page.getByRole("dialog", { name: "Sound" })).toBeVisible();
  await tabTo(page.getByRole("switch", { name: "Echo cancellation" }));
  await keyboard.press("Space");
  await expect(page.getByRole("switch", { name: "Echo cancellation" })).not.toBeChecked();
  await keyboard.press("Escape");
  await expect(ana.button("Sound options")).toBeFocused();

  await tabTo(ana.button("More"));
  await keyboard.press("Enter");
  await expect(page.locator('[role^="menuitem"]:focus')).toHaveCount(1);
  await keyboard.press("End");
  await keyboard.press("Home");
  await keyboard.press("Escape");
  await expect(ana.button("More")).toBeFocused();

  await page.locator("#bar-people").focus();
  await keyboard.press("Enter");
  await expect(page.getByRole("complementary", { name: "People" })).toBeVisible();
  await keyboard.press("Escape");
  await expect(page.getByRole("complementary", { name: "People" })).toBeHidden();
  await expect(page.locator("#bar-people")).toBeFocused();

  await ben.button("Leave call").click();
  await expectCount(ana, 1);
  await expect(page.locator("#bar-people"), "focus stays when people leave").toBeFocused();
  await tabTo(ana.button("Leave call"));
  await keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "You left the call" })).toBeFocused();
});

test("focus stays in the call when what has it goes away: a card, a screen, a button, a right, a person", async ({ visit }) => {
  const [ana, ben, zoe] = [await visit("ana"), await visit("ben"), await visit("zoe")];
  const room = await makeRoom(ana, [ben], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  await join(ben, room);
  await expectCount(ana, 2);
  const { page } = ana;
  const call = page.getByRole("main");
  const people = page.getByRole("complementary", { name: "People" });

  await test.step("who knocked is let in, and nobody else waits", async () => {
    await zoe.page.goto(room);
    await zoe.button("Ask to join").click();
    await ana.button("Admit Zoe").focus();
    await page.keyboard.press("Enter");
    await expect(page.getByRole("group", { name: "Waiting to come in" })).toBeHidden();
    await expect(page.locator("#bar-people")).toBeFocused();
    await expectCount(ana, 3);
  });

  await test.step("a screen ends", async () => {
    await ben.button("Share your screen").click();
    const enlarge = screensOf(ana).getByRole("button", { name: "Enlarge" });
    await enlarge.focus();
    await expect(enlarge).toBeFocused();
    await ben.button("Stop sharing").focus();
    await ben.page.keyboard.press("Enter");
    await expect(screensOf(ana)).toHaveCount(0);
    await expect(call).toBeFocused();
  });

  await test.step("all are muted", async () => {
    await page.locator("#bar-people").click();
    const muteAll = people.getByRole("button", { name: "Mute all" });
    await muteAll.focus();
    await page.keyboard.press("Enter");
    await expect(muteAll).toBeHidden();
    await expect(people.getByRole("heading", { name: "People" })).toBeFocused();
  });

  await test.step("members may do less", async () => {
    await people.getByRole("button", { name: "What members may do" }).click();
    const rules = page.getByRole("complementary", { name: "What members may do" });
    await ben.button("Unmute microphone").focus();
    await rules.getByRole("switch", { name: "Turn on their microphone" }).click();
    await expect(ben.button("Unmute microphone")).toBeDisabled();
    await expect(ben.button("Unmute microphone")).toBeFocused();
    await ben.page.keyboard.press("Enter");
    await expect(ben.button("Unmute microphone")).toBeFocused();
    await ben.button("Raise your hand").focus();
    await rules.getByRole("switch", { name: "Raise a hand and react" }).click();
    await expect(ben.button("Raise your hand")).toBeHidden();
    await expect(ben.button("More")).toBeFocused();
    await ben.page.locator("#bar-chat").click();
    await expect(ben.page.locator("#composer-text")).toBeFocused();
    await rules.getByRole("switch", { name: "Write in the chat" }).click();
    await expect(ben.page.locator("#composer-text")).toBeHidden();
    await expect(ben.page.locator("#chat-scroll")).toBeFocused();
    await page.keyboard.press("Escape");
  });

  await test.step("people leave", async () => {
    await ana.button("Options for Zoe").focus();
    await zoe.button("Leave call").click();
    await expectCount(ana, 2);
    await expect(call).toBeFocused();
    await ana.button("Options for Ben").focus();
    await page.keyboard.press("Enter");
    await expect(page.locator('[role^="menuitem"]:focus')).toHaveCount(1);
    await ben.button("Leave call").click();
    await expectCount(ana, 1);
    await page.keyboard.press("Escape");
    await expect(call).toBeFocused();
  });
});
