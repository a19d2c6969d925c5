// Losing what let one in ends the call for that person at once, and the
// token that is still valid does not bring them back.

import { expect, test } from "../lib/test.js";
import { claims, knock } from "../lib/gate.js";
import { expectPicture, openConnections } from "../lib/media.js";
import { askToJoin, expectCount, join, makeRoom, signUp } from "../lib/people.js";

// Milliseconds from the change to the page of the person who is put out: hundreds, on
// a busy machine more, but less than until the next sweep.
const atMost = 4000;

/** @typedef {import("../lib/people.js").Person} Person */
/** @typedef {import("../lib/foyer.js").Foyer} Foyer */

/**
 * @typedef {object} Call two people in a call, and what the member holds
 * @property {Person} owner
 * @property {Person} member
 * @property {string} room
 * @property {string[]} tokens of the member: the page's, and one never used
 */

/**
 * @param {Person} owner
 * @param {Person} member
 * @param {Foyer} foyer
 * @returns {Promise<Call>}
 */
async function callOfTwo(owner, member, foyer) {
  const room = await makeRoom(owner, [member]);
  const path = new RegExp(`${room}/join$`);
  const [answer] = await Promise.all([member.page.waitForResponse(path), join(member, room)]);
  const { token } = await answer.json();
  await join(owner, room);
  await expectCount(owner, 2);
  await expectPicture(owner.tile(member.username));

  const second = await askToJoin(member, room);
  expect(second.status()).toBe(200);
  const unused = (await second.json()).token;
  expect(await knock(foyer.base, "/rtc", unused), "the token opens the gate as long as its holder belongs").toBe(101);
  return { owner, member, room, tokens: [token, unused] };
}

/**
 * Makes the change and checks all that has to follow.
 * @param {Call} call
 * @param {Foyer} foyer
 * @param {object} what
 * @param {string} what.title
 * @param {() => Promise<number>} what.change returns when it was made, in milliseconds of the clock
 * @param {string | RegExp} what.message what the member's page says
 * @param {number} what.refusal the status of joining again
 * @param {boolean} [what.forAll] whether the call is over for the owner too
 */
async function expectPutOut({ owner, member, room, tokens }, foyer, { title, change, message, refusal, forAll = false }) {
  const picture = await owner.tile(member.username).locator("video").evaluateHandle((/** @type {HTMLVideoElement} */ video) => ({
    video, track: /** @type {MediaStream} */ (video.srcObject).getVideoTracks()[0],
  }));
  const notice = member.page.getByRole("heading", { name: message });
  const [changed, shown] = await Promise.all([change(), whenEnded(member)]);
  await expect(notice).toBeVisible();
  const took = shown - changed;
  console.log(`  out of the call after: ${title}: ${took} ms`);
  expect(took, "milliseconds until the member's page shows that the call is over").toBeLessThanOrEqual(atMost);

  await expect(member.button("Leave call")).toBeHidden();
  await expect.poll(() => openConnections(member.page), { message: "the member's media connections are closed" }).toEqual([]);
  await expect(owner.tile(member.username)).toHaveCount(0);
  if (!forAll) await expectCount(owner, 1);
  await expect.poll(() => picture.evaluate(({ track, video }) => track?.readyState === "ended" || track?.muted || !video.isConnected), { message: "the picture that others saw has stopped" }).toBe(true);
  expect(await newPicturesWithin(picture, 1000), "pictures in the second after").toBe(0);

  for (const token of tokens) {
    expect(claims(token).exp * 1000, "the token has not expired").toBeGreaterThan(Date.now());
    for (const path of ["/rtc", "/rtc/v1"]) expect(await knock(foyer.base, path, token), `${path} with the token of before`).toBe(403);
  }
  expect((await askToJoin(member, room)).status(), "joining again").toBe(refusal);
}

/**
 * When the page of a call shows that it is over, in milliseconds of the clock.
 * @param {Person} person
 * @returns {Promise<number>}
 */
function whenEnded(person) {
  return person.page.evaluate(() => new Promise((resolve, reject) => {
    const leave = document.querySelector("[aria-label='Leave call']");
    const look = () => {
      const heading = [...document.querySelectorAll("h1")].some((h1) => h1.checkVisibility() && h1.textContent !== "");
      if (leave?.checkVisibility() || !heading) return;
      observer.disconnect();
      resolve(Date.now());
    };
    const observer = new MutationObserver(look);
    observer.observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    setTimeout(() => reject(new Error("the call goes on after 20 s")), 20_000);
    look();
  }));
}

/**
 * How many pictures a video shows within a time.
 * @param {import("@playwright/test").JSHandle<{video: HTMLVideoElement}>} picture
 * @param {number} ms
 */
function newPicturesWithin(picture, ms) {
  return picture.evaluate(async ({ video }, time) => {
    const before = video.getVideoPlaybackQuality().totalVideoFrames;
    await new Promise((resolve) => { setTimeout(resolve, time); });
    return video.getVideoPlaybackQuality().totalVideoFrames - before;
  }, ms);
}

test("the owner removes the member", async ({ foyer, visit }) => {
  const call = await callOfTwo(await visit("ana"), await visit("ben"), foyer);
  const members = await call.owner.context.newPage();
  await members.goto(`${call.room}/members`);
  await members.getByRole("row", { name: call.member.username }).getByRole("button", { name: "Remove" }).click();
  await expectPutOut(call, foyer, {
    title: "Remove on the members page",
    change: async () => {
      const now = Date.now();
      await members.getByRole("button", { name: "Yes, remove" }).click();
      return now;
    },
    message: "Ana removed you",
    refusal: 404,
  });
  expect((await call.member.page.goto(call.room))?.status(), "the room is not there any more for the member").toBe(404);
});

test("the membership is deleted by hand in SQL", async ({ foyer, visit }) => {
  const call = await callOfTwo(await visit("ana"), await visit("ben"), foyer);
  await expectPutOut(call, foyer, {
    title: "delete from memberships",
    change: () => byHand(foyer, `
      delete from memberships using rooms, users
      where memberships.room_id = rooms.id and memberships.user_id = users.id and rooms.slug = $1 and users.username = $2`,
    [call.room.replace("/r/", ""), call.member.username]),
    message: "You no longer belong to this room",
    refusal: 404,
  });
});

test("the account is switched off by hand in SQL", async ({ foyer, visit, newcomer }) => {
  const member = await newcomer();
  await signUp(member);
  const call = await callOfTwo(await visit("ana"), member, foyer);
  await expectPutOut(call, foyer, {
    title: "update users set disabled_at",
    change: () => byHand(foyer, "update users set disabled_at = now() where username = $1", [member.username]),
    message: "Your account is switched off",
    refusal: 401,
  });
});

test("the room is deleted", async ({ foyer, visit }) => {
  const call = await callOfTwo(await visit("ana"), await visit("ben"), foyer);
  const settings = await call.owner.context.newPage();
  await settings.goto(`${call.room}/settings`);
  const name = await settings.getByLabel("Room name").inputValue();
  await settings.getByLabel(/to confirm/).fill(name);
  await expectPutOut(call, foyer, {
    title: "Delete room in the settings",
    change: async () => {
      const now = Date.now();
      await settings.getByRole("button", { name: "Delete room" }).click();
      return now;
    },
    message: "Ana deleted this room",
    refusal: 404,
    forAll: true,
  });
  await expect(call.owner.page.getByRole("heading", { name: "deleted this room" }), "the owner's own call is over too").toBeVisible();
});

test("the member signs out everywhere", async ({ foyer, visit, newcomer }) => {
  const member = await newcomer();
  await signUp(member);
  const call = await callOfTwo(await visit("ana"), member, foyer);
  const account = await member.context.newPage();
  await account.goto("/account/sessions");
  await account.getByRole("button", { name: "Sign out everywhere", exact: true }).click();
  await expectPutOut(call, foyer, {
    title: "Sign out everywhere",
    change: async () => {
      const now = Date.now();
      await account.getByRole("button", { name: "Yes, sign out" }).click();
      return now;
    },
    message: "You are signed out",
    refusal: 401,
  });
});

test("a role that was lowered, a lock and a full room put nobody out who is in", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben], { capacity: 2 });
  await ana.post(`${room}/members/${ben.username}`, { role: "moderator" });
  await join(ben, room);
  await join(ana, room);
  await ana.post(`${room}/members/${ben.username}`, { role: "member" });
  await ana.post(`${room}/lock`, { locked: "true" });
  await expectPicture(ana.tile(ben.username));
  await expectPicture(ben.tile(ana.username));
  await expectCount(ben, 2);
});

/**
 * Runs one statement and returns when it began.
 * @param {Foyer} foyer
 * @param {string} sql
 * @param {unknown[]} values
 */
async function byHand(foyer, sql, values) {
  const now = Date.now();
  const { rowCount } = await foyer.sql(sql, values);
  expect(rowCount).toBe(1);
  return now;
}
