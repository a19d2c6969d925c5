// Screens that are shared.

import { expect, test } from "../lib/test.js";
import { screenShare } from "../lib/share.js";

test("a shared screen is seen large by the others, and gives their tiles back when it ends", async ({ visit }) => {
  await screenShare(visit);
});
