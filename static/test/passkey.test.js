import assert from "node:assert/strict";
import { test } from "node:test";

import { bytes, text } from "../js/core/passkey.js";

test("bytes go to base64url and back", () => {
  for (let length = 0; length < 70; length++) {
    const raw = Uint8Array.from({ length }, (_, i) => (i * 37 + 251) % 256);
    const written = text(raw.buffer);
    assert.match(written, /^[A-Za-z0-9_-]*$/);
    assert.deepEqual(bytes(written), raw);
    assert.equal(written, Buffer.from(raw).toString("base64url"));
  }
});
