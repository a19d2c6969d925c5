// How calls that Twilio carries end, for whom, and in what words; and that nobody
// is in them, or has a name in them, who may not: Foyer does not stand at Twilio's
// door.

import { claimsOf, enter, expect, test } from "../lib/twilio.js";
import { Foyer, freePort } from "../lib/foyer.js";
import { expectPicture, openConnections } from "../lib/media.js";
import { expectCount, join, joinHere, makeRoom } from "../lib/people.js";

/** @typedef {import("../lib/people.js").Person} Person */

const atMost = 1000; // milliseconds from the removal to the page that shows it

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

  test("Twilio takes no more people into the room", async ({ visit, twilio }) => {
    const [ana, ben] = [await visit("ana"), await visit("ben")];
    const room = await makeRoom(ana, [ben]);
    const live = claimsOf((await enter(ana, room)).token).grants.video.room;
    await expectCount(ana, 1);
    await twilio.make("complete", { room: live });
    await expect(ana.page.getByRole("heading", { name: "The call has ended." })).toBeVisible();
    await twilio.makeRoom(live, 1);
    await ana.button("Rejoin").click();
    await expectCount(ana, 1);
    await ben.page.goto(room);
    await ben.button("Join call").click();
    await expect(ben.page.getByRole("heading", { name: "The room is full." })).toBeVisible();
    await expect(ben.page.getByText("Rejoin when somebody has left.")).toBeVisible();
    await ana.button("Leave call").click();
    await expect(ana.page.getByRole("heading", { name: "You left the call" })).toBeVisible();
    await expect.poll(() => twilio.present(live)).toEqual([]);
    await ben.button("Rejoin").click();
    await expectCount(ben, 1);
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
    expect(answer.status(), "what is not asked for is refused").toBe(422);
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
