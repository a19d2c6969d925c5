// Calls that Twilio carries: Foyer's own pages and the real SDK, against a double
// of the service. People notice no difference.

import { claimsOf, enter, expect, test } from "../lib/twilio.js";
import { Foyer, freePort } from "../lib/foyer.js";
import { expectPicture, expectSilence, expectSound, openConnections, sending, sharedAs } from "../lib/media.js";
import { expectCount, join, makeRoom } from "../lib/people.js";
import { photographShare, screenShare } from "../lib/share.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** @param {Person} person @param {string | RegExp} text */
const notice = ({ page }, text) => page.getByRole("status").getByText(text);

test("two people see and hear each other, mute, leave and rejoin", async ({ visit, twilio, foyer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  const answer = await enter(ana, room);
  expect(answer.backend).toBe("twilio");
  const { exp, nbf, grants } = claimsOf(answer.token);
  expect(grants.identity, "the identity is that of the grant").toBe(answer.participant);
  expect(exp - Date.now() / 1000, "seconds that the token lives").toBeLessThanOrEqual(600);
  expect(Date.now() / 1000 - nbf, "seconds since it began").toBeGreaterThanOrEqual(29);
  await expectCount(ana, 1);
  await join(ben, room);
  for (const [one, other] of [[ana, ben], [ben, ana]]) {
    await expectCount(one, 2);
    await expectPicture(one.tile(other.username));
    await expectSound(one.page);
  }
  expect(await twilio.present(grants.video.room)).toHaveLength(2);

  await test.step("mute and camera show on the other side", async () => {
    await expect(ana.tile("ben")).toContainText("microphone on");
    await ben.button("Mute microphone").click();
    await expect(ana.tile("ben")).toContainText("microphone off");
    await expectSilence(ana.page);
    await ben.button("Unmute microphone").click();
    await expect(ana.tile("ben")).toContainText("microphone on");
    await expectSound(ana.page);
    await ben.button("Turn camera off").click();
    await expect(ana.tile("ben").locator("video")).toHaveCount(0);
    await ben.button("Turn camera on").click();
    await expectPicture(ana.tile("ben"));
  });

  await test.step("one leaves, and is back", async () => {
    await ben.button("Leave call").click();
    await expect(ben.page.getByRole("heading", { name: "You left the call" })).toBeVisible();
    await expect.poll(() => openConnections(ben.page)).toEqual([]);
    await expect(ana.tile("ben")).toHaveCount(0);
    await expectCount(ana, 1);
    await ben.button("Rejoin").click();
    await expectPicture(ana.tile("ben"));
    await expectPicture(ben.tile("ana"));
    await expectSound(ben.page);
  });

  await test.step("the dashboard and the members know who is in", async () => {
    const { rows } = await foyer.sql("select count(*)::int as n from ledger join rooms on rooms.id = room_id where slug = $1 and kind = 'joined'", [room.replace("/r/", "")]);
    expect(rows[0].n, "comings in the ledger").toBe(3);
  });
});

test("a moderator may act upon whoever has just come, though the service says so late", async ({ visit, twilio }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await ana.button("People").click();
  await twilio.make("hold", { hold: "true" });
  const seats = ana.page.waitForResponse(`**${room}/participants`);
  await join(ben, room);
  await expect(ana.tile("ben")).toBeVisible();
  expect((await (await seats).json()).people, "the server does not know of Ben yet").toHaveLength(1);
  await twilio.make("hold", { hold: "false" });
  await ana.button("Actions for Ben").click();
  await expect(ana.page.getByRole("menuitem", { name: "Remove from the call", exact: true })).toBeVisible();
});

test("another microphone and another camera are chosen in the middle of the call", async ({ visit, launch }) => {
  const ana = await visit("ana");
  const ben = await visit("ben", { browser: await launch({ choice: true }) });
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ana.tile("ben"));
  await expectSound(ana.page);
  const sheet = ben.page.getByRole("dialog");
  for (const [opener, kind] of [["Picture options", "Camera"], ["Sound options", "Microphone"]]) {
    await ben.button(opener).click();
    const devices = sheet.getByRole("combobox", { name: kind });
    const other = await devices.locator("option:not(:checked)").last().innerText();
    expect(await sending(ben.page)).not.toContain(other);
    await devices.selectOption({ label: other });
    await expect.poll(() => sending(ben.page), { message: `the ${kind} that is sent` }).toContain(other);
    await sheet.getByRole("button", { name: "Close" }).click();
  }
  await expect.poll(() => sending(ben.page), { message: "nothing of the ones before" }).toHaveLength(2);
  await expectPicture(ana.tile("ben"));
  await expectSound(ana.page);
  await ben.button("Mute microphone").click();
  await expectSilence(ana.page);
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
  await ben.button("Mute microphone").click();
  for (const person of [ana, ben]) await expect(person.tile("ben")).not.toHaveClass(/\bspeaking\b/);
});

test("a shared screen is seen large, and gives the other tiles back when it ends", async ({ visit }) => {
  const { ana, ben, cleo } = await screenShare(visit);
  await test.step("whoever comes while it goes on sees it", async () => {
    await ben.button("Share your screen").click();
    await expect.poll(async () => (await sharedAs(ben.page))?.hint).toBe("detail");
    await ben.button("Motion").click();
    await expect.poll(async () => (await sharedAs(ben.page))?.hint, "what is sent follows, though it is a copy").toBe("motion");
    await cleo.button("Leave call").click();
    await cleo.button("Rejoin").click();
    await expectPicture(cleo.page.locator("[data-share]"));
  });
  await test.step("whoever leaves takes the screen along", async () => {
    await ben.button("Leave call").click();
    await expect(ana.page.locator("[data-share]")).toHaveCount(0);
    await expectCount(ana, 2);
  });
});

test("on a phone the SDK opens nothing by itself: what is turned off stays off when the page is seen again", async ({ visit }) => {
  const ana = await visit("ana");
  await join(ana, await makeRoom(ana, []));
  await ana.button("Turn camera off").click();
  await ana.page.evaluate(() => { // what the SDK knows an iPhone by, when it is given the next track
    Object.defineProperty(navigator, "userAgent", { value: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1" });
    Object.defineProperty(navigator, "maxTouchPoints", { value: 5 });
    Object.defineProperty(screen, "width", { value: 390 });
  });
  await ana.button("Turn camera on").click();
  await expect.poll(() => sending(ana.page)).toHaveLength(2);
  await ana.button("Turn camera off").click();
  await expect.poll(() => sending(ana.page)).toHaveLength(1);
  const opened = await ana.page.evaluate(async () => {
    const { mediaDevices } = navigator;
    const open = mediaDevices.getUserMedia.bind(mediaDevices);
    let opened = 0;
    mediaDevices.getUserMedia = (wish) => { opened++; return open(wish); };
    document.dispatchEvent(new Event("visibilitychange"));
    await new Promise((done) => { setTimeout(done, 2000); });
    return opened;
  });
  expect(opened).toBe(0);
});

test("pictures of the call, which look like those of any other", { tag: "@pictures" }, async ({ visit, launch, browser }) => {
  test.setTimeout(600_000);
  await photographShare(visit, launch, browser, "twilio");
});

test("a signalling connection that drops is mended by itself, and the pictures go on meanwhile", async ({ visit, twilio }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  const { participant } = await enter(ben, room);
  await expectPicture(ana.tile("ben"));
  await twilio.make("refuse", { refuse: "true" });
  await twilio.make("drop", { identity: participant });
  await expect(notice(ben, "Connection lost. Reconnecting…")).toBeVisible();
  await expectPicture(ana.tile("ben"));
  await expectSound(ana.page);
  await ben.button("Mute microphone").click(); // told once signalling is back, but obeyed at once
  await expectSilence(ana.page);
  await twilio.make("refuse", { refuse: "false" });
  await expect(notice(ben, "You are back in the call.")).toBeVisible();
  await expect(ana.tile("ben")).toContainText("microphone off");
  expect(await ana.tile("ben").getAttribute("data-participant"), "the same participant as before").toBe(participant);
  await ben.button("Unmute microphone").click();
  await expect(ana.tile("ben")).toContainText("microphone on");
  await ben.button("Turn camera off").click();
  await expect(ana.tile("ben").locator("video")).toHaveCount(0);
  await ben.button("Turn camera on").click();
  await expectPicture(ana.tile("ben"));
  await expectPicture(ben.tile("ana"));
  await expectSound(ana.page);
});

test("a connection that cannot be mended, because the token has run out, is made afresh", async ({ visit, twilio }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  // Foyer's tokens live two minutes; this one lives for a few seconds.
  await ben.page.route(`**${room}/join`, async (route) => {
    const answer = await route.fetch();
    const body = await answer.json();
    await route.fulfill({ response: answer, json: { ...body, token: twilio.forge(body.token, (claims) => { claims.exp = Math.floor(Date.now() / 1000) + 5; }) } });
  }, { times: 1 });
  const { participant, token } = await enter(ben, room);
  await expectPicture(ana.tile("ben"));
  await expect.poll(() => claimsOf(token).exp * 1000 < Date.now()).toBe(true);
  await twilio.make("drop", { identity: participant });
  await expect(notice(ben, "You are back in the call.")).toBeVisible();
  await expectPicture(ana.tile("ben").and(ana.page.locator(`:not([data-participant="${participant}"])`)));
  // Twilio waits half a minute for whoever lost their signalling.
  await expect(ana.page.locator(`[data-participant="${participant}"]`)).toHaveCount(0, { timeout: 120_000 });
  await expectCount(ana, 2);
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
  await ben.button("Turn camera off").click();
  await expect(ana.tile("ben").locator("video")).toHaveCount(0);
  await ben.button("Turn camera on").click();
  await expectPicture(ana.tile("ben"));
  await expectPicture(ben.tile("ana"));
  await expectCount(ana, 2);
  await expectCount(ben, 2);
});

test("how good somebody's network is shows on their tile", async ({ visit, twilio }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  const { participant } = await enter(ben, room);
  await expectPicture(ana.tile("ben"));
  const poor = (/** @type {Person} */ person) => person.tile("ben").getByRole("button", { name: "Poor connection, details" });
  await twilio.make("quality", { identity: participant, level: "1" });
  for (const person of [ana, ben]) await expect(poor(person)).toBeVisible();
  await twilio.make("quality", { identity: participant, level: "5" });
  for (const person of [ana, ben]) await expect(poor(person)).toBeHidden();
});

test("a right that is taken away in the middle of the call: the page stops sending, which Twilio cannot do", async ({ visit, foyer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ana.tile("ben"));
  await expectSound(ana.page);
  await ben.button("Share your screen").click();
  await expectPicture(ana.page.locator("[data-share]"));
  const allow = (/** @type {boolean} */ all) => foyer.sql("update rooms set switches = $2 where slug = $1", [room.replace("/r/", ""), { microphone: all, camera: all, share: all }]);
  await allow(false);
  await expect(ana.tile("ben")).toContainText("microphone off");
  await expect(ana.tile("ben").locator("video")).toHaveCount(0);
  await expect(ana.page.locator("[data-share]")).toHaveCount(0);
  for (const name of ["Unmute microphone", "Turn camera on", "Share your screen"]) await expect(ben.button(name)).toBeDisabled();
  await expectCount(ana, 2); // still there, to watch and listen
  await allow(true);
  await expect(ben.button("Share your screen")).toBeEnabled();
  await expect(ana.tile("ben").locator("video"), "that is for Ben to do").toHaveCount(0);
  await ben.page.locator("#bar-camera").click();
  await ben.button("Unmute microphone").click();
  await expectPicture(ana.tile("ben"));
  await expectSound(ana.page);
});

test("what moderators do is the same as with any other service: admit, send back, remove, end", async ({ visit }) => {
  const [ana, ben, zoe] = [await visit("ana"), await visit("ben"), await visit("zoe")];
  const room = await makeRoom(ana, [ben], { visibility: "open", lobby: "strangers" });
  await join(ana, room);
  await join(ben, room);
  await zoe.page.goto(room);
  await zoe.button("Ask to join").click();
  await ana.button("Admit Zoe").click();
  for (const person of [ana, ben]) await expectPicture(person.tile("zoe"));
  await expectPicture(zoe.tile("ana"));

  const panel = ana.page.getByRole("complementary", { name: "People" });
  const act = async (/** @type {string} */ name, /** @type {string} */ action) => {
    await panel.getByRole("button", { name: `Actions for ${name}` }).click();
    await ana.page.getByRole("menuitem", { name: action }).click();
  };
  await ana.page.getByRole("button", { name: /^People/ }).click();
  await act("Zoe", "Move to the lobby");
  await expect(zoe.page.getByText("Ana moved you to the lobby.")).toBeVisible();
  await expect.poll(() => openConnections(zoe.page), { message: "media connections of who was moved" }).toEqual([]);
  await expect(ana.tile("zoe")).toHaveCount(0);
  await panel.getByRole("button", { name: "Admit Zoe" }).click();
  await expectPicture(ana.tile("zoe"));

  await act("Ben", "Remove from the call");
  await expect(ben.page.getByRole("heading", { name: "Ana removed you" })).toBeVisible();
  await expect.poll(() => openConnections(ben.page), { message: "media connections of who was removed" }).toEqual([]);
  await expectCount(ana, 2);

  await ana.button("Ways to leave").click();
  await ana.page.getByRole("menuitem", { name: "End call for everyone" }).click();
  await ana.button("Yes, end it").click();
  await expect(zoe.page.getByRole("heading", { name: "Ana ended the call for everyone." })).toBeVisible();
  for (const person of [ana, zoe]) await expect.poll(() => openConnections(person.page)).toEqual([]);
});

test("Foyer is stopped and started again: the call, which is not Foyer's to carry, goes on", async ({ visitAt, twilio }) => {
  const own = await Foyer.start(twilio.settings(await freePort()));
  try {
    const [ana, ben] = [await visitAt("ana", own), await visitAt("ben", own)];
    const room = await makeRoom(ana, [ben]);
    await join(ana, room);
    const { participant } = await enter(ben, room);
    await expectPicture(ana.tile("ben"));
    await own.end();
    await expectPicture(ana.tile("ben"));
    await ben.button("Mute microphone").click();
    await expect(ana.tile("ben")).toContainText("microphone off");
    await own.begin();
    await expectPicture(ana.tile("ben"));
    expect(await ana.tile("ben").getAttribute("data-participant")).toBe(participant);
    await ana.post(`${room}/members/ben/remove`, {});
    await expect(ben.page.getByRole("heading", { name: "Ana removed you" })).toBeVisible();
    await expectCount(ana, 1);
  } finally {
    await own.remove();
  }
});
