import assert from "node:assert/strict";
import test from "node:test";
import { parting, qualityOf, refusal, roomOf } from "../js/media/twilio_terms.js";
import { words } from "../js/app/words.js";

/** @param {number} code */
const failure = (code) => Object.assign(new Error(`twilio ${code}`), { code });

test("why Twilio ended a connection, by its codes", () => {
  for (const [error, want] of /** @type {const} */ ([
    [undefined, { parting: "refused", reason: "" }], // over its REST service: Foyer did it, and its event stream says why
    [failure(53118), { parting: "refused", reason: "call_ended" }],
    [failure(53205), { parting: "refused", reason: "duplicate" }],
    [failure(53105), { parting: "refused", reason: "full" }],
    [failure(20101), { parting: "refused", reason: "misconfigured" }],
    [failure(20104), { parting: "lost", reason: "" }], // reconnecting needs a token that lives: joining afresh brings one
    [failure(53000), { parting: "lost", reason: "" }],
    [failure(53001), { parting: "lost", reason: "" }],
    [failure(53106), { parting: "lost", reason: "" }], // joining afresh makes the room
    [failure(53405), { parting: "lost", reason: "" }],
    [new Error("something else"), { parting: "lost", reason: "" }],
  ])) assert.deepEqual(parting(error), want, String(error));
});

test("pages have words for every reason that the adapter gives", () => {
  const given = new Set();
  for (let code = 20000; code < 54000; code++) given.add(refusal(failure(code)));
  assert.deepEqual([...given].sort(), ["", "call_ended", "duplicate", "expired", "full", "misconfigured"]);
  for (const reason of given) if (reason) assert.ok(words.ended[reason], reason);
});

test("levels of the network's quality", () => {
  assert.deepEqual([null, 0, 1, 2, 3, 4, 5].map(qualityOf), ["good", "lost", "poor", "poor", "good", "good", "good"]);
});

test("the room that a token opens", () => {
  const claims = Buffer.from(JSON.stringify({ grants: { identity: "x?>", video: { room: "foyer-1" } } })).toString("base64url");
  assert.equal(roomOf(`e30.${claims}.signature`), "foyer-1");
  for (const token of ["", "garbage", "a.b.c"]) assert.throws(() => roomOf(token));
});
