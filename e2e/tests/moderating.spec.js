// Hands, reactions, who is here, and what moderators do with who stays in the call.

import { expect, test } from "../lib/test.js";
import { expectPicture, expectSilence, expectSound, openDevices, watchDevices } from "../lib/media.js";
import { expectCount, join, makeRoom } from "../lib/people.js";
import { saidIn } from "../lib/said.js";
import { make, withOthers } from "../lib/stage.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** @param {Person} person */
const panel = ({ page }) => page.getByRole("complementary", { name: "People" });

/** @param {Person} person @param {string} name */
const row = (person, name) => person.page.locator("#in-list").getByRole("listitem").filter({ hasText: name });

/** @param {Person} person */
const hands = (person) => person.page.locator("#hands-list").getByRole("listitem");

/**
 * Chooses what to do with somebody in the panel of people.
 * @param {Person} person
 * @param {string} name
 * @param {string} what
 */
async function act(person, name, what) {
  await panel(person).getByRole("button", { name: `Actions for ${name}` }).click();
  await person.page.getByRole("menuitem", { name: what, exact: true }).click();
}

/**
 * Sends what the page would, or would not.
 * @param {Person} person
 * @param {string} path
 * @param {Record<string, string>} [data]
 */
async function send(person, path, data = {}) {
  const answer = await person.context.request.post(path, { data, headers: { Origin: new URL(person.page.url()).origin } });
  return answer.status();
}

/** @param {Person} person */
async function participantOf(person) {
  const id = await person.tile(person.username).getAttribute("data-participant");
  return id ?? "";
}

/**
 * Three in a call, of whom the owner has the panel of people open.
 * @param {import("../lib/test.js").OfTest["visit"]} visit
 * @param {import("../lib/test.js").Entry} [entryOfBen]
 */
async function three(visit, entryOfBen) {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben", entryOfBen), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo]);
  for (const { context } of [ben, cleo]) await watchDevices(context);
  for (const person of [ana, ben, cleo]) await join(person, room);
  for (const person of [ana, ben, cleo]) await expectCount(person, 3);
  await ana.button("People").click();
  return { ana, ben, cleo, room };
}

test("hands are up in order for everybody, also for who comes back, and a moderator lowers one and all", async ({ visit }) => {
  const { ana, ben, cleo, room } = await three(visit);
  await cleo.button("Raise your hand").click();
  await expect(hands(ana)).toHaveText([/Cleo/]);
  await ben.button("Raise your hand").click();
  await expect(hands(ana)).toHaveText([/Cleo/, /Ben/]);
  await expect(ana.page.locator("#notices").getByText(/raised a hand$/).first()).toBeVisible();
  await expect(ana.tile("ben")).toContainText("hand raised");
  await expect(row(ana, "Ben")).toContainText("hand raised");
  await ben.button("People").click();
  await expect(hands(ben)).toHaveText([/Cleo/, /Ben \(you\)/]);
  await expect(panel(ben).getByRole("button", { name: /^Lower/ }), "a member lowers nobody's").toHaveCount(0);

  await cleo.page.reload();
  await join(cleo, room);
  await expect(hands(ana), "a page that was loaded anew is another participant").toHaveText([/Ben/]);
  await cleo.button("People").click();
  await expect(hands(cleo), "who comes later sees them").toHaveText([/Ben/]);
  await cleo.button("Raise your hand").click();
  await expect(hands(ana)).toHaveText([/Ben/, /Cleo/]);

  await panel(ana).getByRole("button", { name: "Lower the hand of Ben" }).click();
  await expect(ben.page.getByText("Ana lowered your hand")).toBeVisible();
  await expect(ben.button("Raise your hand")).toBeVisible();
  await expect(hands(cleo)).toHaveText([/Cleo/]);
  await panel(ana).getByRole("button", { name: "Lower all" }).click();
  for (const person of [ana, ben, cleo]) await expect(person.page.locator("#people-hands")).toBeHidden();
});

test("a hand goes down by itself after its person has spoken", async ({ visit, launch }) => {
  const speaker = await launch({ speaks: true });
  const { ana, ben } = await three(visit, { browser: speaker });
  await ben.button("Raise your hand").click();
  await expect(ben.page.getByText("Your hand is down again, as you have spoken")).toBeVisible({ timeout: 120_000 });
  await expect(ben.button("Raise your hand")).toBeVisible();
  await expect(ana.page.locator("#people-hands")).toBeHidden();
});

test("reactions show on the tile of who sent them, are said in one line, and do not move under reduced motion", async ({ visit }) => {
  const { ana, ben, cleo } = await three(visit);
  const said = await saidIn(ana.page.locator("#reaction-lines"));
  await ben.button("React").click();
  await ben.page.getByRole("button", { name: "Applause" }).click();
  for (const person of [ana, cleo]) await expect(person.tile("ben").locator(".reaction")).toHaveText("\u{1f44f}");
  await expect.poll(said).toEqual(["Ben: Applause"]);
  await ben.page.keyboard.press("Enter");
  await expect.poll(said, "each time").toEqual(["Ben: Applause", "Ben: Applause"]);
  await expect(ana.page.locator(".reaction"), "for a moment").toHaveCount(0);
  await ana.page.emulateMedia({ reducedMotion: "reduce" });
  await ben.page.keyboard.press("ArrowRight");
  await ben.page.keyboard.press("Enter");
  await expect(ana.tile("ben").locator(".reaction")).toHaveCount(1);
  expect(await ana.tile("ben").locator(".reaction").evaluate((float) => float.getAnimations().length)).toBe(0);
  await ben.page.keyboard.press("Escape");
  await expect(ben.button("React"), "focus comes back").toBeFocused();
});

test("in a large call too it is told who comes and goes", async ({ visit }) => {
  const ana = await withOthers(visit, 12);
  await make(ana, "drop", "drawn-0");
  await expect(ana.page.locator("#notices")).toContainText("Ben Hale left");
});

test("muting silences one and all, nobody is unmuted by others, and who was muted may unmute", async ({ visit }) => {
  const { ana, ben, cleo, room } = await three(visit);
  await expectSound(cleo.page);
  await cleo.button("Mute microphone").click(); // so that only Ben is heard
  await ana.button("Mute microphone").click();
  await act(ana, "Ben", "Mute");
  await expect(ben.page.getByText("Ana muted you")).toBeVisible();
  await expect(ben.button("Unmute microphone")).toBeVisible();
  await expectSilence(cleo.page);
  await expect(row(ana, "Ben")).toContainText("microphone off");

  const said = await saidIn(ben.page.locator("#asked-line"));
  for (let times = 1; times <= 2; times++) {
    await act(ana, "Ben", "Ask to unmute");
    await expect.poll(said, "each time").toEqual(Array(times).fill("Ana asks you to unmute"));
  }
  await expect(ben.page.getByText("Ana asks you to unmute")).toBeVisible();
  await expect(ben.button("Unmute microphone"), "still muted").toBeVisible();
  await ben.button("Stay muted").click();
  await expect(ben.page.locator("#asked")).toBeHidden();
  await act(ana, "Ben", "Ask to unmute");
  await ben.button("Unmute").click();
  await expect(ben.button("Mute microphone")).toBeVisible();
  await expectSound(cleo.page);

  await cleo.button("Unmute microphone").click();
  await expect(row(ana, "Cleo")).toContainText("microphone on");
  await panel(ana).getByRole("button", { name: "Mute all" }).click();
  for (const person of [ben, cleo]) await expect(person.button("Unmute microphone")).toBeVisible();
  await expect(panel(ana).getByRole("button", { name: "Mute all" }), "nobody is left to mute").toBeHidden();
  await ben.page.goto(room);
  await expect(ben.button("Mute microphone"), "that was for this call alone").toBeVisible();
});

test("a switch that is on looks other than one that is off, also in forced colours", async ({ visit }) => {
  const ana = await visit("ana");
  await join(ana, await makeRoom(ana));
  await ana.button("People").click();
  await panel(ana).getByRole("button", { name: "What members may do" }).click();
  const camera = ana.page.getByRole("switch", { name: "Turn on their camera" });
  await ana.page.emulateMedia({ forcedColors: "active" });
  /** @param {boolean} on */
  const picture = async (on) => {
    await camera.evaluate((input, checked) => { /** @type {HTMLInputElement} */ (input).checked = checked; }, on);
    return camera.screenshot({ animations: "disabled" });
  };
  expect((await picture(true)).equals(await picture(false))).toBe(false);
});

test("the panel of switches holds for pages and for programs that ignore them", async ({ visit }) => {
  const { ana, ben, cleo, room } = await three(visit);
  await expectPicture(cleo.tile("ben"));
  await ben.button("Raise your hand").click();
  await expect(hands(ana)).toHaveText([/Ben/]);
  await panel(ana).getByRole("button", { name: "What members may do" }).click();
  const rules = ana.page.getByRole("complementary", { name: "What members may do" });
  await expect(rules).toBeVisible();
  await expect(panel(ana), "one panel at a time").toBeHidden();

  await rules.getByRole("switch", { name: "Raise a hand and react" }).click();
  await expect(ben.button("Raise your hand")).toBeHidden();
  await expect(ben.button("React")).toBeHidden();
  await expect(ben.tile("ben")).not.toContainText("hand raised");
  const own = `${room}/participants/${await participantOf(ben)}`;
  expect(await send(ben, `${own}/hand`, { raised: "on" }), "a hand that a program raises").toBe(403);
  expect(await send(ben, `${own}/react`, { reaction: "heart" }), "a reaction of a program's").toBe(403);

  await rules.getByRole("switch", { name: "Turn on their camera" }).click();
  await expect(ben.page.getByText("You may not use the camera in this room just now.")).toBeVisible();
  await expect(cleo.tile("ben").locator("video")).toHaveCount(0);
  await expectPicture(cleo.tile("ana")); // moderators may
  await expect.poll(() => openDevices(ben.page), { message: "no lamp burns for a camera that nobody may see" }).toEqual(["audio"]);

  await rules.getByRole("switch", { name: "Turn on their microphone" }).click();
  await expect(ben.page.getByText("You may not use the microphone in this room just now.")).toBeVisible();
  await expect.poll(() => openDevices(ben.page)).toEqual([]);
  await cleo.page.reload();
  await join(cleo, room);
  await expect(cleo.page.getByText("You may not use the camera in this room just now.")).toBeVisible();
  await expect.poll(() => openDevices(cleo.page), { message: "nor for that of who comes later" }).toEqual([]);

  await rules.getByRole("switch", { name: "Turn on their microphone" }).click();
  await rules.getByRole("switch", { name: "Turn on their camera" }).click();
  await expect(ben.page.getByText("You may use the microphone again.")).toBeVisible();
  expect(await ben.page.getByText("You may not use the microphone in this room just now.").count(), "what was told before is taken back").toBe(0);
  await expect(ben.button("Unmute microphone"), "nobody unmutes others").toBeEnabled();
  expect(await openDevices(ben.page)).not.toContain("video");
  await expect(cleo.tile("ben")).toContainText("microphone off");
  await expect(cleo.tile("ben").locator("video")).toHaveCount(0);
  await ben.page.locator("#notices").getByRole("button", { name: "Turn camera on" }).click();
  await expectPicture(cleo.tile("ben"));
  await ben.button("Unmute microphone").click();
  await expectSound(cleo.page);

  await rules.getByRole("switch", { name: "Lock the room" }).click();
  await expect(rules.getByRole("switch", { name: "Lock the room" })).toBeChecked();
  await cleo.button("Leave call").click();
  await cleo.page.goto(room);
  await cleo.page.getByText(/locked/).first().waitFor();
  for (const path of ["mute-all", "lower-hands", "switches", "lock", "end-spotlight"]) {
    expect(await send(ben, `${room}/${path}`, path === "lock" ? { locked: "false" } : {}), `a member's ${path}`).toBe(403);
  }
  await ana.page.keyboard.press("Escape");
  await expect(rules).toBeHidden();
});

test("whoever is put in the spotlight is large for everybody, for who comes later too", async ({ visit }) => {
  const { ana, ben, cleo, room } = await three(visit);
  await act(ana, "Ben", "Show large to everyone");
  for (const person of [ana, ben, cleo]) await expect(person.tile("ben").locator(".tile-held")).toHaveText(", in the spotlight");
  await expect(row(ana, "Ben")).toContainText("shown large to everyone");
  await cleo.page.reload();
  await join(cleo, room);
  await expect(cleo.tile("ben")).toContainText("in the spotlight");
  await act(ana, "Ben", "Stop showing large to everyone");
  for (const person of [ana, ben, cleo]) await expect(person.tile("ben").locator(".tile-held")).toBeHidden();
});

test("the panel of people is worked by keyboard", async ({ visit }) => {
  const { ana } = await three(visit);
  const actions = panel(ana).getByRole("button", { name: "Actions for Ben" });
  await actions.focus();
  await ana.page.keyboard.press("Enter");
  await expect(ana.page.getByRole("menuitem").first()).toBeFocused();
  await ana.page.keyboard.press("ArrowDown");
  await expect(ana.page.getByRole("menuitem").nth(1)).toBeFocused();
  await ana.page.keyboard.press("Escape");
  await expect(actions, "focus comes back").toBeFocused();
  await ana.page.keyboard.press("Escape");
  await expect(panel(ana)).toBeHidden();
  await expect(ana.button("People")).toBeFocused();
});
