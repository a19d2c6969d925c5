import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";
import { isKey, listed, t } from "../js/core/text.js";

const root = new URL("../../", import.meta.url);

test("a message takes values, and the form that the count asks for", () => {
  assert.equal(t("call.several_people", { count: 1 }), "1 person");
  assert.equal(t("call.several_people", { count: 1200 }), "1,200 people");
  assert.ok(isKey("call.several_people"));
  assert.ok(!isKey("toString"));
  assert.equal(listed(["Ana", "Ben", "Cleo"]), "Ana, Ben, and Cleo");
});

test("every message is used, and every key that is used has a message", async () => {
  const catalogue = JSON.parse(await readFile(new URL("static/words/en.json", root), "utf8"));
  const keys = new Set(Object.entries(catalogue).flatMap(([area, inIt]) => Object.keys(inIt).map((name) => `${area}.${name}`)));
  const areas = Object.keys(catalogue).join("|");
  /** @type {Set<string>} */
  const used = new Set();
  for (const folder of ["templates", "static/js", "internal", "cmd"]) {
    for (const file of await readdir(new URL(`${folder}/`, root), { recursive: true })) {
      if (!/\.(html|js|go)$/.test(file) || /_test\.go$|node_modules/.test(file)) continue;
      const source = await readFile(new URL(`${folder}/${file}`, root), "utf8");
      for (const [, key = ""] of source.matchAll(new RegExp(`["\`]((?:${areas})\\.[a-z0-9_]+)["\`]`, "g"))) {
        if (!/\.(js|css|html|mjs)$|_$/.test(key)) used.add(key);
      }
      // A key that is put together uses all messages that begin as it does.
      for (const [, begin = ""] of source.matchAll(new RegExp(`["\`]((?:${areas})\\.[a-z0-9_]*)(?:\\$\\{|" ?\\+|" \\.)`, "g"))) {
        for (const key of keys) if (key.startsWith(begin)) used.add(key);
      }
    }
  }
  assert.deepEqual([...used].filter((key) => !keys.has(key)).sort(), [], "used without a message");
  assert.deepEqual([...keys].filter((key) => !used.has(key)).sort(), [], "messages that nothing uses");
});
