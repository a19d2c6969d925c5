// Lets tiles glide to where they are put, rather than jump. Only transforms are
// animated: the page is laid out once, and nothing counts as a shift of it.

const duration = 180; // milliseconds
const easing = "cubic-bezier(0.2, 0, 0, 1)";
const name = "glide";

const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @typedef {object} Move
 * @property {HTMLElement} element
 * @property {import("../core/grid.js").Area} to in the coordinates of what it stands in
 */

/**
 * Puts elements in their places.
 * @param {Move[]} moves
 * @param {boolean} glides whether those that were on screen move there
 */
export function put(moves, glides) {
  const from = new Map(glides && !still.matches ? moves.filter(({ element }) => !element.hidden && element.isConnected).map(({ element }) => [element, shownAt(element)]) : []);
  for (const { element, to } of moves) {
    for (const animation of element.getAnimations()) if (animation.id === name) animation.cancel();
    element.hidden = false;
    element.style.width = `${to.width}px`;
    element.style.height = `${to.height}px`;
    element.style.setProperty("--tile-width", `${to.width}px`);
    element.style.setProperty("--tile-height", `${to.height}px`);
    element.style.setProperty("--tile-face", String(faceScale(to)));
    element.style.transform = moved(to);
  }
  for (const { element, to } of moves) {
    const before = from.get(element);
    if (!before || before.width === 0 || same(before, to)) continue;
    const start = `${moved(before)} scale(${before.width / to.width}, ${before.height / to.height})`;
    element.animate([{ transform: start }, { transform: moved(to) }], { id: name, duration, easing });
  }
}

/** How large a face's initials are, of their full size. @param {{width: number, height: number}} tile */
function faceScale({ width, height }) {
  return Math.min(1, Math.max(0.22, Math.min(width, height) / 380));
}

/**
 * Where an element is to be seen now, which may be on its way.
 * @param {HTMLElement} element
 */
function shownAt(element) {
  const frame = (element.offsetParent ?? element).getBoundingClientRect();
  const { x, y, width, height } = element.getBoundingClientRect();
  return { x: x - frame.x, y: y - frame.y, width, height };
}

/** @param {{x: number, y: number}} to */
const moved = ({ x, y }) => `translate(${x}px, ${y}px)`;

/**
 * @param {import("../core/grid.js").Area} a
 * @param {import("../core/grid.js").Area} b
 */
function same(a, b) {
  return (["x", "y", "width", "height"]).every((side) => Math.abs(a[/** @type {"x"} */ (side)] - b[/** @type {"x"} */ (side)]) < 1);
}
