// How far a picture is enlarged, and which part of it is seen. Points and shifts
// are fractions of the frame, from its middle.

/**
 * @typedef {object} Zoom
 * @property {number} scale 1: the whole picture
 * @property {number} x how far the picture is moved
 * @property {number} y
 */

export const largest = 6;

/** @type {Zoom} */
export const whole = { scale: 1, x: 0, y: 0 };

/**
 * Enlarges so that the point under the fingers stays there.
 * @param {Zoom} zoom
 * @param {number} factor
 * @param {number} [x]
 * @param {number} [y]
 * @returns {Zoom}
 */
export function zoomed(zoom, factor, x = 0, y = 0) {
  const scale = Math.min(largest, Math.max(1, zoom.scale * factor));
  const grown = scale / zoom.scale;
  return kept({ scale, x: x - (x - zoom.x) * grown, y: y - (y - zoom.y) * grown });
}

/**
 * @param {Zoom} zoom
 * @param {number} x
 * @param {number} y
 * @returns {Zoom}
 */
export function panned(zoom, x, y) {
  return kept({ ...zoom, x: zoom.x + x, y: zoom.y + y });
}

/**
 * Never beyond the picture's edge.
 * @param {Zoom} zoom
 * @returns {Zoom}
 */
function kept({ scale, x, y }) {
  const most = (scale - 1) / 2;
  return { scale, x: Math.min(most, Math.max(-most, x)), y: Math.min(most, Math.max(-most, y)) };
}
