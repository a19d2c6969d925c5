// Screens that are shared.

import { expect, test } from "../lib/test.js";
import { photographShare, screenShare } from "../lib/share.js";

test("a shared screen is seen large by the others, and gives their tiles back when it ends", async ({ visit }) => {
  await screenShare(visit);
});

test("pictures of a shared screen, to be looked at", { tag: "@pictures" }, async ({ visit, launch, browser }) => {
  test.setTimeout(300_000);
  await photographShare(visit, launch, browser, "livekit");
});
