import assert from "node:assert/strict";
import test from "node:test";
import { Strain } from "../js/core/strain.js";

const fine = { sending: true, limited: "", frames: 30, quality: "good" };

/** A call's strain with its own clock. */
class Watched {
  now = 0;
  /** @type {string[]} */
  said = [];
  strain = new Strain(3);

  constructor() {
    this.strain.on("size", ({ size }) => this.said.push(`size ${size}`));
    this.strain.on("dark", () => this.said.push("dark"));
    this.strain.on("weak", () => this.said.push("weak"));
  }

  /** @param {object} moment @param {number} seconds */
  pass(moment, seconds) {
    for (let i = 0; i < seconds; i += 2) {
      this.strain.take(/** @type {never} */ ({ ...fine, ...moment }), this.now);
      this.now += 2000;
    }
  }
}

for (const [what, moment] of /** @type {[string, object][]} */ ([
  ["a weak processor", { limited: "cpu" }],
  ["a network that lets hardly a picture through", { limited: "bandwidth", frames: 4 }],
  ["a poor connection", { quality: "poor" }],
])) {
  test(`${what}: smaller pictures, smaller again, then none`, () => {
    const call = new Watched();
    call.pass(moment, 40);
    assert.deepEqual(call.said.filter((said) => said !== "weak"), ["size 1", "size 2", "dark"]);
  });
}

test("a moment of strain, and a browser that adapts by itself, change nothing", () => {
  const call = new Watched();
  call.pass({ limited: "cpu" }, 8);
  call.pass({}, 4);
  call.pass({ limited: "cpu" }, 8);
  call.pass({ limited: "bandwidth", frames: 20 }, 120);
  assert.deepEqual(call.said, []);
});

test("when it is better for a while pictures grow, and after each time too early it waits longer", () => {
  const call = new Watched();
  call.pass({ limited: "cpu" }, 12);
  call.pass({}, 48);
  assert.deepEqual(call.said, ["size 1", "size 0"]);
  call.pass({ limited: "cpu" }, 12);
  call.pass({}, 60);
  assert.deepEqual(call.said, ["size 1", "size 0", "size 1"]);
  call.pass({}, 40);
  assert.deepEqual(call.said, ["size 1", "size 0", "size 1", "size 0"]);
});

test("without a picture there is nothing to make smaller", () => {
  const call = new Watched();
  call.pass({ sending: false, limited: "cpu" }, 120);
  assert.deepEqual(call.said, []);
});

test("that the connection is weak is said once in a while, not all the time", () => {
  const call = new Watched();
  call.pass({ sending: false, quality: "lost" }, 100);
  assert.deepEqual(call.said, ["weak"]);
  call.pass({ sending: false }, 10);
  call.pass({ sending: false, quality: "poor" }, 100);
  assert.deepEqual(call.said, ["weak", "weak"]);
});

test("a time without measurements is no strain, and no ease", () => {
  const call = new Watched();
  call.pass({ limited: "cpu", quality: "poor" }, 4);
  call.now += 30_000; // the connection was lost, and is back
  call.strain.pause();
  call.pass({ limited: "cpu", quality: "poor" }, 4);
  assert.deepEqual(call.said, []);
  call.pass({ limited: "cpu" }, 12);
  call.pass({}, 4);
  call.now += 60_000;
  call.strain.pause();
  call.pass({}, 4);
  assert.deepEqual(call.said, ["size 1"], "the size stays");
});

test("the next call begins with whole pictures", () => {
  const call = new Watched();
  call.pass({ limited: "cpu" }, 12);
  call.strain.reset();
  call.strain.reset();
  assert.deepEqual(call.said, ["size 1", "size 0"]);
});
