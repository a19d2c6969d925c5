// A real OpenID Connect provider (oidc-provider, which is certified), on this machine.

import { Provider } from "oidc-provider";
import { freePort } from "./foyer.js";

export const client = { id: "foyer", secret: "a secret of the client" };

/**
 * What the provider knows of its people, by the name they sign in with.
 * @type {Map<string, {email?: string, email_verified?: boolean, name?: string, preferred_username?: string, groups?: string[]}>}
 */
export const known = new Map();

/**
 * @param {number} foyerPort where Foyer will be
 * @returns {Promise<{issuer: string, settings: Record<string, string>, stop: () => Promise<void>}>} settings of a Foyer that uses it
 */
export async function startProvider(foyerPort) {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: client.id, client_secret: client.secret, redirect_uris: [`http://localhost:${foyerPort}/login/oidc/callback`],
      grant_types: ["authorization_code"], response_types: ["code"],
    }],
    claims: { email: ["email", "email_verified"], profile: ["name", "preferred_username", "groups"] },
    pkce: { required: () => true },
    cookies: { keys: ["a key of the provider's cookies"] },
    findAccount: (_context, id) => ({ accountId: id, claims: async () => ({ sub: id, ...known.get(id) }) }),
  });
  // Its pages ask another site for letters.
  provider.use(async (context, next) => {
    await next();
    if (typeof context.body === "string") context.body = context.body.replace(/@import[^;]*;|<link[^>]*googleapis[^>]*>/g, "");
  });
  const server = provider.listen(port, "127.0.0.1");
  await new Promise((resolve) => { server.once("listening", resolve); });
  return {
    issuer,
    settings: {
      FOYER_ADDR: `127.0.0.1:${foyerPort}`, OIDC_ISSUER: issuer, OIDC_CLIENT_ID: client.id, OIDC_CLIENT_SECRET: client.secret, OIDC_NAME: "Example account",
      OIDC_GROUPS: "staff", OIDC_ADMIN_GROUPS: "operators",
    },
    stop: () => new Promise((resolve) => { server.close(() => resolve()); server.closeAllConnections(); }),
  };
}

/**
 * Signs in at the provider's own pages, and agrees there the first time.
 * @param {import("@playwright/test").Page} page
 * @param {string} name
 * @param {{agreed?: boolean}} [before]
 */
export async function signInThere(page, name, { agreed = false } = {}) {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  if (!agreed) await page.getByRole("button", { name: "Continue" }).click();
}
