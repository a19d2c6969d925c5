import assert from "node:assert/strict";
import test from "node:test";
import { forget, remembers, whoIsSignedIn } from "../js/core/session.js";

/**
 * A browser's memory.
 * @param {Record<string, string>} held
 * @returns {Storage}
 */
function memory(held) {
  const all = new Map(Object.entries(held));
  return {
    get length() { return all.size; },
    key: (n) => [...all.keys()][n] ?? null,
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, value) => { all.set(key, value); },
    removeItem: (key) => { all.delete(key); },
    clear: () => all.clear(),
  };
}

test("what is about a person is forgotten, what is about the device stays", () => {
  const held = memory({
    "foyer.chat.ana./r/team.draft": "Hello", "foyer.settings": "{}", "foyer.chat.ana./r/team.outbox": "[]", "foyer.devices": "{}", "foyer.chat.ana./r/team.read": "7",
  });
  assert.equal(remembers(held), true);
  forget(held);
  assert.equal(remembers(held), false);
  assert.deepEqual([held.length, held.getItem("foyer.settings"), held.getItem("foyer.devices")], [2, "{}", "{}"]);
  forget(null);
  assert.equal(remembers(null), false);
});

for (const [what, answer, want] of /** @type {const} */ ([
  ["somebody", () => Response.json({ username: "ana" }), "ana"],
  ["nobody", () => new Response("{}", { status: 401 }), ""],
  ["a server in trouble", () => new Response("", { status: 503 }), null],
  ["no connection", () => { throw new TypeError("offline"); }, null],
])) {
  test(`who is signed in: ${what}`, async () => {
    assert.equal(await whoIsSignedIn(async () => answer()), want);
  });
}
