// Where tiles are, what of them is received, and that nothing jumps.

import { expectPicture, receivedBytes } from "../lib/media.js";
import { expectCount, join, makeRoom } from "../lib/people.js";
import { choose, drawn, make, parts, withOthers } from "../lib/stage.js";
import { expect, test } from "../lib/test.js";

/** @typedef {import("../lib/people.js").Person} Person */

test("grid, speaker, pin, and hiding oneself; the choice is remembered", async ({ visit }) => {
  const ana = await withOthers(visit, 6);
  await expect(parts(ana, "grid")).toHaveCount(7);

  await choose(ana, "Speaker");
  await expect(parts(ana, "main")).toHaveCount(1);
  await expect(parts(ana, "strip")).toHaveCount(6);
  await make(ana, "emit", "speaking", { ids: ["drawn-3"] });
  await expect(drawn(ana, 3)).toHaveAttribute("data-part", "main");
  await make(ana, "emit", "speaking", { ids: ["drawn-3", "drawn-0"] });
  await expect(drawn(ana, 0)).toHaveClass(/\bspeaking\b/);
  await expect(drawn(ana, 3), "a word in between does not take the floor").toHaveAttribute("data-part", "main");
  await make(ana, "emit", "speaking", { ids: ["drawn-0"] });
  await expect(drawn(ana, 0)).toHaveAttribute("data-part", "main");

  await drawn(ana, 5).hover();
  await ana.button("Options for Gus Moreau").click();
  await ana.page.getByRole("menuitem", { name: "Pin", exact: true }).click();
  await expect(drawn(ana, 5)).toHaveAttribute("data-part", "main");
  await expect(drawn(ana, 5)).toContainText("pinned");
  await drawn(ana, 5).dblclick();
  await expect(drawn(ana, 5)).toHaveAttribute("data-part", "strip");

  await choose(ana, "Hide my own tile");
  await expect(ana.tile("ana")).toBeHidden();
  await expect(parts(ana, "strip")).toHaveCount(5);

  await ana.page.reload();
  await ana.button("Join call").click();
  await expect(parts(ana, "main")).toHaveCount(1);
  await expect(ana.tile("ana")).toBeHidden();
  await choose(ana, "Hide my own tile");
  await expect(ana.tile("ana")).toBeVisible();
});

test("alone with one other, one's own tile is in a corner, and moves to another by pointer and by keyboard", async ({ visit }) => {
  const ana = await withOthers(visit, 1);
  const own = ana.tile("ana");
  await expect(own).toHaveAttribute("data-part", "corner");
  const stage = await ana.page.locator("#stage").boundingBox();
  const middle = { x: (stage?.x ?? 0) + (stage?.width ?? 0) / 2, y: (stage?.y ?? 0) + (stage?.height ?? 0) / 2 };
  const where = async () => {
    const box = await own.boundingBox();
    return `${(box?.y ?? 0) < middle.y ? "top" : "bottom"} ${(box?.x ?? 0) < middle.x ? "left" : "right"}`;
  };
  await expect.poll(where).toBe("bottom right");
  await own.hover();
  await ana.page.mouse.down();
  await ana.page.mouse.move(middle.x, middle.y, { steps: 4 });
  await ana.page.mouse.move((stage?.x ?? 0) + 150, (stage?.y ?? 0) + 120, { steps: 4 });
  await ana.page.mouse.up();
  await expect.poll(where).toBe("top left");
  await ana.button("Options for Ana").focus();
  await ana.page.keyboard.press("Enter");
  await ana.page.getByRole("menuitem", { name: "Move down" }).focus();
  await ana.page.keyboard.press("Enter");
  await expect.poll(where).toBe("bottom left");
  await expect(ana.button("Options for Ana"), "focus comes back").toBeFocused();
});

test("49 tiles on a page, the others on the next; tiles that are not on screen are not asked for", async ({ visit }) => {
  const ana = await withOthers(visit, 55);
  await choose(ana, "Grid");
  await expect(parts(ana, "grid")).toHaveCount(49);
  /** @returns {Promise<string[]>} whose picture is received now */
  const received = () => ana.page.evaluate(() => {
    const { crowd } = /** @type {{crowd: {media: {watched: Map<string, object | null>}}}} */ (/** @type {unknown} */ (globalThis));
    return [...crowd.media.watched].flatMap(([key, size]) => (size ? [key.split(" ")[0] ?? ""] : [])).sort();
  });
  /** @returns {Promise<string[]>} whose tile with a picture is on screen */
  const shown = () => ana.page.locator("[data-participant^=drawn]:visible:has(video)").evaluateAll((tiles) => tiles.map((tile) => tile.dataset.participant ?? "").sort());
  await expect.poll(async () => (await received()).join()).toBe((await shown()).join());
  await ana.button("More people").click();
  await expect(parts(ana, "grid")).toHaveCount(7);
  await expect.poll(async () => (await received()).join()).toBe((await shown()).join());
  await expect(ana.page.locator("#pager")).toContainText("2 of 2");
});

test("nothing shifts when tiles come, grow and go, though they glide; nothing glides where motion is not wanted", async ({ visit }) => {
  const ana = await withOthers(visit, 4);
  await expect(ana.button("Ways to leave"), "what one may do is known").toBeVisible();
  await ana.page.evaluate(async () => {
    // What came before is drawn.
    for (let n = 0; n < 2; n++) await new Promise((resolve) => { requestAnimationFrame(resolve); });
    const seen = { shifts: /** @type {string[]} */ ([]), glides: 0 };
    Object.assign(globalThis, { seen });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        const { sources = [], value } = /** @type {PerformanceEntry & {value: number, sources?: {node?: Node}[]}} */ (entry);
        seen.shifts.push(`${value} ${sources.map(({ node }) => (node instanceof Element ? `${node.getAttribute("class")} in ${node.parentElement?.getAttribute("class")}` : node?.nodeName)).join(", ")}`);
      }
    }).observe({ type: "layout-shift", buffered: false });
    const animate = Element.prototype.animate;
    Element.prototype.animate = function (...args) {
      if (this.classList.contains("tile")) seen.glides++;
      return animate.apply(this, args);
    };
  });
  const seen = () => ana.page.evaluate(() => /** @type {{seen: {shifts: string[], glides: number}}} */ (/** @type {unknown} */ (globalThis)).seen);
  for (const motion of /** @type {const} */ (["no-preference", "reduce"])) {
    await ana.page.emulateMedia({ reducedMotion: motion });
    const before = (await seen()).glides;
    for (let n = 10; n < 15; n++) await make(ana, "set", `drawn-${n}`, { share: n === 12 ? "screen" : "" });
    await expectCount(ana, 10);
    await expect(parts(ana, "main")).toHaveCount(1);
    for (let n = 10; n < 15; n++) await make(ana, "drop", `drawn-${n}`);
    await expectCount(ana, 5);
    await expect(parts(ana, "grid")).toHaveCount(5);
    expect((await seen()).glides > before, motion).toBe(motion === "no-preference");
  }
  expect((await seen()).shifts).toEqual([]);
});

test("the call fits into a small window, with its controls, and comes back", async ({ visit }) => {
  const ana = await withOthers(visit, 3);
  test.skip(!await ana.page.evaluate(() => "documentPictureInPicture" in globalThis), "this browser has no such windows");
  await ana.button("More").click();
  const opened = ana.context.waitForEvent("page");
  await ana.page.getByRole("menuitem", { name: "Picture in picture" }).click();
  const small = await opened;
  await expect(small.locator("[data-participant]:visible")).toHaveCount(4);
  await expect(small.locator(".tile video").first()).toBeVisible();
  await expect(ana.page.getByText("The call is in the small window.")).toBeVisible();
  await small.getByRole("button", { name: "Mute microphone" }).click();
  await expect(ana.button("Unmute microphone")).toBeVisible();
  await ana.button("Bring the call back").click();
  await expect(ana.page.locator("[data-participant]:visible")).toHaveCount(4);
});

test("a browser without small windows shows the picture of whoever has the floor above all others", async ({ visit, launch }) => {
  const ana = await visit("ana");
  const ben = await visit("ben");
  const cleo = await visit("cleo", { browser: await launch({ speaks: true }) });
  const room = await makeRoom(ana, [ben, cleo]);
  await ana.page.addInitScript(() => { delete (/** @type {{documentPictureInPicture?: object}} */ (globalThis)).documentPictureInPicture; });
  for (const person of [ana, ben]) await join(person, room);
  for (const person of [ana, ben]) await person.button("Mute microphone").click();
  await expectPicture(ana.tile("ben"));
  await ana.button("More").click();
  await ana.page.getByRole("menuitem", { name: "Picture in picture" }).click();
  const floating = () => ana.page.evaluate(() => document.pictureInPictureElement?.closest("[data-user]")?.getAttribute("data-user") ?? "");
  await expect.poll(floating).toBe("ben");
  await join(cleo, room);
  await expect.poll(floating, { message: "who speaks now" }).toBe("cleo");
  await ana.button("More").click();
  await ana.page.getByRole("menuitem", { name: "Bring the call back" }).click();
  await expect.poll(floating).toBe("");
  await expectPicture(ana.tile("cleo"));
});

test("off screen no picture is received, in a small tile a smaller one, and details say so", async ({ visit }) => {
  const [ana, ben, cleo] = [await visit("ana"), await visit("ben"), await visit("cleo")];
  const room = await makeRoom(ana, [ben, cleo]);
  for (const person of [ben, cleo, ana]) await join(person, room);
  await expectPicture(ana.tile("ben"));
  await expectPicture(ana.tile("cleo"));
  await choose(ana, "Speaker");
  const large = await ana.page.locator("[data-part=main]").getAttribute("data-user");
  const small = large === "ben" ? "cleo" : "ben";
  const width = (/** @type {string} */ user) => ana.tile(user).locator("video").evaluate((/** @type {HTMLVideoElement} */ video) => video.videoWidth);
  await expect.poll(() => width(large ?? ""), { message: "the large tile has all there is", timeout: 120_000 }).toBe(640);
  await expect.poll(() => width(small), { message: "the small tile a lower layer", timeout: 120_000 }).toBe(320);
  await expect.poll(() => bytesOf(ana, small)).toBeGreaterThan(0);

  // A pinned tile in a window so small that one tile fits a page of the strip.
  await ana.page.setViewportSize({ width: 300, height: 560 });
  await ana.tile(large ?? "").dblclick();
  await ana.page.setViewportSize({ width: 300, height: 185 });
  const hidden = ana.page.locator("[data-participant]:not([data-user=ana])[hidden]");
  await expect(hidden.first()).toBeAttached();
  const gone = await hidden.first().getAttribute("data-user") ?? "";
  await expect.poll(() => bytesOf(ana, gone), { message: "bytes of a picture that is not on screen", timeout: 120_000 }).toBe(0);
  await ana.page.setViewportSize({ width: 1280, height: 800 });
  await expectPicture(ana.tile(gone));

  await ana.tile(small).hover();
  await ana.tile(small).getByRole("button", { name: /^Options for/ }).click();
  await ana.page.getByRole("menuitem", { name: "Connection details" }).click();
  const details = ana.page.locator("#connection");
  await expect(details).toContainText(/Round trip\d+ ms/);
  await expect(details).toContainText(/Picture320 × 180/);
  await expect(details).toContainText("Travels overUDP");
  await ana.page.keyboard.press("Escape");
  await expect(details).toBeHidden();
});

/**
 * How many bytes of somebody's picture come within a second.
 * @param {Person} person
 * @param {string} user
 */
async function bytesOf(person, user) {
  const track = await person.tile(user).locator("video").evaluate((/** @type {HTMLVideoElement} */ video) => /** @type {MediaStream} */ (video.srcObject).getVideoTracks()[0]?.id);
  return receivedBytes(person.page, track);
}
