// All the ways of coming in, and what people are told when they cannot.

import { expect, test } from "../lib/test.js";
import { insecureHost } from "../lib/browser.js";
import { expectPicture, expectSound, transports } from "../lib/media.js";
import { expectCount, join, joinHere, logIn, makeRoom, setPermission, signUp } from "../lib/people.js";
import { withOthers } from "../lib/stage.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** What the page says is wrong with one's devices. @param {Person} person */
const problem = ({ page }) => page.getByRole("status").filter({ has: page.getByRole("button", { name: "Try again" }) });

test("three people: the late one sees both, and both see the late one; a reload comes back as one", async ({ visit }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo]);
  await join(ana, room);
  await join(ben, room);
  await expectCount(ana, 2);

  await cleo.page.goto(room);
  await expect(cleo.page.getByRole("list", { name: "In the call now" }).getByRole("listitem"), "who is in, before joining").toHaveText([/Ana/, /Ben/]);
  await joinHere(cleo);
  for (const person of [ana, ben, cleo]) await expectCount(person, 3);
  await expectPicture(cleo.tile("ana"));
  await expectPicture(cleo.tile("ben"));
  await expectPicture(ana.tile("cleo"));
  await expectPicture(ben.tile("cleo"));
  await expectSound(cleo.page);

  await ben.page.reload();
  await expectCount(ana, 2);
  await expect(ana.tile("ben")).toHaveCount(0);
  await joinHere(ben);
  for (const person of [ana, ben, cleo]) await expectCount(person, 3);
  await expectPicture(ben.tile("cleo"));
  await expectPicture(cleo.tile("ben"));
});

test("one person in two tabs is there twice, and leaves one at a time", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  const second = await visit("ben");
  await join(second, room);
  await expect(ana.tile("ben")).toHaveCount(2);
  await expectCount(ana, 3);
  await expectPicture(ana.tile("ben").nth(0));
  await expectPicture(ana.tile("ben").nth(1));
  await second.button("Leave call").click();
  await expect(ana.tile("ben")).toHaveCount(1);
  await expectCount(ben, 2);
  await expectPicture(ana.tile("ben"));
});

test("a second click on Join joins once, and leaving while joining leaves nobody behind", async ({ visit, foyer }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  let asked = 0;
  ana.page.on("request", (request) => { if (request.url().endsWith(`${room}/join`)) asked++; });
  await ana.button("Join call").dblclick();
  await expectCount(ana, 1);
  expect(asked).toBe(1);
  await ana.button("Leave call").click();
  await expect(ana.page.getByRole("heading", { name: "You left the call" })).toBeVisible();

  await ana.button("Rejoin").click();
  await ana.button("Leave call").click(); // as soon as it is there, which is before the connection
  await expect(ana.page.getByRole("heading", { name: "You left the call" })).toBeVisible();
  const present = async () => (await foyer.sql(`
    select count(*)::int as n from grants join rooms on rooms.id = grants.room_id
    where rooms.slug = $1 and connected_at is not null and left_at is null and revoked_at is null`, [room.replace("/r/", "")])).rows[0].n;
  await expect.poll(present, { message: "connections that the server knows of" }).toBe(0);

  await ana.button("Rejoin").click();
  await expectCount(ana, 1);
  await expectPicture(ana.tile("ana"));
});

test("a page that is closed says so: its place is free before any connection times out", async ({ visit, foyer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectCount(ana, 2);
  await ben.page.close();
  await expectCount(ana, 1);
  const reasons = await foyer.sql(`
    select coalesce(reason, 'found by the media service') as reason from grants
    join rooms on rooms.id = grants.room_id join users on users.id = grants.user_id
    where rooms.slug = $1 and users.username = 'ben'`, [room.replace("/r/", "")]);
  expect(reasons.rows).toEqual([{ reason: "gone" }]);
});

test("with microphone and camera off one comes in unheard and unseen, and can turn both on", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await ben.page.goto(room);
  await ben.button("Mute microphone").click();
  await ben.button("Turn camera off").click();
  await expect(ben.page.getByText("Your camera is off")).toBeVisible();
  await joinHere(ben);
  await expectCount(ana, 2);
  await expect(ana.tile("ben")).toContainText("microphone off");
  await expect(ana.tile("ben").locator("video")).toHaveCount(0);
  await expectPicture(ben.tile("ana"));
  await ben.button("Unmute microphone").click();
  await ben.button("Turn camera on").click();
  await expect(ana.tile("ben")).toContainText("microphone on");
  await expectPicture(ana.tile("ben"));
  await expectSound(ana.page);
});

test("who comes to many is muted, told so, and unmutes with one click", async ({ visit }) => {
  const ana = await withOthers(visit, 8);
  await expect(ana.button("Unmute microphone")).toBeVisible();
  const told = ana.page.getByRole("status").getByText("Many people are here, so your microphone is off.");
  await expect(told).toBeVisible();
  await ana.page.getByRole("status").getByRole("button", { name: "Unmute" }).click();
  await expect(ana.button("Mute microphone")).toBeVisible();
  await ana.button("Leave call").click();
  await ana.page.reload();
  await expect(ana.button("Mute microphone"), "that was for this call alone").toBeVisible();
});

test("one's own picture is as in a mirror, before the call and in it, unless the camera looks away from oneself", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await ana.page.goto(room);
  await expect(ana.page.locator("#preview video")).toHaveClass(/mirrored/);
  await joinHere(ana);
  await expect(ana.tile("ana")).toHaveClass(/mirrored/);
  await ana.page.addInitScript(() => {
    const { getSettings } = MediaStreamTrack.prototype;
    MediaStreamTrack.prototype.getSettings = function settings() {
      return { ...getSettings.call(this), facingMode: "environment" };
    };
  });
  await ana.page.goto(room);
  await expectPicture(ana.page.locator("#preview"));
  await expect(ana.page.locator("#preview video")).not.toHaveClass(/mirrored/);
  await joinHere(ana);
  await expectPicture(ana.tile("ana"));
  await expect(ana.tile("ana")).not.toHaveClass(/mirrored/);
});

test("devices are listed by name, a chosen display name is what others see", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await ben.page.goto(room);
  for (const kind of ["Camera", "Microphone"]) {
    await expect(ben.page.getByRole("combobox", { name: kind }).getByRole("option").first()).toHaveText(/fake|\.y4m/i);
  }
  await ben.page.getByLabel("Display name").fill("");
  await ben.button("Join call").click();
  await expect(ben.page.getByLabel("Display name")).toBeFocused();
  await expect(ben.page.getByText("Say which name to show.")).toBeVisible();
  await ben.page.getByLabel("Display name").fill("<b>Benjamin</b> & Söhne");
  await joinHere(ben);
  await expect(ana.tile("ben")).toContainText("<b>Benjamin</b> & Söhne");
  await expectPicture(ana.tile("ben"));
});

test("where the network blocks UDP, sound and picture go over TCP", async ({ visit, launch }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben", { browser: await launch({ udp: false }) })];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ben.tile("ana"));
  await expectPicture(ana.tile("ben"));
  await expectSound(ben.page);
  expect(await transports(ben.page), "behind the block").toEqual(["tcp"]);
  expect(await transports(ana.page), "elsewhere UDP comes first").toEqual(["udp"]);
});

test("without a camera, and without any device, one can join to watch and listen", async ({ visit, launch }) => {
  const browser = await launch({ cameras: false });
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben", { browser }), await visit("cleo", { browser })];
  const room = await makeRoom(ana, [ben, cleo]);
  await join(ana, room);
  await ben.page.goto(room);
  await expect(problem(ben)).toContainText("No camera was found.");
  await joinHere(ben);
  await expect(ana.tile("ben").locator("video")).toHaveCount(0);
  await expect(ana.tile("ben")).toContainText("microphone on");
  await expectSound(ana.page);

  // Browsers that feign a camera feign a microphone too: it is taken away here.
  await cleo.context.addInitScript(() => {
    const devices = MediaDevices.prototype;
    const { getUserMedia, enumerateDevices } = devices;
    devices.getUserMedia = async function without(wanted) {
      if (wanted?.audio) throw new DOMException("Requested device not found", "NotFoundError");
      return getUserMedia.call(this, wanted);
    };
    devices.enumerateDevices = async function without() {
      return (await enumerateDevices.call(this)).filter(({ kind }) => kind !== "audioinput");
    };
  });
  await cleo.page.goto(room);
  await expect(problem(cleo)).toContainText("No camera and no microphone were found. Plug one in and it is picked up by itself, or join to watch and listen.");
  await expect(cleo.page.getByRole("combobox", { name: "Camera" })).toHaveText("No camera");
  await joinHere(cleo);
  await expectCount(ana, 3);
  await expectPicture(cleo.tile("ana"));
  await expectSound(cleo.page);
  await expect(ana.tile("cleo").locator("video")).toHaveCount(0);
  await expect(ana.tile("cleo")).toContainText("microphone off");
});

test("a denied permission is explained, and Try again works once it is given", async ({ visit, launch }) => {
  const browser = await launch({ asks: true });
  const ben = await visit("ben", { browser });
  const room = await makeRoom(ben);
  await setPermission(ben, "denied");
  await ben.page.goto(room);
  await expect(problem(ben)).toContainText("Your browser blocks the camera and the microphone for this site. Allow them in the address bar, then press Try again.");
  await ben.button("Try again").click();
  await expect(problem(ben)).toContainText("Your browser blocks the camera and the microphone");
  await joinHere(ben);
  await expect(ben.tile("ben").locator("video")).toHaveCount(0);
  await ben.button("Leave call").click();

  await ben.page.goto(room);
  await expect(problem(ben)).toBeVisible();
  await setPermission(ben, "granted");
  await ben.button("Try again").click();
  await expect(problem(ben)).toBeHidden();
  await joinHere(ben);
  await expectPicture(ben.tile("ben"));
});

test("a full room says so, and lets in when somebody has left", async ({ visit }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo], { capacity: 2 });
  await cleo.page.goto(room); // before it is full
  await join(ana, room);
  await join(ben, room);
  await cleo.button("Join call").click();
  await expect(cleo.page.getByRole("alert")).toContainText("The room is full. Try again when somebody has left.");
  await cleo.page.reload();
  await expect(cleo.page.getByRole("alert")).toContainText("The room is full");
  await ben.button("Leave call").click();
  await expectCount(ana, 1);
  await joinHere(cleo);
  await expectCount(ana, 2);
  await expectPicture(ana.tile("cleo"));
});

test("a locked room says so to members, and lets its owner in", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await ben.page.goto(room);
  await ana.page.goto(`${room}/settings`);
  await ana.button("Lock room").click();
  await expect(ana.page.getByRole("status")).toContainText("The room is locked");
  await ben.button("Join call").click();
  await expect(ben.page.getByRole("alert")).toContainText("The room is locked. Ask somebody inside to unlock it.");
  await join(ana, room);
  const settings = await ana.context.newPage();
  await settings.goto(`${room}/settings`);
  await settings.getByRole("button", { name: "Unlock room" }).click();
  await expect(settings.getByRole("button", { name: "Lock room" })).toBeVisible();
  await joinHere(ben);
  await expectCount(ana, 2);
});

test("over plain http from elsewhere the page says why there is no camera, and one can still watch", async ({ visit, newcomer, foyer }) => {
  const ana = await visit("ana");
  const far = await newcomer({ options: { baseURL: `http://${insecureHost}:${foyer.port}` } });
  await signUp(far);
  const room = await makeRoom(ana, [far]);
  await join(ana, room);
  await far.page.goto(room);
  await expect(far.page.getByRole("status").filter({ hasText: "https" })).toContainText("Browsers give camera and microphone only to pages opened over https or at localhost.");
  await joinHere(far);
  await expectCount(ana, 2);
  await expectPicture(far.tile("ana"));
  await expectSound(far.page);
});

test("somebody who is signed out meanwhile is told so on Join, logs in and is back at the room", async ({ newcomer, foyer }) => {
  const ben = await newcomer();
  await signUp(ben);
  const room = await makeRoom(ben);
  await ben.page.goto(room);
  await foyer.sql("delete from sessions using users where users.id = sessions.user_id and users.username = $1", [ben.username]);
  await ben.button("Join call").click();
  await expect(ben.page.getByRole("heading", { name: /signed out/i })).toBeVisible();
  await ben.page.getByRole("link", { name: "Log in" }).click();
  await logIn(ben, ben.username);
  await ben.page.waitForURL(`**${room}`);
  await joinHere(ben);
  await expectCount(ben, 1);
});
