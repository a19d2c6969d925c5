// When something breaks in the middle of a call, it comes back by itself, or
// ends with words.

import { expect, test } from "../lib/test.js";
import { networkHost } from "../lib/browser.js";
import { Foyer, freePort } from "../lib/foyer.js";
import { expectPicture, expectSound } from "../lib/media.js";
import { Network, noNetworks } from "../lib/network.js";
import { expectCount, join, makeRoom, signUp } from "../lib/people.js";
import { Wire } from "../lib/wire.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** Coming back may take several attempts. */
const comesBack = { timeout: 120_000 };

/**
 * @param {Person[]} pair
 */
async function expectBothSeen([one, other]) {
  await expect(one.tile(other.username)).toBeVisible(comesBack);
  await expect(other.tile(one.username)).toBeVisible(comesBack);
  await expectPicture(one.tile(other.username));
  await expectPicture(other.tile(one.username));
  await expectCount(one, 2);
  await expectCount(other, 2);
}

/** @param {Person} person @param {string | RegExp} text */
const notice = ({ page }, text) => page.getByRole("status").getByText(text);

/** Writes in the chat, which is opened first if it is not. @param {Person} person @param {string} text */
async function write({ page }, text) {
  const field = page.getByRole("textbox", { name: "Message" });
  if (!(await field.isVisible())) await page.getByRole("button", { name: /^Chat(, |$)/ }).click();
  await field.fill(text);
  await page.keyboard.press("Enter");
}

/** What was written, in the chat. @param {Person} person @param {string} text */
const said = ({ page }, text) => page.locator("#messages .message-text").filter({ hasText: new RegExp(`^${text}$`) });

test("a connection that is cut says so, and comes back by itself", async ({ visit, foyer }) => {
  const wire = new Wire(foyer.port);
  try {
    const origin = await wire.open();
    const ana = await visit("ana");
    const ben = await visit("ben", { options: { baseURL: origin } });
    const room = await makeRoom(ana, [ben]);
    await join(ana, room);
    await join(ben, room);
    await expectPicture(ben.tile("ana"));
    wire.cut();
    await expect(notice(ben, "Connection lost. Reconnecting…")).toBeVisible();
    wire.mend();
    await expect(notice(ben, "You are back in the call.")).toBeVisible(comesBack);
    await expectBothSeen([ana, ben]);
    await expectSound(ben.page);
  } finally {
    wire.close();
  }
});

test("removed while cut off, one is told so and not let back in", async ({ visit, foyer }) => {
  const wire = new Wire(foyer.port);
  try {
    const ana = await visit("ana");
    const ben = await visit("ben", { options: { baseURL: await wire.open() } });
    const room = await makeRoom(ana, [ben]);
    await join(ana, room);
    await join(ben, room);
    await expectPicture(ana.tile("ben"));
    wire.cut();
    await expect(notice(ben, "Connection lost. Reconnecting…")).toBeVisible();
    await ana.post(`${room}/members/ben/remove`, {});
    await expect(ana.tile("ben")).toHaveCount(0);
    wire.mend();
    await expect(ben.page.getByRole("heading", { name: "Ana removed you" })).toBeVisible(comesBack);
  } finally {
    wire.close();
  }
});

test("the browser goes offline and online again", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ben.tile("ana"));
  await ben.context.setOffline(true);
  await ben.page.evaluate(() => new Promise((resolve) => { if (navigator.onLine) addEventListener("offline", resolve, { once: true }); else resolve(undefined); }));
  await ben.context.setOffline(false);
  await expectBothSeen([ana, ben]);
});

test("without a network one cannot join, is told so, and can once it is back", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  await ana.context.setOffline(true);
  await ana.button("Join call").click();
  await expect(ana.page.getByRole("alert")).toContainText("The call could not be reached. Check your connection, then join again.");
  await ana.context.setOffline(false);
  await ana.button("Join call").click();
  await expectCount(ana, 1);
});

/**
 * Does something with a call of two, one of whom is in another network.
 * @param {import("../lib/test.js").OfTest} test
 * @param {(call: {ana: Person, ben: Person, network: Network}) => Promise<void>} act ben is in it
 */
async function acrossNetworks({ newcomer, launch }, act) {
  const reason = noNetworks();
  test.skip(reason !== "" && !process.env.CI, reason);
  const network = Network.make();
  /** @type {Foyer | undefined} */
  let own;
  try {
    own = await Foyer.start({ FOYER_ADDR: `${networkHost}:${await freePort()}`, FOYER_MEDIA_IP: networkHost });
    const origin = `http://${networkHost}:${own.port}`;
    const how = { trusted: origin };
    const ana = await newcomer({ browser: await launch(how), options: { baseURL: origin } });
    const ben = await newcomer({ browser: await launch(how, network.browser), options: { baseURL: origin }, strained: true });
    await signUp(ana);
    await signUp(ben);
    const room = await makeRoom(ana, [ben]);
    await join(ana, room);
    await join(ben, room);
    await expectBothSeen([ana, ben]);
    await act({ ana, ben, network });
  } finally {
    await own?.remove();
    network.remove();
  }
}

test("twenty seconds without a network, then another address: the call is back by itself, with everything as it was", async ({ newcomer, launch }) => {
  await acrossNetworks({ newcomer, launch }, async ({ ana, ben, network }) => {
    await ben.button("Mute microphone").click();
    await expect(ana.tile(ben.username)).toContainText("microphone off");

    await ben.button("Raise your hand").click();
    await expect(ana.tile(ben.username)).toContainText("hand raised");
    await write(ben, "before");
    await write(ana, "so far");
    await expect(said(ben, "so far")).toHaveCount(1);

    const tile = await ben.tile(ana.username).elementHandle();
    network.pullOut();
    await expect(notice(ben, "Connection lost. Reconnecting…")).toBeVisible({ timeout: 120_000 });
    const away = Date.now();
    await write(ana, "meanwhile");
    while (Date.now() - away < 20_000) {
      expect(await tile?.isVisible(), "the tiles stay").toBe(true);
      await ben.page.waitForTimeout(1000);
    }
    network.plugIn(3);
    await expect(notice(ben, "You are back in the call.")).toBeVisible(comesBack);
    await expectBothSeen([ana, ben]);
    await expect(ben.button("Unmute microphone")).toBeVisible();
    await expect(ben.button("Turn camera off")).toBeVisible();
    await expect(ana.tile(ben.username)).toContainText("microphone off");
    await expect(ana.tile(ben.username)).toContainText("hand raised");
    for (const text of ["before", "so far", "meanwhile"]) await expect(said(ben, text), `"${text}" is there, once`).toHaveCount(1);
    await ben.button("Unmute microphone").click();
    await expectSound(ana.page);
  });
});

test("where the network becomes narrow, pictures get smaller, then end, and the sound goes on", async ({ newcomer, launch }) => {
  test.setTimeout(600_000);
  await acrossNetworks({ newcomer, launch }, async ({ ana, ben, network }) => {
    const taken = () => ben.tile(ben.username).locator("video").evaluate((/** @type {HTMLVideoElement} */ video) => video.videoWidth);
    await expect.poll(taken, { message: "whole pictures at first" }).toBe(640);
    network.narrow(60); // the sound takes half of it
    await expect.poll(taken, { message: "the camera takes smaller pictures", timeout: 120_000 }).toBe(320);
    await expectSound(ana.page);
    await expect(notice(ben, "It is off, so that the sound goes on."), "and then none").toBeVisible({ timeout: 120_000 });
    await expectSound(ana.page);
    await expectCount(ana, 2);
    network.widen();
    await ben.button("Turn camera on").click();
    await expectPicture(ana.tile(ben.username));
  });
});

test.describe("with a Foyer that is hurt", () => {
  /** @type {Foyer} */
  let own;

  test.beforeAll(async () => { own = await Foyer.start(); });
  test.afterAll(async () => { await own.remove(); });

  /**
   * Two people in a call on the Foyer that will be hurt.
   * @param {import("../lib/test.js").Visit} visitAt
   */
  async function callOfTwo(visitAt) {
    const [ana, ben] = [await visitAt("ana", own), await visitAt("ben", own)];
    const room = await makeRoom(ana, [ben]);
    await join(ana, room);
    await join(ben, room);
    await expectBothSeen([ana, ben]);
    return { ana, ben };
  }

  test("the media server is killed: everybody is back in the call by themselves", async ({ visitAt }) => {
    const { ana, ben } = await callOfTwo(visitAt);
    const before = own.mediaServer;
    process.kill(before, "SIGKILL");
    await expect(notice(ben, "Connection lost. Reconnecting…")).toBeVisible();
    await expect.poll(() => { try { return own.mediaServer; } catch { return before; } }, { message: "another media server" }).not.toBe(before);
    await expectBothSeen([ana, ben]);
    await expectSound(ana.page);
  });

  test("Foyer is replaced while a call goes on (SIGHUP): the pictures do not stop for it", async ({ visitAt }) => {
    const { ana, ben } = await callOfTwo(visitAt);
    const before = await ana.tile("ben").getAttribute("data-participant");
    await own.end("SIGHUP");
    await expectPicture(ana.tile("ben")); // while there is no Foyer
    await own.begin();
    await expect(notice(ana, "You are back in the call.")).toBeVisible(comesBack);
    await expectBothSeen([ana, ben]);
    expect(await ana.tile("ben").getAttribute("data-participant"), "the same participant as before").toBe(before);
    await ana.button("Mute microphone").click();
    await expect(ben.tile("ana"), "and what changes is seen again").toContainText("microphone off");
  });

  test("Foyer is stopped and started again (SIGTERM): calls come back by themselves", async ({ visitAt }) => {
    const { ana, ben } = await callOfTwo(visitAt);
    await own.end("SIGTERM");
    await expect(notice(ana, "Connection lost. Reconnecting…")).toBeVisible();
    await own.begin();
    await expectBothSeen([ana, ben]);
    await expectSound(ben.page);
  });
});
