// Signing in through a provider of OpenID Connect that really runs.

import { Foyer, freePort } from "../lib/foyer.js";
import { known, signInThere, startProvider } from "../lib/oidc.js";
import { signUp } from "../lib/people.js";
import { shots } from "../lib/shots.js";
import { expect, test } from "../lib/test.js";

/** @type {Foyer} */
let foyer;
/** @type {Awaited<ReturnType<typeof startProvider>>} */
let provider;

test.beforeAll(async () => {
  const port = await freePort();
  provider = await startProvider(port);
  foyer = await Foyer.start(provider.settings);
});
test.afterAll(async () => {
  await foyer?.remove();
  await provider?.stop();
});

/** @param {import("../lib/test.js").Entry} [entry] */
const at = (entry = {}) => ({ ...entry, options: { ...entry.options, baseURL: foyer.base } });

/** @param {string} name @param {object} [as] */
function knows(name, as = {}) {
  known.set(name, { email: `${name}@example.org`, email_verified: true, name: `${name} of Example`, preferred_username: name, groups: ["staff"], ...as });
}

test("somebody comes in through the provider, gets an account, and the same again", async ({ newcomer }) => {
  knows("nora");
  const nora = await newcomer(at());
  const { page } = nora;
  await page.goto("/login?next=/rooms");
  await page.getByRole("link", { name: "Log in with Example account" }).click();
  await signInThere(page, "nora");
  await expect(page).toHaveURL(`${foyer.base}/rooms`);
  await page.goto("/account");
  await expect(page.getByText("nora@example.org Confirmed")).toBeVisible();
  await nora.button("Log out").click();
  await page.goto("/login");
  await page.getByRole("link", { name: "Log in with Example account" }).click();
  await expect(nora.button("Log out")).toBeVisible();
  const { rows } = await foyer.sql("select administrator from users where username = 'nora'");
  expect(rows).toEqual([{ administrator: false }]);
});

test("groups say who comes in and who administers the site", async ({ newcomer }) => {
  knows("otto", { groups: ["staff", "operators"] });
  knows("paul", { groups: ["visitors"] });
  const otto = await newcomer(at());
  await otto.page.goto("/login/oidc");
  await signInThere(otto.page, "otto");
  await expect(otto.page.getByRole("link", { name: "Administration" })).toBeVisible();
  const paul = await newcomer(at());
  await paul.page.goto("/login/oidc");
  await signInThere(paul.page, "paul");
  await expect(paul.page.getByRole("heading", { name: "You may not come in this way" })).toBeVisible();
});

test("an address opens no account that is here already, confirmed or not; connecting it from inside does", async ({ newcomer }) => {
  const rosa = await newcomer(at());
  await signUp(rosa);
  knows("thief", { email: `${rosa.username}@example.org` });
  const thief = await newcomer(at());
  await thief.page.goto("/login/oidc");
  await signInThere(thief.page, "thief");
  await expect(thief.page.getByRole("heading", { name: "There is an account with your address already" })).toBeVisible();
  knows("unsure", { email_verified: false });
  const unsure = await newcomer(at());
  await unsure.page.goto("/login/oidc");
  await signInThere(unsure.page, "unsure");
  await expect(unsure.page.getByRole("heading", { name: "Your address is not confirmed" })).toBeVisible();

  knows("rosas-own", { email: "another@example.org" });
  await rosa.page.goto("/account/password");
  await rosa.page.getByRole("link", { name: "Connect" }).click();
  await signInThere(rosa.page, "rosas-own");
  await expect(rosa.page.getByRole("status")).toContainText("Example account is connected.");
  await rosa.button("Log out").click();
  await rosa.page.goto("/login/oidc");
  await expect(rosa.button("Log out")).toBeVisible();
  const { rows } = await foyer.sql("select email from users where username = $1", [rosa.username]);
  expect(rows).toEqual([{ email: `${rosa.username}@example.org` }]);
});

for (const [what, change] of /** @type {const} */ ([
  ["nonce", (/** @type {URL} */ u) => u.searchParams.set("nonce", "another")],
  ["state", (/** @type {URL} */ u) => u.searchParams.set("state", "another")],
  ["challenge of PKCE", (/** @type {URL} */ u) => u.searchParams.set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")],
])) {
  test(`another ${what} than ours is not accepted`, async ({ newcomer }) => {
    const name = `tam-${what.slice(0, 5)}`.toLowerCase();
    knows(name);
    const tam = await newcomer(at());
    const answer = await tam.context.request.get(`${foyer.base}/login/oidc`, { maxRedirects: 0 });
    const address = new URL(answer.headers().location ?? "");
    change(address);
    await tam.page.goto(address.href);
    await signInThere(tam.page, name);
    await expect(tam.page.getByRole("heading", { name: "This log-in could not be finished" })).toBeVisible();
    expect((await foyer.sql("select 1 from users where username = $1", [name])).rows).toEqual([]);
  });
}

test("an answer counts in the browser that asked, and once", async ({ newcomer }) => {
  knows("ute");
  const ute = await newcomer(at());
  const back = ute.page.waitForRequest((request) => request.url().includes("/login/oidc/callback"));
  await ute.page.goto("/login/oidc");
  await signInThere(ute.page, "ute");
  await expect(ute.button("Log out")).toBeVisible();
  const address = (await back).url();
  await ute.page.goto(address);
  await expect(ute.page.getByRole("heading", { name: "This log-in could not be finished" })).toBeVisible();
  const other = await newcomer(at());
  await other.page.goto(address);
  await expect(other.page.getByRole("heading", { name: "This log-in could not be finished" })).toBeVisible();
  expect(foyer.log, "no code in the log").not.toContain(new URL(address).searchParams.get("code"));
});

test("who has no password shows at the provider that it is they", async ({ newcomer }) => {
  knows("vito");
  const vito = await newcomer(at());
  const { page } = vito;
  await page.goto("/login/oidc");
  await signInThere(page, "vito");
  await expect(vito.button("Log out")).toBeVisible();
  await foyer.sql("update sessions set proved_at = now() - interval '1 hour'");
  await page.goto("/account/email");
  await page.getByRole("link", { name: "Show it with Example account" }).click();
  await signInThere(page, "vito", { agreed: true });
  await expect(page.getByLabel("New address")).toBeVisible();
});

test("a provider, in pictures", { tag: "@pictures" }, async ({ newcomer }) => {
  knows("wanda");
  const wanda = await newcomer(at());
  await wanda.page.goto("/login");
  await shots(wanda, "login-with-provider");
  await wanda.page.goto("/login/oidc");
  await signInThere(wanda.page, "wanda");
  await wanda.page.goto("/account/password");
  await shots(wanda, "account-first-password", { whole: true });
});
