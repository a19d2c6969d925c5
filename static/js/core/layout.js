// Which tiles are on the stage, and where: who fills it, who stands in the strip
// beside, who is on another page. Knows no tiles, only keys.

import { divide, fit, perPage, places, ratio } from "./grid.js";

/** @typedef {import("./grid.js").Area} Area */

/**
 * "auto" is a grid until not everybody fits on one page; then whoever speaks is
 * large.
 * @typedef {"auto" | "grid" | "speaker"} Mode
 */

/** @typedef {"top-start" | "top-end" | "bottom-start" | "bottom-end"} Corner */

/**
 * @typedef {object} Scene
 * @property {string[]} people ids of participants, in the order of their coming
 * @property {string} self one's own id
 * @property {string[]} shares ids of those whose screens are shared
 * @property {Mode} mode
 * @property {string} pinned the key of a tile, or empty
 * @property {string} spotlight the id of whom everybody sees large, or empty
 * @property {string[]} speakers ids of others who spoke, the last first
 * @property {boolean} hidesSelf
 * @property {Corner} corner where one's own tile is when it is in one
 * @property {number} page
 * @property {number} width of the stage
 * @property {number} height of the stage
 * @property {boolean} rtl whether lines run from right to left
 */

/**
 * @typedef {Area & {key: string, part: "main" | "strip" | "grid" | "corner"}} Place
 */

/**
 * @typedef {object} Layout
 * @property {Place[]} places of the tiles that are on screen
 * @property {number} page the one that is shown
 * @property {number} pages how many there are
 */

/** The tile of a participant. @param {string} id */
export const personKey = (id) => `person ${id}`;

/** The tile of a screen that a participant shares. @param {string} id */
export const shareKey = (id) => `share ${id}`;

/** Pixels from a tile in a corner to the stage's edges. */
const inset = 12;

/**
 * @param {Scene} scene
 * @returns {Layout}
 */
export function layOut(scene) {
  const { self, width, height, rtl } = scene;
  if (width <= 0 || height <= 0) return { places: [], page: 0, pages: 1 };
  const people = scene.hidesSelf && scene.people.length > 1 ? scene.people.filter((id) => id !== self) : scene.people;
  const large = focus(scene, people);
  const rest = [
    ...scene.shares.map(shareKey),
    ...withFirst(people, scene.shares.length > 0 ? scene.spotlight : "").map(personKey),
  ].filter((key) => !large.includes(key));
  const layout = large.length === 0 ? gridOnly(scene, rest) : focused(scene, large, rest);
  return rtl ? { ...layout, places: layout.places.map((place) => ({ ...place, x: width - place.x - place.width })) } : layout;
}

/**
 * The keys of what is shown large; none: a grid.
 * @param {Scene} scene
 * @param {string[]} people who have a tile
 */
function focus({ self, shares, mode, pinned, spotlight, speakers, width, height }, people) {
  if ([...shares.map(shareKey), ...people.map(personKey)].includes(pinned)) return [pinned];
  if (shares.length > 0) return shares.map(shareKey);
  if (people.includes(spotlight)) return [personKey(spotlight)];
  const others = people.filter((id) => id !== self);
  const [first] = others;
  if (first === undefined) return [];
  const crowded = perPage(people.length, width, height) < people.length;
  if (mode === "speaker" || (mode === "auto" && crowded)) return [personKey(speakers.find((id) => others.includes(id)) ?? first)];
  return mode === "auto" && people.length === 2 && others.length === 1 ? [personKey(first)] : [];
}

/**
 * @param {Scene} scene
 * @param {string[]} keys
 * @returns {Layout}
 */
function gridOnly(scene, keys) {
  return paged(scene, keys, { x: 0, y: 0, width: scene.width, height: scene.height }, "grid");
}

/**
 * @param {Scene} scene
 * @param {string[]} large
 * @param {string[]} rest
 * @returns {Layout}
 */
function focused(scene, large, rest) {
  const { self, width, height } = scene;
  const whole = { x: 0, y: 0, width, height };
  const [only] = rest;
  if (only === undefined) return { places: filled(large, whole, "main"), page: 0, pages: 1 };
  // Alone with one other.
  if (rest.length === 1 && large.length === 1 && only === personKey(self) && large[0]?.startsWith("person")) {
    return { places: [...filled(large, whole, "main"), inCorner(only, scene)], page: 0, pages: 1 };
  }
  const { screens, people } = divide(large.length, width, height);
  const strip = paged(scene, rest, people, "strip");
  return { ...strip, places: [...filled(large, screens, "main"), ...strip.places] };
}

/**
 * Fills an area with tiles, a page at a time.
 * @param {Scene} scene
 * @param {string[]} keys
 * @param {Area} area
 * @param {Place["part"]} part
 * @returns {Layout}
 */
function paged({ page, speakers }, keys, area, part) {
  const size = perPage(keys.length, area.width, area.height);
  const pages = Math.max(1, Math.ceil(keys.length / size));
  const shown = Math.max(0, Math.min(page, pages - 1));
  const order = withSpeakers(keys, speakers.map(personKey), size);
  return { places: filled(order.slice(shown * size, (shown + 1) * size), area, part), page: shown, pages };
}

/**
 * The same keys with those of the last speakers on the first page. Nobody else
 * moves but the last of that page, with whom they change places.
 * @param {string[]} keys
 * @param {string[]} speakers the last first
 * @param {number} size of a page
 */
export function withSpeakers(keys, speakers, size) {
  const order = [...keys];
  const recent = speakers.filter((key) => keys.includes(key)).slice(0, Math.ceil(size / 2));
  for (const key of recent) {
    const at = order.indexOf(key);
    if (at < size) continue;
    const given = order.findLastIndex((other, i) => i < size && !recent.includes(other));
    [order[given], order[at]] = [key, order[given] ?? key];
  }
  return order;
}

/**
 * @param {string[]} ids
 * @param {string} first who comes before the others, if they are there
 */
function withFirst(ids, first) {
  return ids.includes(first) ? [first, ...ids.filter((id) => id !== first)] : ids;
}

/**
 * @param {string[]} keys
 * @param {Area} area
 * @param {Place["part"]} part
 * @returns {Place[]}
 */
function filled(keys, { x: left, y: top, width, height }, part) {
  if (keys.length === 0) return [];
  const grid = fit(keys.length, width, height);
  const corners = places(grid, keys.length, width, height);
  return keys.map((key, i) => {
    const { x, y } = corners[i] ?? { x: 0, y: 0 };
    return { key, part, x: left + x, y: top + y, width: grid.width, height: grid.height };
  });
}

/**
 * @param {string} key
 * @param {Scene} scene
 * @returns {Place}
 */
function inCorner(key, { corner, width, height }) {
  const tile = Math.round(Math.min(Math.max(Math.min(width, height * ratio) * 0.2, 112), 256, width / 2));
  const size = { width: tile, height: Math.round(tile / ratio) };
  return {
    key,
    part: "corner",
    ...size,
    x: corner.endsWith("start") ? inset : width - size.width - inset,
    y: corner.startsWith("top") ? inset : height - size.height - inset,
  };
}

/**
 * The corner of the stage that a point is nearest to.
 * @param {number} x
 * @param {number} y
 * @param {number} width of the stage
 * @param {number} height of the stage
 * @param {boolean} rtl
 * @returns {Corner}
 */
export function nearest(x, y, width, height, rtl) {
  const start = rtl ? x > width / 2 : x < width / 2;
  return `${y < height / 2 ? "top" : "bottom"}-${start ? "start" : "end"}`;
}

/** How much a picture may be enlarged before anybody sees it. */
const enlarged = 1.2;

/** A screen of more pixels than this to one of the page's does not get more of them. */
const densest = 2;

/** Widths that pictures are asked for in: so that a tile that grows by a little does not ask again. */
const widths = [160, 320, 480, 640, 960, 1280, 1920, 2560, 3840];

/**
 * The size of picture that a tile needs.
 * @param {number} width of the tile
 * @param {number} density of the screen: its pixels to one of the page's
 */
export function needed(width, density) {
  const pixels = (width * Math.min(density, densest)) / enlarged;
  const rounded = widths.find((enough) => enough >= pixels) ?? widths.at(-1) ?? 0;
  return { width: rounded, height: Math.round(rounded / ratio) };
}
