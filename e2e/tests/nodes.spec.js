// Two Foyers that share a database and a Redis are one service: calls go across
// them, what one is told reaches those on the other, and one can be lost.

import { expect, test } from "../lib/test.js";
import { Cluster, missing } from "../lib/cluster.js";
import { knock } from "../lib/gate.js";
import { expectPicture, expectSound, openConnections, ways } from "../lib/media.js";
import { expectCount, join, makeRoom } from "../lib/people.js";
import { Wire } from "../lib/wire.js";

const atMost = 1000; // milliseconds from a change at one node to the page at the other
/** A node that is gone is noticed after seconds, and then people try again. */
const comesBack = { timeout: 120_000 };

/** @typedef {import("../lib/people.js").Person} Person */
/** @typedef {import("../lib/foyer.js").Foyer} Foyer */

/** @type {Cluster} */
let cluster;

test.beforeAll(async () => {
  test.setTimeout(600_000); // Redis may have to be installed
  const lacks = missing();
  test.skip(Boolean(lacks) && !process.env.CI, `there is no ${lacks} here`);
  cluster = await Cluster.start(2);
});
test.afterAll(async () => {
  await cluster?.remove();
});

/**
 * Waits until both see each other move and hear each other.
 * @param {Person} one
 * @param {Person} other
 */
async function expectTogether(one, other) {
  await expect(one.tile(other.username)).toHaveCount(1, comesBack);
  await expect(other.tile(one.username)).toHaveCount(1, comesBack);
  await expectPicture(one.tile(other.username));
  await expectPicture(other.tile(one.username));
  await expectSound(one.page);
  await expectSound(other.page);
}

/**
 * When a person's page shows a heading, in milliseconds of the clock.
 * @param {Person} person
 * @param {string} text that it begins with
 * @returns {Promise<number>}
 */
function whenShown({ page }, text) {
  return page.evaluate((words) => new Promise((resolve) => {
    const look = () => {
      if ([...document.querySelectorAll("h1, h2")].some((heading) => heading.checkVisibility() && heading.textContent?.startsWith(words))) resolve(Date.now());
    };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
    look();
  }), text);
}

test("a call across two nodes, and each change at one reaches the page at the other within a second", async ({ visitAt }) => {
  const [here, there] = cluster.nodes;
  const [ana, ben, zoe] = [await visitAt("ana", here), await visitAt("ben", there), await visitAt("zoe", there)];
  const room = await makeRoom(ana, [ben], { visibility: "open", lobby: "strangers", name: "Across" });
  await join(ana, room);
  const answer = ben.page.waitForResponse(new RegExp(`${room}/join$`));
  await join(ben, room);
  const { token } = await (await answer).json();
  await expectTogether(ana, ben);
  await expectCount(ben, 2);
  expect(await cluster.carrying(ben.page), "one media server carries the call").toBe(await cluster.carrying(ana.page));

  await test.step("who is banned at one node is out at the other, and no node lets them back in", async () => {
    const began = Date.now();
    const [shown] = await Promise.all([whenShown(ben, "You no longer belong to this room"), ana.post(`${room}/members/ben/ban`, {})]);
    console.log(`  at the other node, out of the call after ${shown - began} ms`);
    expect(shown - began).toBeLessThanOrEqual(atMost);
    await expect.poll(() => openConnections(ben.page)).toEqual([]);
    await expect(ana.tile("ben")).toHaveCount(0);
    await expectCount(ana, 1);
    for (const node of cluster.nodes) expect(await knock(node.base, "/rtc/v1", token), "the token of before").toBe(403);
    expect((await ben.page.goto(room))?.status()).toBe(404);
  });
  await test.step("who waits at one node is let in at the other, and sent back", async () => {
    await zoe.page.goto(room);
    await zoe.button("Ask to join").click();
    await expect(zoe.page.getByText("1 person who can let you in has been told.")).toBeVisible();
    await ana.button("Admit Zoe").click();
    await expectPicture(ana.tile("zoe"));
    await expectPicture(zoe.tile("ana"));
    const participant = await ana.tile("zoe").getAttribute("data-participant");
    const began = Date.now();
    const [shown] = await Promise.all([whenShown(zoe, "You are waiting"), ana.post(`${room}/participants/${participant}/lobby`, {})]);
    console.log(`  at the other node, moved to the lobby after ${shown - began} ms`);
    expect(shown - began).toBeLessThanOrEqual(atMost);
    await expect.poll(() => openConnections(zoe.page)).toEqual([]);
    await expectCount(ana, 1);
  });

  expect(cluster.nodes.flatMap((node) => node.errors)).toEqual([]);
});

test("200 people ask two nodes for 10 places at once: 10 are in, 190 are told that it is full", async ({ visitAt }) => {
  const places = 10;
  const asking = 200;
  const ana = await visitAt("ana", cluster.nodes[0]);
  const room = await makeRoom(ana, [], { guests: true, capacity: places });
  await ana.page.goto(`${room}/invitations`);
  await ana.page.getByLabel("They come as").selectOption("guest");
  await ana.page.getByRole("button", { name: "Make link" }).click();
  const link = new URL((await ana.page.locator(".made-address").textContent()) ?? "").pathname;

  /** @param {number} i which of them */
  const guest = async (i) => {
    const node = cluster.nodes[i % cluster.nodes.length];
    const origin = node.base.replace("//localhost", "//127.0.0.1");
    const headers = { Origin: origin, "X-Forwarded-For": `192.0.2.${i}` };
    const came = await fetch(origin + link, { method: "POST", headers, body: new URLSearchParams({ display_name: `Guest ${i}` }), redirect: "manual" });
    expect(came.status, await came.text()).toBe(303);
    const cookie = came.headers.getSetCookie().map((set) => set.split(";")[0]).join("; ");
    return () => fetch(`${origin}${room}/join`, { method: "POST", headers: { ...headers, Cookie: cookie, "Content-Type": "application/json" }, body: "{}" });
  };
  const guests = await Promise.all(Array.from({ length: asking }, (_, i) => guest(i)));
  const answers = await Promise.all(guests.map(async (ask) => {
    const answer = await ask();
    return `${answer.status} ${(await answer.json()).error?.reason ?? "in"}`;
  }));
  const told = (/** @type {string} */ what) => answers.filter((answer) => answer === what).length;
  expect([told("200 in"), told("403 full")], answers.join(", ")).toEqual([places, asking - places]);
});

test("a node is lost with the media server that carries the call: everybody is back by themselves, and so is the node", async ({ visitAt }) => {
  const [here, there] = cluster.nodes;
  const wire = new Wire(here.port);
  try {
    const origin = await wire.open();
    const balanced = Object.assign(Object.create(here), { base: origin });
    const [ana, ben] = [await visitAt("cleo", balanced), await visitAt("dan", there)];
    const room = await makeRoom(ana, [ben]);
    // Which media server carries a call is theirs to decide: until it is the one that will be lost.
    let path = room;
    for (let tries = 0; ; tries++) {
      await join(ana, path);
      await join(ben, path);
      await expectTogether(ana, ben);
      if (await cluster.carrying(ana.page) === here) break;
      expect(tries, "calls that the second node carries one after the other").toBeLessThan(20);
      path = await makeRoom(ana, [ben]);
    }
    const died = Date.now();
    await here.die();
    wire.cut();
    wire.lead(there.port);
    await expect(ana.page.getByRole("status").getByText("Connection lost. Reconnecting…")).toBeVisible();
    wire.mend();
    for (const { page } of [ana, ben]) {
      await expect.poll(async () => (await ways(page)).map(({ port }) => port), { message: "media go to the other node", ...comesBack }).toContain(there.mediaPort);
    }
    await expectTogether(ana, ben);
    console.log(`  together again ${Date.now() - died} ms after the node was lost`);
    await expectCount(ana, 2);
    await expectCount(ben, 2);

    await here.begin();
    const eve = await visitAt("eve", here);
    await ana.post(`${path}/members`, { login: "eve", role: "member" });
    await join(eve, path);
    await expectTogether(eve, ben);
    await expectCount(ana, 3);
  } finally {
    wire.close();
  }
});
