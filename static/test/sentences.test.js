// Pages say nothing that is not in the catalogue.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";

const root = new URL("../../", import.meta.url);

/** What need not be translated: names, formats, examples. */
const names = new Set(["Foyer", "UTC", "CSV", "QR", "foyer admin create", "Mac OS X", "Samsung Internet"]);

/** Attributes that are shown or read out. */
const shown = /(?<![\w-])(?:aria-label|aria-description|placeholder|title|alt|data-confirm(?:-action|-option)?|data-news)="((?:[^"{}]|{{[^]*?}})*)"/g;

/** @param {string} text */
const says = (text) => /\p{L}{2}/u.test(text) && !names.has(text.trim());

/**
 * The pieces of a template that a person would read, outside of {{t}}.
 * @param {string} source
 */
function ofTemplate(source) {
  const plain = source.replace(/{{define "bodyclass"}}[^]*?{{end}}|{{define "described"}}[^]*?\n{{- end}}\n(?!{{-)/g, "").replace(/{{\/\*[^]*?\*\/}}/g, "").replace(/<code>[^]*?<\/code>/g, "");
  const found = [];
  for (const [, value = ""] of plain.matchAll(shown)) found.push(value.replace(/{{[^]*?}}/g, "\0"));
  found.push(...plain.replace(/<(?:[^<>{}"]|"(?:[^"{}]|{{[^]*?}})*"|{{[^]*?}})*>/g, "\n").replace(/{{[^]*?}}/g, "\n").split("\n"));
  for (const [action] of plain.matchAll(/{{[^]*?}}/g)) {
    for (const [, literal = ""] of action.matchAll(/"([^"]*)"/g)) if (/\p{Lu}\p{Ll}|\p{Ll} \p{Ll}{2}/u.test(literal) && !/^2 Jan|button|^T?2006/.test(literal) && !/primary|large|%s\//.test(literal)) found.push(literal);
  }
  return found.map((piece) => piece.replaceAll("\0", "").trim()).filter(says);
}

/**
 * The literals of a script or program that read like words for people.
 * @param {string} source
 */
function ofCode(source) {
  const plain = source.replace(/\/\*[^]*?\*\//g, "").replace(/^\s*\/\/.*$|\s\/\/ .*$/gm, "");
  return [...literals(plain).filter((literal) => !names.has(literal) && /^\p{Lu}[\p{Ll}’]+(?: \p{L}+)*(?: |[.?…!])|^\p{Lu}\p{Ll}+ [\p{L}’ ]+$/u.test(literal)), ...wordsIn(plain)];
}

/** @param {string} code without comments */
const literals = (code) => [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map(([, quoted, template]) => quoted ?? template ?? "");

/** What a script gives to be shown or read out, up to the end of its line. */
const given = /\b(?:textContent|ariaLabel|ariaDescription|title|placeholder|alt|label|action)\b\s*(?::|=(?![=>]))([^;\n]*)/g;

/**
 * The single words that are shown: alone, a word could as well be the name of a key or an error.
 * @param {string} code without comments
 */
const wordsIn = (code) => [...code.matchAll(given)].flatMap(([, value = ""]) => literals(value)).filter((literal) => !names.has(literal) && /^\p{Lu}\p{Ll}+$/u.test(literal));

/** @param {string} folder @param {RegExp} which */
async function* sources(folder, which) {
  for (const file of await readdir(new URL(`${folder}/`, root), { recursive: true })) {
    if (which.test(file)) yield /** @type {const} */ ([`${folder}/${file}`, await readFile(new URL(`${folder}/${file}`, root), "utf8")]);
  }
}

test("templates hold no words", async () => {
  const found = [];
  for await (const [file, source] of sources("templates", /\.html$/)) for (const piece of ofTemplate(source)) found.push(`${file}: ${piece}`);
  assert.deepEqual(found, []);
});

test("scripts hold no words", async () => {
  const found = [];
  for await (const [file, source] of sources("static/js", /\.js$/)) for (const literal of ofCode(source)) found.push(`${file}: ${literal}`);
  assert.deepEqual(found, []);
});

test("the program holds no words for pages", async () => {
  const found = [];
  for (const folder of ["internal/web", "internal/call", "internal/room", "internal/account", "internal/input"]) {
    for await (const [file, source] of sources(folder, /(?<!_test)\.go$/)) for (const literal of ofCode(source)) found.push(`${file}: ${literal}`);
  }
  assert.deepEqual(found, []);
});

/**
 * What stands between a bracket that was opened before a place and its end.
 * @param {string} source
 * @param {number} from
 */
function upToEnd(source, from) {
  for (let at = from, open = 1; at < source.length; at++) {
    open += Number("({[".includes(source.charAt(at))) - Number(")}]".includes(source.charAt(at)));
    if (open === 0) return source.slice(from, at);
  }
  return source.slice(from);
}

test("whoever says something gives all that its message names", async () => {
  /** @type {Record<string, Record<string, string | Record<string, string>>>} */
  const catalogue = JSON.parse(await readFile(new URL("static/words/en.json", root), "utf8"));
  const messages = new Map(Object.entries(catalogue).flatMap(([area, inIt]) => Object.entries(inIt).map(([name, message]) => /** @type {const} */ ([
    `${area}.${name}`, typeof message === "string" ? message : Object.values(message).join(" "),
  ]))));
  const found = [];
  let named = 0;
  for (const [folder, which, call] of /** @type {const} */ ([
    ["templates", /\.html$/, /[{(]\s*t "([\w.]+)"/g],
    ["static/js", /\.js$/, /\bt\("([\w.]+)"/g],
    ["internal", /(?<!_test)\.go$/, /\bwords\.Text\("([\w.]+)"(?! ?\+)/g],
  ])) {
    for await (const [file, source] of sources(folder, which)) {
      for (const { 0: { length }, 1: key = "", index } of source.matchAll(call)) {
        const message = messages.get(key);
        if (message === undefined) found.push(`${file}: there is no ${key}`);
        const given = upToEnd(source, index + length);
        for (const [, name = ""] of (message ?? "").matchAll(/{(\w+)}/g)) {
          named++;
          if (!new RegExp(`\\b${name}\\b`).test(given)) found.push(`${file}: ${key} names ${name}`);
        }
      }
    }
  }
  assert.ok(named > 200, `only ${named} names`);
  assert.deepEqual(found, []);
});
