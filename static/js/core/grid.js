// Where tiles go: equal tiles of one shape, as large as fit the stage.

/** Width by height of a tile. */
export const ratio = 16 / 9;

/** Pixels between tiles. */
export const gap = 8;

/** The most tiles on one page. */
export const most = 49;

/** A tile narrower than this shows nobody; the next page begins instead. */
const narrowest = 104; // pixels

/**
 * @typedef {object} Grid
 * @property {number} columns
 * @property {number} rows
 * @property {number} width of a tile, in whole pixels
 * @property {number} height of a tile, in whole pixels
 */

/** How much smaller tiles may be than the largest possible for a wider grid, which eyes take in more easily. */
const tolerance = 0.06;

/**
 * The grid of n tiles whose tiles are as large as fit a stage of the given size,
 * or very nearly so. It never overflows the stage.
 * @param {number} n at least 1
 * @param {number} stageWidth
 * @param {number} stageHeight
 * @returns {Grid}
 */
export function fit(n, stageWidth, stageHeight) {
  const grids = Array.from({ length: n }, (_, i) => gridOf(i + 1, n, stageWidth, stageHeight));
  const largest = Math.max(...grids.map(({ width }) => width));
  const good = grids.filter(({ width }) => width >= largest * (1 - tolerance));
  return good[good.length - 1] ?? gridOf(1, n, stageWidth, stageHeight);
}

/**
 * @param {number} columns
 * @param {number} n
 * @param {number} stageWidth
 * @param {number} stageHeight
 * @returns {Grid}
 */
function gridOf(columns, n, stageWidth, stageHeight) {
  const rows = Math.ceil(n / columns);
  const widest = (stageWidth - gap * (columns - 1)) / columns;
  const highest = (stageHeight - gap * (rows - 1)) / rows;
  const width = Math.floor(Math.max(0, Math.min(widest, highest * ratio)));
  return { columns, rows, width, height: Math.floor(width / ratio) };
}

/**
 * A part of the stage.
 * @typedef {object} Area
 * @property {number} x
 * @property {number} y
 * @property {number} width
 * @property {number} height
 */

/**
 * Divides a stage on which screens are shared: most of it for them, and a strip
 * for the people, beside them where the stage is wide; where it is high, below
 * them, with all the height that the screens cannot use.
 * @param {number} n how many screens
 * @param {number} width
 * @param {number} height
 * @returns {{screens: Area, people: Area}}
 */
export function divide(n, width, height) {
  if (width >= height) {
    const strip = Math.round(Math.min(Math.max(width * 0.2, narrowest), 320));
    return {
      screens: { x: 0, y: 0, width: width - strip - gap, height },
      people: { x: width - strip, y: 0, width: strip, height },
    };
  }
  const usable = Math.ceil(width / ratio) * n + gap * (n - 1);
  const screens = Math.min(Math.round(height * 0.7), usable);
  return {
    screens: { x: 0, y: 0, width, height: screens },
    people: { x: 0, y: screens + gap, width, height: height - screens - gap },
  };
}

/**
 * How many of n tiles one page holds on a stage of the given size.
 * @param {number} n
 * @param {number} stageWidth
 * @param {number} stageHeight
 */
export function perPage(n, stageWidth, stageHeight) {
  let count = Math.max(1, Math.min(n, most));
  while (count > 1 && fit(count, stageWidth, stageHeight).width < narrowest) count--;
  return count;
}

/**
 * The left upper corners of n tiles of a grid, in reading order, the whole of it
 * centred on the stage and a last row that is not full centred too.
 * @param {Grid} grid
 * @param {number} n
 * @param {number} stageWidth
 * @param {number} stageHeight
 * @returns {{x: number, y: number}[]}
 */
export function places(grid, n, stageWidth, stageHeight) {
  const { columns, rows, width, height } = grid;
  const top = (stageHeight - rows * height - (rows - 1) * gap) / 2;
  return Array.from({ length: n }, (_, i) => {
    const row = Math.floor(i / columns);
    const inRow = Math.min(columns, n - row * columns);
    const left = (stageWidth - inRow * width - (inRow - 1) * gap) / 2;
    return {
      x: Math.round(left + (i % columns) * (width + gap)),
      y: Math.round(top + row * (height + gap)),
    };
  });
}
