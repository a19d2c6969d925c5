// Every page and state, photographed to be looked at, and checked with axe.

import { fileURLToPath } from "node:url";
import { expect, test } from "../lib/test.js";
import { cameraFile } from "../lib/camera.js";
import { filmPortraits } from "../lib/film.js";
import { Foyer } from "../lib/foyer.js";
import { expectPicture } from "../lib/media.js";
import { addMember, expectCount, fillSignUp, join, makeRoom, setPermission, signUp } from "../lib/people.js";
import { shots, sizes } from "../lib/shots.js";
import { Wire } from "../lib/wire.js";

test("pages for people who are not signed in", { tag: "@pictures" }, async ({ newcomer }) => {
  const eve = await newcomer();
  const { page } = eve;
  await page.goto("/");
  await shots(eve, "landing");
  await page.goto("/signup");
  await shots(eve, "signup", { whole: true });
  await fillSignUp(eve, { username: "Eve!", email: "eve", password: "1234" });
  await eve.button("Sign up").click();
  await expect(page.getByLabel("Username")).toHaveAttribute("aria-invalid", "true");
  await shots(eve, "signup-errors", { whole: true });
  await page.goto("/login");
  await shots(eve, "login", { whole: true });
  await page.getByLabel("Username or email").fill("eve");
  await page.getByLabel("Password").fill("not the one");
  await eve.button("Log in").click();
  await expect(page.getByRole("alert")).toBeVisible();
  await shots(eve, "login-wrong", { whole: true });
  const fresh = await Foyer.start(); // the usual one may have an administrator by now
  try {
    await page.goto(fresh.setupLink);
    await expect(page.getByRole("heading", { name: "Set up Foyer" })).toBeVisible();
    await shots(eve, "setup", { whole: true });
    await page.goto(`${fresh.base}/setup?token=used`);
    await shots(eve, "setup-used", { whole: true });
  } finally {
    await fresh.remove();
  }
});

test("pages about rooms and the account", { tag: "@pictures" }, async ({ newcomer, visit }) => {
  const nora = await newcomer();
  nora.username = "nora";
  const { page } = nora;
  await signUp(nora);
  await shots(nora, "dashboard-empty");
  await page.goto("/rooms/new");
  await page.getByLabel("Room name").fill("Reading group");
  await shots(nora, "new-room", { whole: true });
  await page.getByLabel("Room name").fill("");
  await nora.button("Create room").click();
  await expect(page.getByLabel("Room name")).toHaveAttribute("aria-invalid", "true");
  await shots(nora, "new-room-errors", { whole: true });

  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  await makeRoom(nora, [], { name: "Reading group", topic: "One chapter a week, all welcome", visibility: "open" });
  await makeRoom(nora, [ana], { name: "Budget" });
  await makeRoom(nora, [ana, ben], { name: "The team that meets on Thursdays in the afternoon, whatever the weather", topic: "A topic that is long enough to be cut off at some point, because topics are sometimes written by people who like to write" });
  const room = await makeRoom(nora, [ana, ben, cleo], { name: "Design review", topic: "Thursdays at ten" });
  await nora.post(`${room}/members/cleo`, { role: "moderator" });
  for (const person of [ana, ben, cleo]) await join(person, room);
  await expectCount(ana, 3);
  await page.goto("/");
  await expect(page.getByText("live · 3")).toBeVisible();
  await shots(nora, "dashboard-live", { whole: true });

  await page.goto(`${room}/members`);
  await addMember(nora, "nobody");
  await expect(page.getByLabel("Username or email")).toHaveAttribute("aria-invalid", "true");
  await shots(nora, "members-error", { whole: true });
  await page.goto(`${room}/members`);
  await shots(nora, "members", { whole: true });
  await page.getByRole("row").filter({ hasText: "Ben" }).getByRole("button", { name: "Remove" }).click();
  await shots(nora, "members-question");
  await ben.page.goto(`${room}/members`);
  await shots(ben, "members-of-a-member", { whole: true });
  await page.goto(`${room}/settings`);
  await shots(nora, "settings", { whole: true });
  await page.goto("/account");
  await shots(nora, "account", { whole: true });
  await page.goto("/r/no-such-room");
  await shots(nora, "not-found");
});

test("before the call, in it and after it", { tag: "@pictures" }, async ({ visit, launch, browser, foyer, newcomer }) => {
  await filmPortraits(browser);
  const wire = new Wire(foyer.port);
  try {
    const at = async (/** @type {string} */ name) => ({ browser: await launch({ camera: cameraFile(name), speaks: name === "ben" }) });
    const ana = await visit("ana", { ...await at("ana"), options: { baseURL: await wire.open() } });
    const [ben, cleo] = [await visit("ben", await at("ben")), await visit("cleo", await at("cleo"))];
    const room = await makeRoom(ben, [ana, cleo], { name: "Design review", topic: "Thursdays at ten" });

    await ana.page.goto(room);
    await expectPicture(ana.page.getByRole("region", { name: "Your camera and microphone" }));
    await shots(ana, "prejoin");
    await join(ana, room);
    await expect(ana.page.getByText("You are the only one here.")).toBeVisible();
    await expectPicture(ana.tile("ana"));
    await shots(ana, "call-alone");
    await join(ben, room);
    await expectAnnounced(ana, "Ben joined");
    await expectPicture(ana.tile("ben"));
    await shots(ana, "call-2");
    await join(cleo, room);
    await expectAnnounced(ana, "Cleo joined");
    await expectPicture(ana.tile("cleo"));
    await shots(ana, "call-3");
    if (process.env.FOYER_README_SCREENSHOT) await photographForReadme(ana);

    const late = await newcomer();
    await signUp(late);
    await ben.post(`${room}/members`, { login: late.username, role: "member" });
    await late.page.goto(room);
    await expect(late.page.getByRole("list", { name: "In the call now" })).toBeVisible();
    await shots(late, "prejoin-with-people");

    await cleo.button("Turn camera off").click();
    await cleo.button("Mute microphone").click();
    await ana.button("Mute microphone").click();
    await ana.button("Turn camera off").click();
    await expect(ana.tile("cleo").locator("video")).toHaveCount(0);
    await shots(ana, "call-off");
    await photographControls(ana);

    wire.cut();
    await expect(ana.page.getByText("Connection lost. Reconnecting…")).toBeVisible();
    await shots(ana, "call-reconnecting");
    wire.mend();
    await expect(ana.page.getByText("You are back in the call.")).toBeVisible({ timeout: 120_000 });
    await cleo.button("Leave call").click();
    await expect(cleo.page.getByRole("heading", { name: "You left" })).toBeVisible();
    await shots(cleo, "ended-left");
    await ben.post(`${room}/members/ana/remove`, {});
    await expect(ana.page.getByRole("heading", { name: "Ben removed you" })).toBeVisible();
    await shots(ana, "ended-removed");

    await ben.post(`${room}/lock`, { locked: "true" });
    await cleo.page.goto(room);
    await expect(cleo.page.getByRole("alert")).toBeVisible();
    await shots(cleo, "prejoin-locked");
    const denied = await visit("ben", { browser: await launch({ asks: true }) });
    await setPermission(denied, "denied");
    await denied.page.goto(room);
    await expect(denied.button("Try again")).toBeVisible();
    await shots(denied, "prejoin-denied");
  } finally {
    wire.close();
  }
});

/**
 * The menus and sheets of the call's bar.
 * @param {import("../lib/people.js").Person} person
 */
async function photographControls(person) {
  const { page } = person;
  for (const place of /** @type {const} */ (["desktop", "phone"])) {
    await page.setViewportSize(sizes[place]);
    await person.button("More").click();
    await shots(person, "call-more", { only: place });
    await page.getByRole("menuitem", { name: "Settings" }).click();
    await shots(person, "call-settings", { only: place });
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await shots(person, "call-shortcuts", { only: place });
    await page.keyboard.press("Escape");
    await person.button("More").click();
    await page.getByRole("menuitem", { name: "Check connection" }).click();
    await expect(person.button("Check again")).not.toHaveAttribute("data-busy", { timeout: 120_000 });
    await shots(person, "call-check", { only: place });
    await page.keyboard.press("Escape");
  }
  await page.setViewportSize(sizes.desktop);
  for (const [name, opener] of [["call-sound", "Sound options"], ["call-devices", "Picture options"]]) {
    await person.button(opener ?? "").click();
    await shots(person, name ?? "", { only: "desktop" });
    await page.keyboard.press("Escape");
  }
  await person.button("More").click();
  await page.getByRole("menuitemcheckbox", { name: "Audio only" }).click();
  await shots(person, "call-audio-only");
  await person.button("Show cameras").click();
}

/**
 * Waits until it was announced that somebody came, and is quiet again.
 * @param {import("../lib/people.js").Person} person
 * @param {string} announcement
 */
async function expectAnnounced({ page }, announcement) {
  const line = page.getByRole("status").getByText(announcement);
  await expect(line).toBeVisible();
  await expect(line).toBeHidden();
}

/**
 * The picture that the README opens with, in the best quality that comes.
 * @param {import("../lib/people.js").Person} person
 */
async function photographForReadme(person) {
  const { page } = person;
  const wide = 640; // pixels: the layer that fits these tiles
  await page.setViewportSize(sizes.desktop);
  for (const name of ["ben", "cleo"]) {
    await expect.poll(() => person.tile(name).locator("video").evaluate((/** @type {HTMLVideoElement} */ video) => video.videoWidth), { timeout: 120_000 }).toBeGreaterThanOrEqual(wide);
  }
  await expect(person.tile("ben")).toHaveClass(/\bspeaking\b/);
  await page.screenshot({ path: fileURLToPath(new URL("../../docs/call.png", import.meta.url)) });
}
