// Pictures of the chat in each of its states, for people to look at, each checked
// with axe.

import { Buffer } from "node:buffer";
import { cameraFile } from "../lib/camera.js";
import { filmPortraits } from "../lib/film.js";
import { expectPicture } from "../lib/media.js";
import { join, makeRoom } from "../lib/people.js";
import { shots } from "../lib/shots.js";
import { expect, test } from "../lib/test.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** @param {Person} person @param {string} text */
async function write({ page }, text) {
  const field = page.getByRole("textbox", { name: "Message" });
  await field.fill(text);
  await field.press("Enter");
  await expect(page.locator("#messages .message").last()).toContainText(text);
}

/** A drawn picture as a file. @param {Person} person */
async function drawing({ page }) {
  const bytes = await page.evaluate(async () => {
    const canvas = new OffscreenCanvas(480, 270);
    const context = canvas.getContext("2d");
    if (!context) throw new Error("no canvas");
    const sky = context.createLinearGradient(0, 0, 0, 270);
    sky.addColorStop(0, "#f6c177");
    sky.addColorStop(1, "#31748f");
    context.fillStyle = sky;
    context.fillRect(0, 0, 480, 270);
    context.fillStyle = "#faf4ed";
    context.beginPath();
    context.arc(340, 90, 36, 0, 7);
    context.fill();
    return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())];
  });
  return { name: "view from the roof.png", mimeType: "image/png", buffer: Buffer.from(bytes) };
}

test("the chat in each of its states", { tag: "@pictures" }, async ({ visit, launch, browser }) => {
  test.setTimeout(600_000);
  await filmPortraits(browser);
  const ana = await visit("ana", { browser: await launch({ camera: cameraFile("ana") }) });
  const ben = await visit("ben", { browser: await launch({ camera: cameraFile("ben") }) });
  const room = await makeRoom(ana, [ben], { name: "Design review", topic: "Thursdays at ten" });
  await join(ana, room);
  await join(ben, room);
  await expectPicture(ana.tile("ben"));
  for (const person of [ana, ben]) await person.page.locator("#bar-chat").click();
  await expect(ana.page.getByText("No messages yet")).toBeVisible();
  await shots(ana, "chat-empty");

  await write(ana, "Morning! The new drafts are at https://design.example.org/drafts/42, have a look before we start.");
  await write(ben, "Thanks, reading them now.");
  await ben.page.locator("#composer-files").setInputFiles([await drawing(ben), { name: "notes.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7") }]);
  await expect(ben.page.locator(".attachment[data-state=done]")).toHaveCount(2);
  await write(ben, "This is what I had in mind for the cover");
  const first = ana.page.locator("#messages .message").filter({ hasText: "Thanks" });
  await first.hover();
  await first.getByRole("button", { name: "Reply to Ben" }).click();
  await shots(ana, "chat-replying");
  await write(ana, "Take your time");
  await write(ana, "אפשר גם בעברית, ומימין לשמאל");
  await expect(ana.page.getByRole("img", { name: /roof/ })).toBeVisible();
  await shots(ana, "chat-messages");

  await ana.page.getByRole("textbox", { name: "Message" }).press("ArrowUp");
  await shots(ana, "chat-editing");
  await ana.page.getByRole("textbox", { name: "Message" }).press("Escape");

  await ben.page.route("**/files?name=slow*", () => {}); // never answered
  await ben.page.route("**/files?name=lost*", (route) => route.abort());
  await ben.page.locator("#composer-files").setInputFiles(["slow recording.webm", "lost.txt"].map((name) => ({ name, mimeType: "text/plain", buffer: Buffer.from("x") })));
  await expect(ben.page.getByText("The connection was lost.")).toBeVisible();
  await shots(ben, "chat-uploading");
  for (const name of ["slow recording.webm", "lost.txt"]) await ben.button(`Remove ${name}`).click();

  await ben.page.route("**/messages", (route) => route.fulfill({ status: 422, contentType: "application/json", body: JSON.stringify({ error: { reason: "invalid", message: "This message is not there any more.", fields: {} } }) }));
  await ben.page.getByRole("textbox", { name: "Message" }).fill("Does this arrive?");
  await ben.button("Send").click();
  await expect(ben.page.getByText(/^Not sent/)).toBeVisible();
  await shots(ben, "chat-failed");

  await ana.page.evaluate(() => { document.documentElement.dir = "rtl"; });
  await shots(ana, "chat-rtl");
});
