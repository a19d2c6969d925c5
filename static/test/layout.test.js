import assert from "node:assert/strict";
import test from "node:test";
import { gap } from "../js/core/grid.js";
import { layOut, needed, nearest, personKey, shareKey, withSpeakers } from "../js/core/layout.js";

/** @typedef {import("../js/core/layout.js").Scene} Scene */

const shapes = [[1416, 810], [1920, 1080], [374, 700], [828, 300], [768, 900], [320, 240]];
const modes = /** @type {const} */ (["auto", "grid", "speaker"]);

/** @param {number} n @param {Partial<Scene>} [scene] @returns {Scene} */
function sceneOf(n, scene = {}) {
  const people = Array.from({ length: n }, (_, i) => `p${i}`);
  return {
    people, self: "p0", shares: [], mode: "auto", pinned: "", spotlight: "", speakers: [], hidesSelf: false,
    corner: "bottom-end", page: 0, width: 1416, height: 810, rtl: false, ...scene,
  };
}

/** @param {Scene} scene @param {string} part */
const keysOf = (scene, part) => layOut(scene).places.filter((place) => place.part === part).map(({ key }) => key);

/** @param {import("../js/core/grid.js").Area} a @param {import("../js/core/grid.js").Area} b */
const apart = (a, b) => a.x >= b.x + b.width + gap || b.x >= a.x + a.width + gap || a.y >= b.y + b.height + gap || b.y >= a.y + a.height + gap;

test("whatever is shown, tiles lie on the stage, do not touch, and each person and screen is on some page once", () => {
  for (const [width = 0, height = 0] of shapes) for (const n of [1, 2, 3, 5, 9, 25, 49, 60]) for (const mode of modes) {
    for (const shares of [[], ["p1"], ["p1", "p2"]]) for (const rtl of [false, true]) {
      if (shares.some((id) => Number(id.slice(1)) >= n)) continue;
      const scene = sceneOf(n, { width, height, mode, shares, rtl, speakers: ["p7", "p3"] });
      const { pages } = layOut(scene);
      /** @type {Map<string, number>} */
      const seen = new Map();
      for (let page = 0; page < pages; page++) {
        const { places, page: shown } = layOut({ ...scene, page });
        const where = `${n} people, ${shares.length} screens, ${mode}, page ${page} of ${pages}, ${width}x${height}`;
        assert.equal(shown, page, where);
        for (const place of places) {
          assert.ok(place.x >= 0 && place.y >= 0 && place.x + place.width <= width && place.y + place.height <= height, `${where}: ${JSON.stringify(place)}`);
          assert.ok(place.width > 0 && place.height > 0, where);
          if (place.part !== "main" || page === 0) seen.set(place.key, (seen.get(place.key) ?? 0) + 1);
        }
        const laid = places.filter(({ part }) => part !== "corner");
        for (const [i, a] of laid.entries()) for (const b of laid.slice(i + 1)) assert.ok(apart(a, b), `${where}: ${a.key} and ${b.key}`);
      }
      const want = [...scene.people.map(personKey), ...shares.map(shareKey)];
      assert.deepEqual([...seen.keys()].sort(), want.sort());
      assert.ok([...seen.values()].every((times) => times === 1));
    }
  }
});

test("alone one fills the stage; with one other, one's own tile is in the corner, unless one likes the grid", () => {
  assert.deepEqual(keysOf(sceneOf(1), "grid"), ["person p0"]);
  for (const mode of modes) {
    const scene = sceneOf(2, { mode });
    if (mode === "grid") {
      assert.deepEqual(keysOf(scene, "grid"), ["person p0", "person p1"]);
      continue;
    }
    assert.deepEqual(keysOf(scene, "main"), ["person p1"]);
    assert.deepEqual(keysOf(scene, "corner"), ["person p0"]);
  }
  assert.deepEqual(keysOf(sceneOf(3), "grid"), ["person p0", "person p1", "person p2"]);
});

test("the corner is the chosen one, and on the other side where lines run from right to left", () => {
  for (const [corner, rtl, left, top] of /** @type {const} */ ([
    ["bottom-end", false, false, false], ["top-start", false, true, true], ["bottom-end", true, true, false], ["top-start", true, false, true],
  ])) {
    const place = layOut(sceneOf(2, { corner, rtl })).places.find(({ part }) => part === "corner");
    assert.equal((place?.x ?? 0) < 700, left, `${corner} ${rtl}`);
    assert.equal((place?.y ?? 0) < 400, top, `${corner} ${rtl}`);
    const { x = 0, y = 0, width = 0, height = 0 } = place ?? {};
    assert.equal(nearest(x + width / 2, y + height / 2, 1416, 810, rtl), corner);
  }
});

test("what is large: the pin before shared screens, those before the spotlight, that before whoever speaks", () => {
  const all = sceneOf(5, { mode: "speaker", shares: ["p1", "p2"], spotlight: "p3", speakers: ["p4", "p2"] });
  assert.deepEqual(keysOf({ ...all, pinned: "person p1" }, "main"), ["person p1"]);
  assert.deepEqual(keysOf({ ...all, pinned: "share p2" }, "main"), ["share p2"]);
  assert.deepEqual(keysOf({ ...all, pinned: "person gone" }, "main"), ["share p1", "share p2"]);
  assert.deepEqual(keysOf(all, "main"), ["share p1", "share p2"]);
  assert.equal(keysOf(all, "strip")[0], "person p3", "who is in the spotlight comes first beside screens");
  assert.deepEqual(keysOf({ ...all, shares: [] }, "main"), ["person p3"]);
  assert.deepEqual(keysOf({ ...all, shares: [], spotlight: "" }, "main"), ["person p4"]);
  assert.deepEqual(keysOf({ ...all, shares: [], spotlight: "", speakers: [] }, "main"), ["person p1"], "before anybody has spoken, the first other");
  assert.deepEqual(keysOf({ ...all, shares: [], spotlight: "", mode: "grid" }, "main"), []);
  assert.deepEqual(keysOf({ ...all, shares: [], mode: "grid" }, "main"), ["person p3"], "a moderator's choice is for everyone");
});

test("a pinned screen leaves the others beside it", () => {
  const strip = keysOf(sceneOf(3, { shares: ["p1", "p2"], pinned: "share p1" }), "strip");
  assert.deepEqual(strip, ["share p2", "person p0", "person p1", "person p2"]);
});

test("by itself it is a grid until not everybody fits, and then whoever speaks is large", () => {
  assert.equal(keysOf(sceneOf(49), "grid").length, 49);
  assert.deepEqual(keysOf(sceneOf(50, { speakers: ["p9"] }), "main"), ["person p9"]);
  assert.deepEqual(keysOf(sceneOf(40, { width: 374, height: 700, speakers: ["p9"] }), "main"), ["person p9"]);
  const paged = layOut(sceneOf(60, { mode: "grid" }));
  assert.equal(paged.pages, 2);
  assert.equal(paged.places.length, 49);
  assert.equal(layOut(sceneOf(60, { mode: "grid", page: 7 })).page, 1, "there is no page beyond the last");
});

test("whoever hides their tile is not shown, unless they are alone", () => {
  assert.deepEqual(keysOf(sceneOf(3, { hidesSelf: true }), "grid"), ["person p1", "person p2"]);
  assert.deepEqual(keysOf(sceneOf(1, { hidesSelf: true }), "grid"), ["person p0"]);
  const two = layOut(sceneOf(2, { hidesSelf: true }));
  assert.deepEqual(two.places.map(({ key }) => key), ["person p1"]);
});

test("who spoke is on the first page; nobody else moves but whom they change places with", () => {
  const keys = ["a", "b", "c", "d", "e", "f"];
  assert.deepEqual(withSpeakers(keys, ["f"], 4), ["a", "b", "c", "f", "e", "d"]);
  assert.deepEqual(withSpeakers(keys, ["b", "a"], 4), keys);
  assert.deepEqual(withSpeakers(keys, ["f", "d", "e"], 4), ["a", "b", "f", "d", "e", "c"]);
  assert.deepEqual(withSpeakers(keys, ["gone"], 2), keys);
  assert.deepEqual(withSpeakers(keys, ["f", "e", "d"], 1), ["f", "b", "c", "d", "e", "a"]);
});

test("a picture is asked for in steps, a little smaller than shown, larger for denser screens", () => {
  assert.deepEqual(needed(104, 1), { width: 160, height: 90 });
  assert.deepEqual(needed(380, 1), { width: 320, height: 180 });
  assert.deepEqual(needed(464, 1), { width: 480, height: 270 });
  assert.deepEqual(needed(464, 2), { width: 960, height: 540 });
  assert.deepEqual(needed(464, 4), needed(464, 2));
  assert.equal(needed(99999, 2).width, 3840);
});
