import assert from "node:assert/strict";
import test from "node:test";
import { divide, fit, gap, most, perPage, places, ratio } from "../js/core/grid.js";

const shapes = [];
for (let width = 120; width <= 2600; width += 155) {
  for (let height = 90; height <= 1500; height += 117) shapes.push([width, height]);
}

test("tiles never overflow the stage and never overlap", () => {
  for (const [width, height] of shapes) {
    for (let n = 1; n <= most; n++) {
      const grid = fit(n, width, height);
      assert.ok(grid.columns * grid.rows >= n, `${n} tiles have a place on ${width}x${height}`);
      const corners = places(grid, n, width, height);
      assert.equal(corners.length, n);
      for (const [i, { x, y }] of corners.entries()) {
        const where = `tile ${i + 1} of ${n} on ${width}x${height}: ${x},${y} ${JSON.stringify(grid)}`;
        assert.ok(x >= 0 && y >= 0, where);
        assert.ok(x + grid.width <= width && y + grid.height <= height, where);
        const next = corners[i + 1];
        if (next) assert.ok(next.x >= x + grid.width + gap - 1 || next.y >= y + grid.height + gap - 1, where);
      }
    }
  }
});

test("no other grid of the same tiles has notably larger ones", () => {
  for (const [width, height] of shapes) {
    for (let n = 1; n <= most; n++) {
      const { width: got } = fit(n, width, height);
      for (let columns = 1; columns <= n; columns++) {
        const rows = Math.ceil(n / columns);
        const possible = Math.min((width - gap * (columns - 1)) / columns, ((height - gap * (rows - 1)) / rows) * ratio);
        assert.ok(got >= possible * 0.94 - 1, `${n} on ${width}x${height}: ${got}, ${columns} columns give ${possible}`);
      }
    }
  }
});

test("tiles are 16:9 to the pixel", () => {
  for (const [width, height] of shapes) {
    const grid = fit(7, width, height);
    assert.ok(Math.abs(grid.height - grid.width / ratio) < 1);
  }
});

test("two people sit side by side on a wide stage and one above the other on a phone", () => {
  assert.equal(fit(2, 1416, 810).columns, 2);
  assert.equal(fit(2, 374, 700).columns, 1);
});

test("a last row that is not full is centred", () => {
  const grid = fit(5, 1416, 810);
  assert.equal(grid.columns, 3);
  const corners = places(grid, 5, 1416, 810);
  const left = corners[3]?.x ?? 0;
  const right = 1416 - ((corners[4]?.x ?? 0) + grid.width);
  assert.ok(Math.abs(left - right) <= 1);
});

test("a page holds at most 49, fewer where tiles would be too small to see, at least one", () => {
  assert.equal(perPage(60, 1920, 1080), most);
  assert.equal(perPage(12, 1920, 1080), 12);
  const onPhone = perPage(49, 374, 700);
  assert.ok(onPhone < 49 && onPhone > 10, String(onPhone));
  assert.ok(fit(onPhone, 374, 700).width >= 104);
  assert.equal(perPage(5, 10, 10), 1);
  assert.equal(perPage(1, 0, 0), 1);
});

test("screens and people divide the stage without overlap, and people never get more of it", () => {
  for (const [width = 0, height = 0] of shapes) for (const n of [1, 2, 3]) {
    const { screens, people } = divide(n, width, height);
    const where = `${n} screens on ${width}x${height}: ${JSON.stringify({ screens, people })}`;
    for (const area of [screens, people]) {
      assert.ok(area.x >= 0 && area.y >= 0 && area.width > 0 && area.height > 0, where);
      assert.ok(area.x + area.width <= width && area.y + area.height <= height, where);
    }
    assert.ok(people.x >= screens.x + screens.width + gap || people.y >= screens.y + screens.height + gap, where);
    if (width < 300 || height < 200) continue;
    assert.ok(fit(n, screens.width, screens.height).width >= fit(4, people.width, people.height).width, where);
  }
});
