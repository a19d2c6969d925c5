import assert from "node:assert/strict";
import test from "node:test";
import { Hands, inOrder, spokenFor } from "../js/core/hands.js";
import { Roster } from "../js/core/roster.js";

const at = "2026-01-01T12:00:00.000Z";

/** @param {(raised: boolean) => Promise<unknown>} [send] */
function own(send = async () => {}) {
  const roster = new Roster();
  /** @type {boolean[]} */
  const sent = [];
  const hands = new Hands(roster, (raised) => { sent.push(raised); return send(raised); });
  roster.begin("me", [{ participant: "me", username: "me", display_name: "Me", role: "member", hand_at: null }]);
  roster.own({ microphone: true, picture: "", share: "" });
  return { roster, hands, sent };
}

test("hands are in the order in which they went up, whatever the form of the time", () => {
  const roster = new Roster();
  const who = (/** @type {string} */ id, /** @type {string | null} */ hand) => ({ participant: id, username: id, display_name: id, role: "", hand_at: hand });
  roster.begin("a", [who("a", "2026-01-01T12:00:02.5Z"), who("b", null), who("c", "2026-01-01T14:00:01.250001+02:00")]);
  for (const id of ["b", "c", "d"]) roster.present({ id, microphone: true, picture: "", share: "", sound: "", shareSound: "" });
  const order = () => inOrder(roster.participants).map(({ id }) => id);
  assert.deepEqual(order(), ["c", "a"]);
  roster.hand("d", "2026-01-01T12:00:02Z"); // before their name is known
  roster.name(who("d", "2026-01-01T12:00:02Z"));
  assert.deepEqual(order(), ["c", "d", "a"]);
  roster.hand("d", null);
  roster.gone("c");
  roster.present({ id: "c", microphone: true, picture: "", share: "", sound: "", shareSound: "" });
  assert.deepEqual(order(), ["c", "a"], "a connection that was lost and is back keeps its place");
});

test("one's own shows at once, and is taken back when it could not be raised", async () => {
  const { hands, sent } = own(async () => { throw new Error("no"); });
  /** @type {boolean[]} */
  const shown = [];
  hands.on("own", ({ up }) => shown.push(up));
  await hands.toggle();
  assert.deepEqual(shown, [true, false]);
  assert.deepEqual(sent, [true]);
  assert.equal(hands.up, false);
});

test("it goes down after its person has spoken for a while, also in pieces, and not before", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { roster, hands, sent } = own();
  const pass = (/** @type {number} */ ms) => t.mock.timers.tick(ms);
  const speak = (/** @type {boolean} */ on) => { roster.speaking(on ? ["me"] : []); pass(on ? 100 : 800); };
  speak(true);
  pass(spokenFor * 2);
  speak(false);
  assert.deepEqual(sent, [], "without a hand nothing happens");
  roster.hand("me", at);
  assert.equal(hands.up, true);
  speak(true);
  pass(spokenFor / 2);
  speak(false);
  pass(spokenFor * 3);
  assert.deepEqual(sent, [], "silence does not count");
  speak(true);
  pass(spokenFor / 2 + 10);
  assert.deepEqual(sent, [false]);
  roster.hand("me", null);
  roster.hand("me", at);
  pass(spokenFor / 2);
  assert.deepEqual(sent, [false], "a new hand begins anew");
});

test("a muted microphone does not speak", (t) => {
  t.mock.timers.enable({ apis: ["setTimeout", "Date"] });
  const { roster, sent } = own();
  roster.hand("me", at);
  roster.own({ microphone: false, picture: "", share: "" });
  roster.speaking(["me"]);
  t.mock.timers.tick(spokenFor * 2);
  assert.deepEqual(sent, []);
});
