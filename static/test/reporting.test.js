import assert from "node:assert/strict";
import test, { mock } from "node:test";
import { Reporting } from "../js/core/reporting.js";

/**
 * @param {number} at
 * @param {number} packets
 * @param {number} lost
 * @returns {import("../js/media/types.js").Sample}
 */
function sample(at, packets, lost) {
  const flow = { id: "me", source: /** @type {const} */ ("camera"), sent: true, bytes: packets * 1000, packets, lost, width: 0, height: 0, frames: 0 };
  return { at, roundTrip: 42, path: "tcp", flows: [flow] };
}

test("how one is connected is told soon after the start, then now and then, until the end", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {import("../js/core/reporting.js").Report[]} */
  const told = [];
  const samples = [sample(0, 0, 0), sample(15_000, 100, 5), null, sample(45_000, 100, 5)];
  let fails = false;
  const reporting = new Reporting({
    stats: async () => samples.shift() ?? null,
    quality: () => "poor",
    tell: async (report) => {
      told.push(report);
      if (fails) throw new Error("away");
    },
  });
  const pass = async (/** @type {number} */ ms) => {
    mock.timers.tick(ms);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  reporting.begin();
  await pass(2999);
  assert.equal(told.length, 0);
  await pass(1);
  assert.deepEqual(told, [{ path: "tcp", quality: "poor", rtt: 0.042, loss: 0 }]);
  fails = true;
  await pass(15_000);
  assert.equal(told.length, 2);
  assert.equal(told[1]?.loss, 0.05);
  await pass(15_000); // no connection just now: nothing is told
  assert.equal(told.length, 2);
  await pass(15_000);
  assert.equal(told.length, 3);
  reporting.end();
  await pass(60_000);
  assert.equal(told.length, 3);
  mock.timers.reset();
});
