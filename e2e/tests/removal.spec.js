// Losing what let one in ends the call for that person at once, and the
// token that is still valid does not bring them back.

import { expect, test } from "../lib/test.js";
import { expectEnd, send } from "../lib/ended.js";
import { expectClosed, knock } from "../lib/gate.js";
import { expectPicture, openConnections } from "../lib/media.js";
import { askToJoin, expectCount, join, makeRoom, signUp } from "../lib/people.js";

/** @typedef {import("../lib/people.js").Person} Person */
/** @typedef {import("../lib/foyer.js").Foyer} Foyer */

/**
 * @typedef {object} Call two people in a call, and what the member holds
 * @property {Person} owner
 * @property {Person} member
 * @property {string} room
 * @property {string[]} tokens of the member: the page's, and one more
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
  const [answer] = await Promise.all([member.page.waitForResponse(path, { timeout: 0 }), join(member, room)]);
  const { token } = await answer.json();
  await join(owner, room);
  await expectCount(owner, 2);
  await expectPicture(owner.tile(member.username));

  const second = await askToJoin(member, room);
  expect(second.status()).toBe(200);
  const another = (await second.json()).token;
  expect(await knock(foyer.base, "/rtc", another), "the token opens the gate as long as its holder belongs").toBe(101);
  return { owner, member, room, tokens: [token, another] };
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
  const unused = (await (await askToJoin(member, room)).json()).token;
  await expectEnd(member, title, change);
  await expect(notice).toBeVisible();

  await expect(member.button("Leave call")).toBeHidden();
  await expect.poll(() => openConnections(member.page), { message: "the member's media connections are closed" }).toEqual([]);
  await expect(owner.tile(member.username)).toHaveCount(0);
  if (!forAll) await expectCount(owner, 1);
  await expect.poll(() => picture.evaluate(({ track, video }) => track?.readyState === "ended" || track?.muted || !video.isConnected), { message: "the picture that others saw has stopped" }).toBe(true);
  expect(await newPicturesWithin(picture, 1000), "pictures in the second after").toBe(0);

  await expectClosed(foyer.base, [...tokens, unused]);
  expect((await askToJoin(member, room)).status(), "joining again").toBe(refusal);
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
    change: () => send(members.getByRole("button", { name: "Yes, remove" })),
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
    change: () => send(settings.getByRole("button", { name: "Delete room" })),
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
    change: () => send(account.getByRole("button", { name: "Yes, sign out" })),
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
 * Runs one statement and returns when it was done: to connect for it takes time too.
 * @param {Foyer} foyer
 * @param {string} sql
 * @param {unknown[]} values
 */
async function byHand(foyer, sql, values) {
  const { rowCount } = await foyer.sql(sql, values);
  expect(rowCount).toBe(1);
  return Date.now();
}
