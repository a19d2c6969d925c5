import assert from "node:assert/strict";
import test from "node:test";
import { hue, initials } from "../js/core/face.js";
import { slugOf } from "../js/core/slug.js";
import { loudness } from "../js/core/level.js";

test("initials are of the first and the last word", () => {
  for (const [name, want] of [
    ["Ana Costa", "AC"], ["ana", "A"], ["Maria da Silva", "MS"], ["  élodie  ", "É"], ["", ""], ["𝒜na Bé", "𝒜B"],
  ]) assert.equal(initials(name ?? ""), want);
});

test("hues are FNV-1a modulo 12, as the server draws them", () => {
  // From the reference vectors of FNV-1a 32: "" 0x811c9dc5, "a" 0xe40c292c, "foobar" 0xbf9cf968.
  assert.equal(hue(""), 0x811c9dc5 % 12);
  assert.equal(hue("a"), 0xe40c292c % 12);
  assert.equal(hue("foobar"), 0xbf9cf968 % 12);
});

test("slugs are as the server makes them", () => {
  for (const [name, want] of [
    ["Weekly stand-up", "weekly-stand-up"], ["Réunion d'été", "reunion-d-ete"], ["  --A  B--  ", "a-b"], ["会议", "room"], ["", ""], ["  ", ""],
    ["x".repeat(80), "x".repeat(50)], [`${"x".repeat(49)} y`, "x".repeat(49)],
  ]) assert.equal(slugOf(name ?? ""), want);
});

test("loudness goes from a quiet room to a loud voice", () => {
  const tone = (/** @type {number} */ height) => Float32Array.from({ length: 1024 }, (_, i) => height * Math.sin(i / 8));
  assert.equal(loudness(new Float32Array(1024)), 0);
  assert.equal(loudness(tone(1)), 1);
  assert.ok(loudness(tone(0.1)) > loudness(tone(0.02)));
  assert.ok(loudness(tone(0.1)) > 0.4 && loudness(tone(0.1)) < 0.9);
});
