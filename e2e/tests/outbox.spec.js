// The administrator's outbox: mails that could not be sent are read there.

import { expect, test } from "../lib/test.js";
import { writeMail } from "../lib/mails.js";
import { shots } from "../lib/shots.js";

const text = "Hello Cleo,\n\nAna invites you to the room Kitchen. Open this link to come in:\n\nhttps://meet.example.org/i/7Hk2nQ0pZs4vYw1bXc9dLf3gRt6mJa8eUo5iKyNqBxA\n\nThe link is for you alone and works until Sunday.\n";

test("the outbox without a mail server, in pictures", { tag: "@pictures" }, async ({ visit, foyer }) => {
  const ana = await visit("ana");
  expect((await ana.page.goto("/admin/mail"))?.status()).toBe(404);
  await foyer.administrator("ana");
  await foyer.sql("delete from mails"); // of other tests
  await ana.page.goto("/");
  await ana.page.getByRole("link", { name: "Administration" }).click();
  await ana.page.getByRole("link", { name: "Outbox" }).click();
  await expect(ana.page.getByText("No mails yet")).toBeVisible();
  await shots(ana, "outbox-empty");

  await writeMail(foyer, { state: "lapsed", to: "dora@example.org", subject: "Invitation to Garden" });
  await writeMail(foyer, { state: "sent", to: "emil@example.org", subject: "Reset your password", attempts: 1 });
  await writeMail(foyer, { state: "waiting", to: "farah@example.org", subject: "Invitation to Kitchen", text, attempts: 3, error: "The mail server does not take the recipient now: 451 4.7.1 Greylisted, try again later" });
  await writeMail(foyer, { state: "handed", to: "gwen@example.org", subject: "Invitation to Kitchen", text, attempts: 1 });
  await writeMail(foyer, { state: "failed", to: "nobody.with.quite.a.long.address@department.of.example.org", subject: "Gwen asks to join a room whose name is rather long for a line of this width", text, attempts: 1, error: "The mail server refuses the recipient: 550 5.1.1 No such user here" });
  const uncertain = await writeMail(foyer, { state: "uncertain", to: "henri@example.org", subject: "Invitation to Kitchen", text, attempts: 1, error: "The connection ended before the mail server said whether it has the mail." });
  const held = await writeMail(foyer, { state: "held", to: "cleo@example.org", name: "Cleo", subject: "Invitation to Kitchen", text });
  await ana.page.goto("/admin/mail");
  await expect(ana.page.getByRole("row")).toHaveCount(8);
  await shots(ana, "outbox", { whole: true });
  await ana.page.goto(held);
  await expect(ana.page.getByText("https://meet.example.org/i/7Hk2")).toBeVisible();
  await shots(ana, "mail-held", { whole: true });
  await ana.page.goto(uncertain);
  await shots(ana, "mail-uncertain", { whole: true });

  await ana.page.getByRole("button", { name: "Delete" }).click();
  await ana.page.getByRole("button", { name: "Yes, delete" }).click();
  await expect(ana.page.getByRole("status")).toHaveText("The mail is deleted.");
  await expect(ana.page.getByRole("row")).toHaveCount(7);
  await foyer.administrator("ana", false);
});

test("the outbox works without a script", async ({ visit, newcomer, foyer }) => {
  const ana = await visit("ana");
  await foyer.administrator("ana");
  const plain = await newcomer({ options: { javaScriptEnabled: false, storageState: await ana.context.storageState() } });
  const path = await writeMail(foyer, { state: "held", to: "ines@example.org", subject: "For Ines", text });
  await plain.page.goto("/admin/mail");
  await plain.page.getByRole("link", { name: "For Ines" }).click();
  await expect(plain.page).toHaveURL(new RegExp(`${path}$`));
  await expect(plain.page.getByText("The link is for you alone")).toBeVisible();
  await plain.page.getByRole("button", { name: "Delete" }).click();
  await expect(plain.page.getByRole("status")).toHaveText("The mail is deleted.");
  await foyer.administrator("ana", false);
});
