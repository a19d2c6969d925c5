import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import test from "node:test";

/** @param {string} folder beside this one @param {string} ending @returns {[string, string][]} names and texts of files */
const files = (folder, ending) => {
  const at = new URL(`../../${folder}/`, import.meta.url);
  return readdirSync(at).filter((name) => name.endsWith(ending)).map((name) => [`${folder}/${name}`, readFileSync(new URL(name, at), "utf8")]);
};

test("nothing in the pages knows which media service carries a call", () => {
  const pages = [...files("static/js/core", ".js"), ...files("static/js/app", ".js"), ...files("templates", ".html"), ...files("static/css", ".css")];
  assert.ok(pages.length > 30);
  for (const [name, text] of pages) {
    assert.doesNotMatch(text, /twilio|livekit/i, name);
    assert.doesNotMatch(text, /vendor\/(?!words)[^"]*\.mjs/, name);
  }
});

test("logic does not touch the page", () => {
  for (const [name, text] of files("static/js/core", ".js")) assert.doesNotMatch(text, /\bdocument\.|from "\.\.\/app\//, name);
});
