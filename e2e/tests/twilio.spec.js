// Calls that Twilio carries: Foyer's own pages and the real SDK, against a double
// of the service. People notice no difference.

import { claimsOf, expect, test } from "../lib/twilio.js";
import { Foyer, freePort } from "../lib/foyer.js";
import { expectPicture, expectSilence, expectSound, openConnections } from "../lib/media.js";
import { expectCount, join, joinHere, makeRoom } from "../lib/people.js";
import { photographShare, screenShare } from "../lib/share.js";

/** @typedef {import("../lib/people.js").Person} Person */

const atMost = 1000; // milliseconds from the removal to the page that shows it

/**
 * Joins, and returns what the server answered.
 * @param {Person} person
 * @param {string} room
 * @returns {Promise<{backend: string, url: string, token: string, participant: string}>}
 */
async function enter(person, room) {
  const [answer] = await Promise.all([person.page.waitForResponse(new RegExp(`${room}/join$`)), join(person, room)]);
  return answer.json();
}

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

test("pictures of the call, which look like those of any other", { tag: "@pictures" }, async ({ visit, launch, browser }) => {
  test.setTimeout(300_000);
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
  await expect(ana.page.locator(`[data-participant="${participant}"]`)).toHaveCount(0, { timeout: 40_000 });
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
  const poor = (/** @type {Person} */ person) => person.tile("ben").getByText("poor connection");
  await twilio.make("quality", { identity: participant, level: "1" });
  for (const person of [ana, ben]) await expect(poor(person)).toBeAttached();
  for (const person of [ana, ben]) await expect(person.tile("ben").locator(".tile-quality")).toBeVisible();
  await twilio.make("quality", { identity: participant, level: "5" });
  for (const person of [ana, ben]) await expect(person.tile("ben").locator(".tile-quality")).toBeHidden();
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
  await expectPicture(ana.tile("ben"));
  await expectSound(ana.page);
  await expect(ben.button("Share your screen")).toBeEnabled();
});

test.describe("why a call is over is told in words", () => {
  test("the room was ended at Twilio", async ({ visit, twilio }) => {
    const ana = await visit("ana");
    const room = await makeRoom(ana);
    const { token } = await enter(ana, room);
    await expectCount(ana, 1);
    await twilio.make("complete", { room: claimsOf(token).grants.video.room });
    await expect(ana.page.getByRole("heading", { name: "The call has ended." })).toBeVisible();
    await ana.button("Rejoin").click(); // the room is made anew
    await expectCount(ana, 1);
  });

  test("somebody else came with the same token", async ({ visit }) => {
    const [ana, ben] = [await visit("ana"), await visit("ben")];
    const room = await makeRoom(ana, [ben]);
    const answer = await enter(ana, room);
    await expectCount(ana, 1);
    await ben.page.goto("/");
    await connectByHand(ben, answer, 3000);
    await expect(ana.page.getByRole("heading", { name: "You joined this call from somewhere else." })).toBeVisible();
  });

  test("the token had run out, the credentials are wrong, or Twilio does not answer", async ({ visit, twilio }) => {
    const ana = await visit("ana");
    const room = await makeRoom(ana);
    const now = Math.floor(Date.now() / 1000);
    for (const [heading, change] of /** @type {const} */ ([
      ["Connecting took too long.", (/** @type {string} */ token) => twilio.forge(token, (claims) => { claims.exp = now - 10; })],
      ["The call service does not accept this server.", (/** @type {string} */ token) => `${token.slice(0, -4)}AAAA`],
    ])) {
      await ana.page.route(`**${room}/join`, async (route) => {
        const answer = await route.fetch();
        const body = await answer.json();
        await route.fulfill({ response: answer, json: { ...body, token: change(body.token) } });
      }, { times: 1 });
      await ana.page.goto(room);
      await ana.button("Join call").click();
      await expect(ana.page.getByRole("heading", { name: heading })).toBeVisible();
    }
    await twilio.make("refuse", { refuse: "true" });
    await ana.page.goto(room);
    await ana.button("Join call").click();
    await expect(ana.page.getByRole("alert")).toContainText("The call could not be reached.");
    await twilio.make("refuse", { refuse: "false" });
    await joinHere(ana);
  });
});

/**
 * Connects as a program that ignores Foyer's pages does, from a page of it, and
 * tells how long until it was put out, in milliseconds, or null when that takes
 * longer than it may.
 * @param {Person} person
 * @param {{url: string, token: string}} grant
 * @param {number} longest
 * @returns {Promise<number | null>}
 */
function connectByHand({ page }, { url, token }, longest) {
  return page.evaluate(async ([server, credential, most]) => {
    const { connect } = await import(/** @type {string} */ ("/static/any/vendor/twilio.mjs"));
    const began = performance.now();
    let room;
    try {
      room = await connect(credential, { wsServer: server, tracks: [], insights: false });
    } catch (error) {
      const disconnected = 53001; // let in, and put out before the SDK was done
      if (/** @type {{code: number}} */ (error).code !== disconnected) throw error;
      return performance.now() - began;
    }
    return new Promise((resolve) => {
      room.once("disconnected", () => resolve(performance.now() - began));
      setTimeout(() => { resolve(null); room.disconnect(); }, Number(most));
    });
  }, /** @type {const} */ ([url, token, longest]));
}

/**
 * The owner removes the member from the room; the member's page shows it in time,
 * and whoever comes back with the old token is put out.
 * @param {Person} owner
 * @param {Person} member
 * @param {number} window how long somebody with an old token may stay, in milliseconds
 */
async function removeAndReturn(owner, member, window) {
  const room = await makeRoom(owner, [member]);
  await join(owner, room);
  const grant = await enter(member, room);
  await expectPicture(owner.tile(member.username));
  const count = await member.page.locator("[data-participant-count]").innerText();
  expect(count).toBe("2");
  const began = Date.now();
  const ended = member.page.evaluate(() => new Promise((resolve) => {
    const look = () => { if (document.querySelector("#ended")?.checkVisibility()) resolve(Date.now()); else requestAnimationFrame(look); };
    look();
  }));
  await owner.post(`${room}/members/${member.username}/remove`, {});
  const took = Number(await ended) - began;
  console.log(`  out of the call after the removal: ${took} ms`);
  expect(took).toBeLessThanOrEqual(atMost);
  await expect(member.page.getByRole("heading", { name: `${owner.displayName} removed you` })).toBeVisible();
  await expect.poll(() => openConnections(member.page), { message: "media connections are closed" }).toEqual([]);
  await expectCount(owner, 1);

  expect(claimsOf(grant.token).exp * 1000, "the token has not expired").toBeGreaterThan(Date.now());
  for (let time = 0; time < 3; time++) {
    const stayed = await connectByHand(member, grant, window * 3);
    console.log(`  with the old token in the call again for: ${stayed === null ? "too long" : Math.round(stayed)} ms`);
    expect(stayed, "put out again").not.toBeNull();
    expect(Number(stayed)).toBeLessThanOrEqual(window);
  }
  await expectCount(owner, 1);
  return { room, grant };
}

test("the owner removes the member: out within a second, and with the old token put out again", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const { room } = await removeAndReturn(ana, ben, 2000);

  await test.step("whoever was removed does not go on seeing how many are in", async () => {
    await expect(ben.page.locator("[data-participant-count]")).toBeHidden();
    await expect(ben.page.locator("[data-participant]")).toHaveCount(0);
    expect((await ben.page.goto(room))?.status()).toBe(404);
    await ben.page.goto("/");
    await expect(ben.page.getByText("live ·")).toHaveCount(0);
    expect(await ben.page.content()).not.toContain(room);
  });
});

test("without an auth token, and so without callbacks, asking Twilio takes their place", async ({ visitAt, twilio }) => {
  const { TWILIO_AUTH_TOKEN, ...settings } = twilio.settings(await freePort());
  const own = await Foyer.start(settings);
  try {
    expect(own.log, "the start says so").toMatch(/TWILIO_AUTH_TOKEN/);
    const [ana, ben] = [await visitAt("ana", own), await visitAt("ben", own)];
    await removeAndReturn(ana, ben, 8000);
  } finally {
    await own.remove();
  }
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

test("a name is text, whatever it says, and gives nobody another identity", async ({ visit, newcomer, twilio }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  const { participant } = await enter(ana, room);

  await ben.page.goto(room);
  const markup = "<img src=x onerror=alert(1)><b>Ana";
  await ben.page.getByLabel("Display name").fill(markup);
  await joinHere(ben);
  await expect(ana.tile("ben").locator(".tile-name")).toHaveText(markup);
  await expect(ana.tile("ben").locator("img, b")).toHaveCount(0);
  await ben.button("Leave call").click();

  await test.step("claiming a name or an identity in the request changes nothing", async () => {
    const answer = await ben.context.request.post(`${room}/join`, {
      data: { display_name: "Ana", identity: participant, participant, username: "ana", role: "owner" },
      headers: { Origin: new URL(ben.page.url()).origin },
    });
    if (answer.status() === 200) {
      const { token, participant: own } = await answer.json();
      expect(claimsOf(token).grants.identity).toBe(own);
      expect(own).not.toBe(participant);
    } else {
      expect(answer.status(), "what is not asked for is refused").toBe(422);
    }
    await ben.page.goto(room);
    await ben.page.getByLabel("Display name").fill("Ana");
    await joinHere(ben);
    await expect(ana.page.locator(`[data-participant]`)).toHaveCount(2);
    await expect(ana.tile("ben").locator(".tile-name"), "called as they like, but known as who they are").toHaveText("Ana");
    await expect(ana.tile("ana")).toHaveCount(1);
  });

  await test.step("a token with another identity is not Foyer's to give, and is put out", async () => {
    const outsider = await newcomer();
    await outsider.page.goto("/");
    const answer = await ben.context.request.post(`${room}/join`, { data: { display_name: "Ben" }, headers: { Origin: new URL(ben.page.url()).origin } });
    const grant = await answer.json();
    const claimed = twilio.forge(grant.token, (claims) => { claims.grants.identity = "ana"; });
    const stayed = await connectByHand(outsider, { ...grant, token: claimed }, 6000);
    expect(stayed, "nobody whom Foyer did not let in stays").not.toBeNull();
  });
});
