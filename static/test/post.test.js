import assert from "node:assert/strict";
import test from "node:test";
import { Declined, Failed, asDeclined, isFinal } from "../js/core/post.js";
import { answeredWith, trouble } from "./lib/answers.js";

/** @param {string} reason */
const body = (reason) => ({ error: { reason, message: "A sentence.", fields: { name: "Too long." } } });

test("a refusal is final, with what the server gave for it", async () => {
  for (const status of [401, 403, 404, 409, 422, 507]) {
    const error = await answeredWith(status, body("this"));
    assert.ok(error instanceof Declined);
    assert.deepEqual([error.reason, error.message, error.fields, isFinal(error)], ["this", "A sentence.", { name: "Too long." }, true]);
  }
  const nameless = await answeredWith(413, undefined);
  assert.ok(nameless instanceof Declined);
  assert.deepEqual([nameless.reason, isFinal(nameless)], ["status_413", true]);
});

test("a refusal that passes says when to ask again", async () => {
  for (const [status, reason] of /** @type {const} */ ([[429, "busy"], [503, "busy"], [503, "media_unavailable"]])) {
    const error = await answeredWith(status, body(reason), { "Retry-After": "3" });
    assert.ok(error instanceof Declined);
    assert.deepEqual([error.reason, error.retryAfter, isFinal(error)], [reason, 3, false]);
  }
});

test("a server that has trouble refuses nothing", async () => {
  const own = await trouble();
  assert.ok(own instanceof Failed);
  assert.equal(isFinal(own), false);
  assert.deepEqual([asDeclined(own).reason, asDeclined(own).message], ["failed", "This did not work. It is our fault, not yours."]);
  const proxys = await answeredWith(502, undefined);
  assert.ok(!(proxys instanceof Declined || proxys instanceof Failed));
  assert.equal(isFinal(proxys), false);
  assert.deepEqual([asDeclined(proxys).reason, asDeclined(proxys).message], ["unreachable", ""]);
});

test("a refusal says itself what it is", async () => {
  const error = await answeredWith(403, body("locked"));
  assert.equal(asDeclined(error), error);
});
