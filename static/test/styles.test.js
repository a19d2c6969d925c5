// The style sheets say sides by how text runs, so that pages work from right to left.

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";

const folder = new URL("../css/", import.meta.url);

/** Every line of every sheet, without comments, but for those that say why they are not logical. */
const lines = readdirSync(folder).filter((name) => name.endsWith(".css")).flatMap((name) =>
  readFileSync(new URL(name, folder), "utf8").split("\n").map((text, i) => ({ where: `${name}:${i + 1}`, text })))
  .filter(({ text }) => !text.includes("not logical"))
  .map(({ where, text }) => ({ where, text: text.replace(/\/\*.*?\*\//g, "") }));

/** @param {string} text */
function sided(text) {
  if (/(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)|left|right)(?:-\w+)?\s*:/.test(text)) return true;
  if (/(?<![\w-])(?:text-align|float|clear|justify-content)\s*:\s*(?:left|right)/.test(text)) return true;
  // Four values whose second and fourth differ say other things from right to left.
  for (const [, values = ""] of text.matchAll(/(?<![\w-])(?:margin|padding|inset|border-width)\s*:\s*([^;}]+)/g)) {
    const [, right, , left] = values.replace(/\([^()]*(?:\([^()]*\)[^()]*)*\)/g, (call) => call.replaceAll(" ", "")).replace("!important", "").trim().split(/\s+/);
    if (left !== undefined && left.replace("left", "") !== right?.replace("right", "")) return true;
  }
  return false;
}

test("sides follow how text runs", () => {
  assert.ok(lines.length > 500, "the sheets are read");
  assert.deepEqual(lines.filter(({ text }) => sided(text)).map(({ where, text }) => `${where} ${text.trim()}`), []);
});

/** A token's colour in light and in dark. @param {string} name */
function colours(name) {
  const { text } = lines.find((line) => line.text.trim().startsWith(`${name}:`)) ?? { text: "" };
  const found = text.match(/light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/);
  assert.ok(found?.[1] && found[2], name);
  return { light: found[1], dark: found[2] };
}

/** As WCAG defines the relative luminance. @param {string} colour as #rrggbb */
function luminance(colour) {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** @param {string} one @param {string} other */
function contrast(one, other) {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

test("what a button says can be read, also while one points at it", () => {
  const white = { light: "#ffffff", dark: "#ffffff" };
  for (const [text, fills] of /** @type {const} */ ([[white, ["--danger-fill", "--danger-fill-hover"]], [colours("--on-accent"), ["--accent", "--accent-hover"]], [colours("--text"), ["--surface-raised", "--surface-hover"]]])) {
    for (const fill of fills) for (const scheme of /** @type {const} */ (["light", "dark"])) {
      const found = contrast(text[scheme], colours(fill)[scheme]);
      assert.ok(found >= 4.5, `${fill} in ${scheme}: ${found.toFixed(2)}`);
    }
  }
});

test("what is looked for is found", () => {
  for (const text of ["margin-left: 2px;", "a { left: 0; }", "text-align: right", "padding: 1px 2px 3px 4px;", "border-right-width: 0;"]) assert.ok(sided(text), text);
  for (const text of ["margin-inline: 2px;", "padding: 1px 2px 3px 2px;", "inset: auto 0 0;", "padding: 8px max(24px, env(safe-area-inset-right)) 8px max(24px, env(safe-area-inset-left));"]) assert.ok(!sided(text), text);
});
