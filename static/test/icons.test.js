import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import test from "node:test";

const root = new URL("../", import.meta.url);

test("every icon that templates and scripts name is in the sprite", async () => {
  const build = await readFile(new URL("build.mjs", root), "utf8");
  const list = build.match(/const icons = \[([^\]]+)\]/)?.[1] ?? "";
  const built = new Set([...list.matchAll(/"([a-z0-9-]+)"/g)].map(([, name]) => name));
  const used = new Set();
  for (const folder of ["../templates/", "js/app/"]) {
    for (const file of await readdir(new URL(folder, root))) {
      if (!/\.(html|js)$/.test(file)) continue;
      const text = await readFile(new URL(folder + file, root), "utf8");
      const names = text.matchAll(/(?:template )?"icon" "([a-z0-9-]+)"|\bicon\("([a-z0-9-]+)"\)|\b(?:on|off|icon|waiting|running|good|fair|bad|left_out): "([a-z0-9-]+)"/g);
      for (const [, inTemplate, made, shown] of names) used.add(inTemplate ?? made ?? shown);
    }
  }
  assert.deepEqual([...used].sort(), [...built].sort());
});
