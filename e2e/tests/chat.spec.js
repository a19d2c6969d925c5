// Messages between people in a call, in real browsers.

import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join, makeRoom } from "../lib/people.js";
import { saidIn } from "../lib/said.js";
import { expect, test } from "../lib/test.js";

/** @typedef {import("../lib/people.js").Person} Person */

/** A picture of one pixel. */
const pixel = Buffer.from("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==", "base64");

/** @param {Person} person */
async function openChat(person) {
  await person.page.getByRole("button", { name: /^Chat(, |$)/ }).click();
  await expect(field(person)).toBeFocused();
}

/** @param {Person} person */
const field = ({ page }) => page.getByRole("textbox", { name: "Message" });

/** @param {Person} person */
const rows = ({ page }) => page.locator("#messages .message");

/** @param {Person} person */
const texts = ({ page }) => page.locator("#messages .message-text:visible");

/** @param {Person} person @param {string} text */
async function write(person, text) {
  await field(person).fill(text);
  await field(person).press("Enter");
}

/** @param {Person} person @param {string} text */
const row = (person, text) => rows(person).filter({ has: person.page.locator(".message-text", { hasText: text }) });

/** @param {Person} person @param {string} text @param {string} item */
async function chooseFor(person, text, item) {
  await row(person, text).hover();
  await row(person, text).getByRole("button", { name: /^More for/ }).click();
  await person.page.getByRole("menuitem", { name: item, exact: true }).click();
}

test("messages, links, replies, edits and deletion", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await openChat(ana);
  await expect(ana.page.getByText("No messages yet")).toBeVisible();
  await write(ana, "See https://example.org/a_(b), and <b>this</b>");
  await join(ben, room);
  await openChat(ben);
  await expect(texts(ben)).toHaveText(["See https://example.org/a_(b), and <b>this</b>"]);
  const link = ben.page.getByRole("link", { name: "https://example.org/a_(b)" });
  await expect(link).toHaveAttribute("rel", "noopener noreferrer");
  await expect(link).toHaveAttribute("target", "_blank");

  await row(ben, "See").hover();
  await row(ben, "See").getByRole("button", { name: "Reply to Ana" }).click();
  await expect(ben.page.getByText("Replying to Ana")).toBeVisible();
  await write(ben, "I see");
  await expect(row(ana, "I see").locator(".message-quote")).toContainText("You");
  await expect(row(ana, "I see").locator(".message-quote")).toContainText("See https://example.org");

  // The latest of one's own, by the arrow key.
  await field(ben).press("ArrowUp");
  await expect(ben.page.getByText("Editing your message")).toBeVisible();
  await write(ben, "I saw");
  await expect(texts(ana).last()).toHaveText("I saw");
  await expect(row(ana, "I saw")).toContainText("edited");
  await expect(row(ana, "See")).not.toContainText("edited");

  // A member deletes their own only, the owner all.
  await row(ben, "See").hover();
  await expect(row(ben, "See").getByRole("button", { name: /^More for/ })).toBeHidden();
  await chooseFor(ana, "I saw", "Delete");
  await ana.page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(ben.page.getByText("A moderator deleted this message.")).toBeVisible();
  await chooseFor(ana, "See https", "Delete");
  await ana.page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(ben.page.getByText("Ana deleted this message."), "in its place, and where it is quoted").toHaveCount(2);
  await expect(texts(ben)).toHaveCount(0);
});

test("unread messages are counted, drafts kept, and focus comes back", async ({ visit }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await openChat(ben);
  await write(ben, "one");
  await write(ben, "two");
  await expect(ana.button("Chat, 2 unread messages")).toBeVisible();
  await expect(ana.page.locator("#chat-spoken")).toHaveText(/(2 new messages from Ben|Ben: two)/);
  const said = await saidIn(ana.page.locator("#chat-spoken"));
  for (let times = 1; times <= 2; times++) {
    await write(ben, "anybody?");
    await expect.poll(said, "each time").toEqual(Array(times).fill("Ben: anybody?"));
  }
  await ana.button("Chat, 4 unread messages").click();
  await expect(row(ana, "one")).toHaveAttribute("data-new", "New");
  await expect(ana.page.getByRole("button", { name: "Chat", exact: true })).toHaveAttribute("aria-expanded", "true");
  await field(ana).fill("half a thought");
  await field(ana).press("Escape");
  await expect(ana.page.getByRole("button", { name: "Chat", exact: true })).toBeFocused();
  // The draft outlives a reload.
  await join(ana, room);
  await openChat(ana);
  await expect(field(ana)).toHaveValue("half a thought");
  await ana.button("People").click();
  await expect(field(ana)).toBeHidden();
});

test("files and pasted pictures, with progress, cancel and refusals", async ({ visit }) => {
  const [ana, ben, eve] = [await visit("ana"), await visit("ben"), await visit("eve")];
  const room = await makeRoom(ana, [ben]);
  await join(ana, room);
  await join(ben, room);
  await openChat(ana);
  await openChat(ben);
  await ana.page.locator("#composer-files").setInputFiles([
    { name: "plan.html", mimeType: "text/html", buffer: Buffer.from("<script>document.title = 'owned'</script>") },
    { name: "dot.png", mimeType: "image/png", buffer: pixel },
  ]);
  await write(ana, "both");
  const file = row(ben, "both").getByRole("link", { name: /plan\.html/ });
  const [saved] = await Promise.all([ben.page.waitForEvent("download"), file.click()]);
  expect(readFileSync(await saved.path(), "utf8")).toContain("owned");
  const picture = row(ben, "both").getByRole("img", { name: /dot\.png/ });
  await expect.poll(() => picture.evaluate((/** @type {HTMLImageElement} */ img) => img.naturalWidth)).toBe(1);
  const address = await picture.getAttribute("src") ?? "";
  expect((await eve.context.request.get(address)).status()).toBe(404);

  // A picture from the clipboard.
  await field(ben).evaluate((element, bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  }, [...pixel]);
  await expect(ben.page.locator(".attachment[data-state=done]")).toHaveCount(1);
  // And one that is dropped.
  await ben.page.locator("#chat").evaluate((element, bytes) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
    element.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
  }, [...pixel]);
  await expect(ben.page.locator(".attachment[data-state=done]")).toHaveCount(2);
  await ben.button("Remove dropped.png").click();
  await ben.button("Send").click();
  await expect(ana.page.getByRole("img", { name: /pasted\.png/ })).toBeVisible();
  await expect(ana.page.getByRole("img", { name: /dropped\.png/ })).toHaveCount(0);

  // What the server refuses says so beside it, and aloud, once what was written before is said.
  await expect(ben.page.locator("#chat-spoken")).toContainText("both");
  const said = await saidIn(ben.page.locator("#chat-spoken"));
  await ben.page.locator("#composer-files").setInputFiles([{ name: "virus.exe", mimeType: "text/plain", buffer: Buffer.from("x") }]);
  await expect(ben.page.getByText("virus.exe was not uploaded. Programs cannot be sent here.")).toBeVisible();
  await expect.poll(said).toEqual(["virus.exe was not uploaded. Programs cannot be sent here."]);
  const problem = ben.page.locator("#composer").getByRole("alert");
  const saidOfSending = await saidIn(ben.page.locator("#composer-problem"));
  for (let times = 1; times <= 2; times++) {
    await field(ben).press("Enter");
    await expect.poll(saidOfSending, "each time").toEqual(Array(times).fill("A file was not uploaded. Try it again or remove it, then send."));
  }
  await ben.button("Remove virus.exe").click();
  await expect(problem).toBeHidden();
  // A connection that breaks can be tried again; one that is slow, called off.
  await ben.page.route("**/files?name=*", (route) => route.abort());
  await ben.page.locator("#composer-files").setInputFiles([{ name: "lost.txt", mimeType: "text/plain", buffer: Buffer.from("x") }]);
  await expect(ben.page.getByText("The connection was lost.")).toBeVisible();
  await ben.page.unroute("**/files?name=*");
  await ben.page.locator(".attachment").getByRole("button", { name: "Retry" }).press("Enter");
  await expect(field(ben), "the button is gone").toBeFocused();
  await expect(ben.page.locator(".attachment[data-state=done]")).toHaveCount(1);

  // What is deleted is gone.
  await chooseFor(ana, "both", "Delete");
  await ana.page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(row(ben, "both")).toHaveCount(0);
  expect((await ben.context.request.get(address)).status()).toBe(404);
});

test("who is not allowed to write reads, and what fails can be tried again", async ({ visit, foyer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  await join(ben, room);
  await openChat(ben);
  await foyer.sql(`update rooms set switches = switches || '{"chat": false}' where slug = $1`, [room.split("/").at(-1)]);
  await expect(ben.page.getByText("Writing is switched off for members.")).toBeVisible();
  await expect(field(ben)).toBeHidden();
  await foyer.sql(`update rooms set switches = switches || '{"chat": true}' where slug = $1`, [room.split("/").at(-1)]);
  await expect(field(ben)).toBeVisible();
  // Refused, the message stays with its reason.
  await ben.page.route("**/messages", (route) => route.fulfill({ status: 422, contentType: "application/json", body: JSON.stringify({ error: { reason: "invalid", message: "This is no message.", fields: {} } }) }));
  const said = await saidIn(ben.page.locator("#chat-spoken"));
  await write(ben, "try");
  await expect(ben.page.getByText("Not sent. This is no message.")).toBeVisible();
  await expect.poll(said).toEqual(["Not sent. This is no message."]);
  await ben.page.unroute("**/messages");
  const retry = ben.page.locator("#outbox").getByRole("button", { name: "Retry" });
  await retry.press("Enter");
  await expect(field(ben), "the button is gone").toBeFocused();
  await expect(texts(ben)).toHaveText(["try"]);

  // Who has closed the panel meanwhile is told too.
  /** @type {() => void} */
  let refuse = () => {};
  const closed = new Promise((resolve) => { refuse = () => resolve(undefined); });
  await ben.page.route("**/messages", async (route) => {
    await closed;
    await route.fulfill({ status: 422, contentType: "application/json", body: JSON.stringify({ error: { reason: "invalid", message: "Nor is this.", fields: {} } }) });
  });
  await write(ben, "late");
  await field(ben).press("Escape");
  await expect(field(ben)).toBeHidden();
  refuse();
  await expect(ben.page.locator("#notices")).toContainText("Not sent. Nor is this.");
});

test("500 messages of four people while browsers and server lose each other: none lost, none twice, in order", async ({ launch, visit, foyer }) => {
  test.setTimeout(600_000);
  const browser = await launch({ cameras: false });
  const people = [];
  for (const name of ["ana", "ben", "cleo", "dan"]) people.push(await visit(name, { browser }));
  const [ana, ben, cleo, dan] = people;
  if (!ana || !ben || !cleo || !dan) throw new Error("nobody");
  const room = await makeRoom(ana, [ben, cleo, dan]);
  for (const person of people) {
    await join(person, room);
    await openChat(person);
  }
  // Answers that get lost on the way back: the server has the message, the page does not know.
  let asked = 0;
  await ben.page.route("**/messages", async (route) => {
    if (route.request().method() !== "POST" || asked++ % 5) return route.continue();
    await route.fetch().catch(() => {});
    await route.abort();
  });
  const each = 125;
  /** @param {Person} person */
  const burst = async (person) => {
    for (let i = 0; i < each; i++) {
      await write(person, `${person.username} ${i}`);
    }
  };
  const sending = people.map(burst);
  const sent = () => foyer.sql("select count(*)::int as n from messages join rooms on rooms.id = room_id where slug = $1", [room.split("/").at(-1)]).then(({ rows: [first] }) => first.n);
  await expect.poll(sent, { timeout: 240_000 }).toBeGreaterThan(40);
  await cleo.context.setOffline(true); // a browser loses its network
  await expect.poll(sent, { timeout: 240_000 }).toBeGreaterThan(100);
  await cleo.context.setOffline(false);
  await foyer.end("SIGHUP"); // the server goes, and comes back
  await foyer.begin();
  await Promise.all(sending);
  await expect.poll(sent, { timeout: 240_000 }).toBe(4 * each);
  for (const person of people) {
    await expect(person.page.locator("#outbox .message")).toHaveCount(0, { timeout: 120_000 });
  }
  const { rows: stored } = await foyer.sql("select text from messages join rooms on rooms.id = room_id where slug = $1 order by position", [room.split("/").at(-1)]);
  const order = stored.map(({ text }) => text);
  for (const { username } of people) {
    expect(order.filter((text) => text.startsWith(username))).toEqual(Array.from({ length: each }, (_, i) => `${username} ${i}`));
  }
  for (const person of people) {
    await expect.poll(() => texts(person).allTextContents(), { timeout: 120_000, message: person.username }).toEqual(order);
  }
});

test("a whole conversation by keyboard", async ({ visit }) => {
  const ana = await visit("ana");
  const room = await makeRoom(ana);
  await join(ana, room);
  await ana.page.getByRole("button", { name: "Chat", exact: true }).focus();
  await ana.page.keyboard.press("Enter");
  await expect(field(ana)).toBeFocused();
  await ana.page.keyboard.type("first");
  await ana.page.keyboard.press("Shift+Enter");
  await ana.page.keyboard.type("line");
  await ana.page.keyboard.press("Enter");
  await expect(texts(ana)).toHaveText(["first\nline"]);
  await expect(field(ana)).toHaveValue("");
  await row(ana, "first").getByRole("button", { name: "Reply to You" }).focus();
  await ana.page.keyboard.press("Enter");
  await expect(field(ana)).toBeFocused();
  await ana.page.keyboard.press("Escape");
  await expect(ana.page.getByText("Replying to")).toBeHidden();
  await expect(field(ana)).toBeVisible();
  await ana.page.keyboard.press("Escape");
  await expect(field(ana)).toBeHidden();
});

test("focus stays in the chat when what has it goes away", async ({ visit, foyer }) => {
  const [ana, ben] = [await visit("ana"), await visit("ben")];
  const room = await makeRoom(ana, [ben]);
  for (const person of [ana, ben]) {
    await join(person, room);
    await openChat(person);
  }
  /** @param {string} text */
  const reply = (text) => row(ben, text).getByRole("button", { name: "Reply to Ana" });
  await test.step("with a message that somebody deletes", async () => {
    await write(ana, "one");
    await reply("one").focus();
    await chooseFor(ana, "one", "Delete");
    await ana.page.getByRole("button", { name: "Yes, delete" }).click();
    await expect(row(ben, "one")).toHaveCount(0);
    await expect(field(ben)).toBeFocused();
  });
  await test.step("with the right to write", async () => {
    await write(ana, "two");
    await reply("two").focus();
    await foyer.sql(`update rooms set switches = switches || '{"chat": false}' where slug = $1`, [room.split("/").at(-1)]);
    await expect(reply("two")).toBeHidden();
    await expect(ben.page.getByRole("region", { name: "Chat" })).toBeFocused();
    await foyer.sql(`update rooms set switches = switches || '{"chat": true}' where slug = $1`, [room.split("/").at(-1)]);
    await expect(reply("two")).toBeVisible();
  });
  await test.step("with a message that goes by itself in the end", async () => {
    await ben.page.route("**/messages", (route) => route.abort());
    await write(ben, "three");
    await ben.page.locator("#outbox").getByRole("button", { name: "Retry" }).focus();
    await ben.page.unroute("**/messages");
    await expect(texts(ben)).toHaveText(["two", "three"]);
    await expect(field(ben)).toBeFocused();
  });
});
