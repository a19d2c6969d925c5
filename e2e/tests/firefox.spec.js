// The main path in Firefox, with somebody in Chromium at the other end.

import { expect, test } from "../lib/test.js";
import { Firefox } from "../lib/firefox.js";
import { expectPicture, expectSound } from "../lib/media.js";
import { expectCount, join, makeRoom, password } from "../lib/people.js";

/** How WebDriver names a key. */
const control = "\uE009";

test("somebody with Firefox signs up, checks the connection, joins, sees and is seen, mutes, shares words of what is going on, and leaves", async ({ visit, foyer }) => {
  test.setTimeout(600_000); // another browser has to start
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await join(ana, room);
  const fox = await Firefox.start();
  try {
    await fox.goto(`${foyer.base}/signup`);
    for (const [name, text] of [["username", "fay"], ["email", "fay@example.org"], ["display_name", "Fay"], ["password", password]]) await fox.type(`[name="${name}"]`, text ?? "");
    await fox.click("main form button:not([type=button])");
    await fox.until("signed up", () => document.body.innerText.includes("Log out"));
    await ana.post(`${room}/members`, { login: "fay", role: "member" });

    await fox.goto(`${foyer.base}${room}`);
    await fox.until("the preview shows the camera", () => {
      const video = document.querySelector("#preview-video");
      return video instanceof HTMLVideoElement && video.videoWidth > 0;
    });
    await fox.click("[data-check]");
    // Each part of the way is tried for a time, and not again by itself: a machine that is late may need more than that.
    await fox.until("the check has found a way for media", () => {
      const found = document.querySelector('#check [data-step="media"]');
      const again = document.querySelector("#check-again");
      if (found?.matches(".bad, .fair") && again instanceof HTMLElement && !again.hasAttribute("data-busy")) again.click();
      return found?.matches(".good");
    });
    await fox.until("the check is done", () => !document.querySelector("#check-again")?.hasAttribute("data-busy"));
    await fox.click("#check [data-close]");

    await fox.click("#join");
    await fox.until("two people", () => document.querySelectorAll("[data-participant]").length === 2);
    await expectCount(ana, 2);
    await expectPicture(ana.tile("fay"));
    await expectSound(ana.page);
    await fox.until("Ana's picture moves in Firefox", async () => {
      const video = document.querySelector('[data-user="ana"] video');
      if (!(video instanceof HTMLVideoElement) || video.videoWidth === 0) return false;
      const canvas = new OffscreenCanvas(64, 36);
      const drawn = () => {
        const context = canvas.getContext("2d");
        context?.drawImage(video, 0, 0, 64, 36);
        return context?.getImageData(0, 0, 64, 36).data.join() ?? "";
      };
      const before = drawn();
      await new Promise((resolve) => { setTimeout(resolve, 500); });
      return drawn() !== before;
    });
    await fox.until("Ana's sound plays", () => [...document.querySelectorAll("audio")].some((audio) => !audio.paused && audio.srcObject));

    await fox.press(control, "d");
    await expect(ana.tile("fay")).toContainText("microphone off");
    await fox.press(control, "e");
    await expect(ana.tile("fay").locator("video")).toHaveCount(0);
    await fox.press(control, "e");
    await expectPicture(ana.tile("fay"));
    await fox.press("?");
    await fox.until("the list of shortcuts", () => document.querySelector("#shortcuts")?.matches("[open]"));
    await fox.click("#shortcuts [data-close]");

    await fox.click("#leave");
    await fox.until("the end", () => document.body.innerText.includes("You left the call."));
    await expectCount(ana, 1);
    await fox.click("#rejoin");
    await expectCount(ana, 2);
  } finally {
    await fox.close();
  }
});
