// Before the call: seeing, hearing and choosing, and finding out what is wrong.

import { expect, test } from "../lib/test.js";
import { silenceFile } from "../lib/camera.js";
import { expectCount, join, joinHere, makeRoom, setPermission } from "../lib/people.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** What the check says of one step. @param {Person} person @param {string} step */
const found = ({ page }, step) => page.locator(`#check [data-step="${step}"]`);

/** Opens the check before the call and waits for its end. @param {Person} person */
async function check(person) {
  await person.button("Check connection").first().click();
  await expect(person.button("Check again")).not.toHaveAttribute("data-busy", { timeout: 120_000 });
}

test("where everything works the check says so, and nobody is in the call for it", async ({ visit, launch }) => {
  const ana = await visit("ana", { browser: await launch({ speaks: true }) });
  const ben = await visit("ben");
  const room = await makeRoom(ana, [ben]);
  await join(ben, room);
  await ana.page.goto(room);
  await check(ana);
  await expect(ana.page.getByText("Everything works.")).toBeVisible();
  for (const step of ["server", "signalling", "media", "microphone", "camera"]) await expect(found(ana, step)).toHaveClass(/\bgood\b/);
  await expect(found(ana, "media")).toContainText("UDP");
  await expectCount(ben, 1);
  await expect(ben.page.getByText("joined")).toHaveCount(0);
  await ana.button("Close").click();
  await joinHere(ana);
  await expectCount(ben, 2);
  await ana.button("More").click();
  await ana.page.getByRole("menuitem", { name: "Check connection" }).click();
  await expect(found(ana, "media"), "in the call too").toHaveClass(/\bgood\b/, { timeout: 120_000 });
  await expectCount(ben, 2);
});

test("a network without UDP is found out", async ({ visit, launch }) => {
  const ana = await visit("ana", { browser: await launch({ udp: false }) });
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  await check(ana);
  await expect(found(ana, "media")).toContainText("The network blocks UDP");
  await expect(ana.page.getByText("A call will work, though not as well as it could.")).toBeVisible();
});

test("signalling that is blocked is found out, and offered to be looked for when joining fails", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await ana.page.routeWebSocket(/\/rtc/, (socket) => socket.close());
  await ana.page.goto(room);
  await ana.button("Join call").click();
  await expect(ana.page.getByRole("alert")).toContainText("could not be reached", { timeout: 120_000 });
  await ana.page.locator("#join-check").getByRole("button", { name: "Check connection" }).click();
  await expect(found(ana, "signalling")).toContainText("it blocks WebSockets", { timeout: 120_000 });
  await expect(found(ana, "server")).toHaveClass(/\bgood\b/);
});

test("without a network, without a server", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  await ana.page.route("**/check", (route) => route.abort());
  await check(ana);
  await expect(found(ana, "server")).toContainText("It cannot be reached.");
  await ana.page.unroute("**/check");
  await ana.context.setOffline(true);
  await ana.button("Check again").click();
  await expect(found(ana, "server")).toContainText("This device has no network.");
  await ana.context.setOffline(false);
  await ana.button("Check again").click();
  await expect(found(ana, "media")).toHaveClass(/\bgood\b/, { timeout: 120_000 });
});

test("a microphone that hears nothing is found out, by itself and by the check", async ({ visit, launch }) => {
  const ana = await visit("ana", { browser: await launch({ hears: silenceFile }) });
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  await expect(ana.page.getByRole("status").getByText("Your microphone is on but hears nothing at all.")).toBeVisible({ timeout: 120_000 });
  await check(ana);
  await expect(found(ana, "microphone")).toContainText("Look for a switch on it");
});

test("devices that are blocked, or not there", async ({ visit, launch }) => {
  const ana = await visit("ana", { browser: await launch({ asks: true }) });
  const room = await makeRoom(ana);
  await setPermission(ana, "denied");
  await ana.page.goto(room);
  await expect(ana.button("Try again")).toBeVisible();
  await check(ana);
  await expect(found(ana, "camera")).toContainText("Your browser blocks the camera for this site.");
  await expect(found(ana, "microphone")).toContainText("Allow it beside the address of this page");
  const none = await visit("ana", { browser: await launch({ cameras: false }) });
  await none.page.goto(room);
  await expect(none.page.getByText(/No camera/).first()).toBeVisible();
  await check(none);
  await expect(found(none, "camera")).toContainText("No camera was found.");
});

test("the speaker plays a few tones on the device that is chosen", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await ana.context.addInitScript(() => {
    const contexts = /** @type {AudioContext[]} */ ([]);
    Object.assign(globalThis, { contexts });
    globalThis.AudioContext = class extends AudioContext { constructor() { super(); contexts.push(this); } };
  });
  await ana.page.goto(room);
  const speaker = ana.page.locator("#prejoin-speaker");
  await expect(speaker).toBeEnabled();
  const speakers = await speaker.evaluate((/** @type {HTMLSelectElement} */ select) => [...select.options].map(({ value }) => value));
  const other = speakers.find((id) => id !== "default") ?? "";
  await speaker.selectOption(other);
  await ana.button("Test the speaker").click();
  await expect.poll(() => ana.page.evaluate(() => /** @type {{contexts: (AudioContext & {sinkId?: string})[]}} */ (/** @type {unknown} */ (globalThis)).contexts.map(({ sinkId, state }) => `${sinkId} ${state}`))).toContain(`${other} running`);
});

test("choices are remembered: what was off stays off, and what was switched stays switched", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  await ana.button("Mute microphone").click();
  await ana.button("Turn camera off").click();
  await joinHere(ana);
  await ana.button("Sound options").click();
  await ana.page.getByRole("switch", { name: "Noise suppression" }).click();
  await ana.page.keyboard.press("Escape");
  await ana.page.reload();
  await expect(ana.button("Unmute microphone")).toBeVisible();
  await expect(ana.button("Turn camera on")).toBeVisible();
  await joinHere(ana);
  await ana.button("Unmute microphone").click();
  await ana.button("Sound options").click();
  await expect(ana.page.getByRole("switch", { name: "Noise suppression" })).not.toBeChecked();
  await expect(ana.page.getByRole("switch", { name: "Echo cancellation" })).toBeChecked();
});
