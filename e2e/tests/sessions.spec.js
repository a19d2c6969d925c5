// Where one is signed in, and signing out there.

import { expect, test } from "../lib/test.js";
import { expectCount, join, logIn, makeRoom, signUp } from "../lib/people.js";
import { shots } from "../lib/shots.js";

const phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1";

test("one sees where one is signed in, and signs out there, which ends the call", async ({ newcomer, visit }) => {
  const ned = await newcomer();
  await signUp(ned);
  const there = await newcomer({ options: { userAgent: phone } });
  there.username = ned.username;
  await there.page.goto("/login");
  await logIn(there, ned.username);
  await expect(there.button("Log out")).toBeVisible();
  const ana = await visit("ana");
  const room = await makeRoom(ana, [], { visibility: "open" });
  await join(there, room);
  await expectCount(there, 1);

  const { page } = ned;
  await page.goto("/account");
  await page.getByRole("link", { name: "Sessions" }).click();
  const rows = page.getByRole("main").getByRole("listitem");
  await expect(rows).toHaveCount(2);
  await expect(rows.filter({ hasText: "This browser" })).toContainText("on Linux");
  await rows.filter({ hasText: "Safari on iPhone" }).getByRole("button", { name: "Sign out" }).click();
  await expect(page.getByRole("status")).toHaveText("That session is over.");
  await expect(rows).toHaveCount(1);
  await expect(there.page.getByRole("heading", { name: "You are signed out" })).toBeVisible();
});

test("signing out everywhere else keeps this browser", async ({ newcomer }) => {
  const ola = await newcomer();
  await signUp(ola);
  const others = [await newcomer(), await newcomer()];
  for (const other of others) {
    await other.page.goto("/login");
    await logIn(other, ola.username);
    await expect(other.button("Log out")).toBeVisible();
  }
  await ola.page.goto("/account/sessions");
  await ola.button("Sign out everywhere else").click();
  await expect(ola.page.getByRole("status")).toHaveText("Everywhere else you are signed out.");
  for (const other of others) {
    await other.page.goto("/account");
    await expect(other.page).toHaveURL(/\/login/);
  }
});

test("sessions, in pictures", { tag: "@pictures" }, async ({ newcomer, foyer }) => {
  const pia = await newcomer();
  await signUp(pia);
  await foyer.sql(`
    insert into sessions (id, token_hash, user_id, created_at, last_seen_at, expires_at, address, user_agent)
    select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, sha256(n::text::bytea), (select id from users where username = $1),
      now() - n * interval '5 hours', now() - n * interval '2 hours', now() + interval '20 days', (array['192.0.2.17', '2001:db8::7', ''])[1 + n % 3],
      (array['${phone}', 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) Firefox/140.0', 'curl'])[1 + n % 3]
    from generate_series(1, 30) n`, [pia.username]);
  await pia.page.goto("/account/sessions");
  await shots(pia, "account-sessions", { whole: true });
});
