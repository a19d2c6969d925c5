import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";

const root = new URL("../", import.meta.url);

/** The modules that one imports statically, itself included, as paths below static. @param {string} entry */
async function closure(entry) {
  const found = new Set([entry]);
  for (const path of found) {
    const source = await readFile(new URL(path, root), "utf8");
    for (const [, relative = ""] of source.matchAll(/^(?:import|export)\b[^;]*?from "(\.[^"]+)";/gm)) {
      found.add(new URL(relative, new URL(path, "http://x/")).pathname.slice(1));
    }
  }
  return found;
}

test("the room page preloads what its script imports, so that modules are not found one after the other", async () => {
  const page = await readFile(new URL("../templates/room.html", root), "utf8");
  const named = [...page.matchAll(/rel="modulepreload" href="{{asset "([^"]+)"}}"/g)].map(([, path]) => path);
  const wanted = await closure("js/app/room.js");
  wanted.delete("js/app/room.js"); // a script element of its own
  assert.deepEqual(named.toSorted(), [...wanted].sort());
});

test("every icon that templates and scripts name is in the sprite", async () => {
  const build = await readFile(new URL("build.mjs", root), "utf8");
  const list = build.match(/const icons = \[([^\]]+)\]/)?.[1] ?? "";
  const built = new Set([...list.matchAll(/"([a-z0-9-]+)"/g)].map(([, name]) => name));
  const used = new Set();
  for (const folder of ["../templates/", "js/app/"]) {
    for (const file of await readdir(new URL(folder, root))) {
      if (!/\.(html|js)$/.test(file)) continue;
      const text = await readFile(new URL(folder + file, root), "utf8");
      const names = text.matchAll(/template "icon" "([a-z0-9-]+)"|\bicon\("([a-z0-9-]+)"\)|\b(?:on|off): "([a-z0-9-]+)"/g);
      for (const [, inTemplate, made, shown] of names) used.add(inTemplate ?? made ?? shown);
    }
  }
  assert.deepEqual([...used].sort(), [...built].sort());
});
