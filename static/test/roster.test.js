import assert from "node:assert/strict";
import test from "node:test";
import { Roster } from "../js/core/roster.js";

/** @param {string} participant @param {string} username */
const who = (participant, username) => ({ participant, username, display_name: username.toUpperCase(), role: "member" });

/** @param {string} id @param {Partial<import("../js/media/types.js").Present>} [more] */
const there = (id, more = {}) => ({ id, microphone: true, picture: "", share: "", sound: "s", ...more });

function watched() {
  const roster = new Roster();
  /** @type {string[]} */
  const seen = [];
  roster.on("added", ({ id, username }) => seen.push(`+${id}:${username}`));
  roster.on("changed", ({ id, username }) => seen.push(`~${id}:${username}`));
  roster.on("removed", ({ id }) => seen.push(`-${id}`));
  roster.on("nameless", ({ id }) => seen.push(`?${id}`));
  return { roster, seen };
}

test("a name may come before its person and after", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { roster, seen } = watched();
  roster.begin("me", [who("me", "ana"), who("b", "ben")]);
  roster.settle([there("b")]);
  roster.present(there("c"));
  roster.name(who("c", "chen"));
  t.mock.timers.tick(5000);
  assert.deepEqual(seen, ["+me:ana", "+b:ben", "+c:", "~c:chen"]);
  assert.equal(roster.count, 3);
  assert.deepEqual(roster.participants.map(({ id, local }) => [id, local]), [["me", true], ["b", false], ["c", false]]);
});

test("who stays without a name for two seconds is asked about, once", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { roster, seen } = watched();
  roster.begin("me", [who("me", "ana")]);
  roster.present(there("x"));
  roster.present(there("y"));
  roster.gone("y");
  t.mock.timers.tick(10_000);
  assert.deepEqual(seen, ["+me:ana", "+x:", "+y:", "-y", "?x"]);
});

test("tells of a change only when there is one", () => {
  const { roster, seen } = watched();
  roster.begin("me", [who("me", "ana"), who("b", "ben")]);
  roster.present(there("b"));
  roster.present(there("b"));
  roster.own({ microphone: false, picture: "", share: "" });
  seen.length = 0;
  roster.present(there("b", { picture: "v" }));
  roster.quality("b", "good");
  roster.quality("nobody", "poor");
  roster.own({ microphone: false, picture: "", share: "" });
  assert.deepEqual(seen, ["~b:ben"]);
});

test("a new connection keeps the others and hides the former self", () => {
  const { roster, seen } = watched();
  roster.begin("me1", [who("me1", "ana"), who("b", "ben"), who("c", "chen")]);
  roster.settle([there("b"), there("c")]);
  seen.length = 0;
  roster.begin("me2", [who("me2", "ana"), who("b", "ben")]);
  assert.deepEqual(seen, ["-me1", "+me2:ana"]);
  roster.settle([there("b"), there("me1")]);
  assert.deepEqual(seen, ["-me1", "+me2:ana", "-c"]);
  assert.deepEqual(roster.participants.map(({ id }) => id), ["me2", "b"]);
});

test("oneself does not go because the service says so", () => {
  const { roster } = watched();
  roster.begin("me", [who("me", "ana")]);
  roster.gone("me");
  assert.equal(roster.count, 1);
});

test("guests have a name without a username; the host is marked, and not any more when there is none", () => {
  const { roster } = watched();
  roster.begin("me", [who("me", "ana"), who("b", "ben"), { participant: "g", username: "", display_name: "Gus", role: "guest" }]);
  roster.host("ben");
  roster.settle([there("b"), there("g")]);
  const marks = () => roster.participants.map(({ displayName, guest, host }) => [displayName, guest, host]);
  assert.deepEqual(marks(), [["ANA", false, false], ["BEN", false, true], ["Gus", true, false]]);
  roster.host("");
  assert.deepEqual(marks(), [["ANA", false, false], ["BEN", false, false], ["Gus", true, false]], "guests have no username either, and host nothing");
  roster.host("chen");
  roster.present(there("c"));
  roster.name(who("c", "chen"));
  assert.equal(roster.participants.find(({ id }) => id === "c")?.host, true);
});

test("speaking marks whom it knows, and forgets them when they go", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { roster } = watched();
  roster.begin("me", [who("me", "ana")]);
  roster.present(there("b"));
  roster.speaking(["b", "me", "stranger"]);
  t.mock.timers.tick(150);
  assert.deepEqual(roster.participants.map(({ speaking }) => speaking), [true, true]);
  roster.gone("b");
  roster.present(there("b"));
  t.mock.timers.tick(2000);
  assert.equal(roster.participants[1]?.speaking, false);
});

test("clear takes everybody and every wait away", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { roster, seen } = watched();
  roster.begin("me", [who("me", "ana")]);
  roster.present(there("x"));
  roster.clear();
  t.mock.timers.tick(10_000);
  assert.equal(roster.count, 0);
  assert.deepEqual(seen, ["+me:ana", "+x:", "-me", "-x"]);
});

test("with sound only no picture of the others is shown, whenever they come, though it is known that they send one", () => {
  const roster = new Roster();
  roster.begin("me", []);
  roster.own({ microphone: true, picture: "own", share: "" });
  const other = { id: "b", microphone: true, picture: "p1", share: "screen", sound: "s" };
  roster.present(other);
  roster.soundOnly = true;
  roster.present({ ...other, picture: "p2" });
  roster.present({ ...other, id: "c", picture: "p3" });
  const pictures = () => roster.participants.map(({ picture, shown, share }) => `${picture} ${shown}/${share}`);
  assert.deepEqual(pictures(), ["own own/", "p2 /screen", "p3 /screen"]);
  roster.soundOnly = false;
  assert.deepEqual(pictures(), ["own own/", "p2 p2/screen", "p3 p3/screen"]);
});
