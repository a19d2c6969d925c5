import assert from "node:assert/strict";
import test from "node:test";
import { largest, panned, whole, zoomed } from "../js/core/zoom.js";

test("the point under the fingers stays where it is", () => {
  const { scale, x, y } = zoomed(whole, 2, 0.25, -0.1);
  assert.equal(scale, 2);
  // Where the picture's point that was at (0.25, -0.1) is now.
  assert.ok(Math.abs(0.25 * scale + x - 0.25) < 1e-9);
  assert.ok(Math.abs(-0.1 * scale + y + 0.1) < 1e-9);
});

test("neither beyond the edges, nor smaller than whole, nor larger than anybody needs", () => {
  assert.deepEqual(panned(zoomed(whole, 2), 9, -9), { scale: 2, x: 0.5, y: -0.5 });
  assert.deepEqual(panned(whole, 0.3, 0.3), whole);
  assert.deepEqual(zoomed(panned(zoomed(whole, 3), 9, 9), 1 / 9), whole);
  assert.equal(zoomed(whole, 99).scale, largest);
});
