// What the server may answer with, as it comes out of core/post.js.

import { post } from "../../js/core/post.js";

/**
 * What asking rejects with when the server answers so.
 * @param {number} status
 * @param {unknown} body JSON; undefined: none, as of a proxy
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Error>}
 */
export async function answeredWith(status, body, headers) {
  const { fetch } = globalThis;
  globalThis.fetch = async () => new Response(body === undefined ? "<h1>Bad Gateway</h1>" : JSON.stringify(body), { status, headers });
  const asked = post("/x", {}); // fetches at once
  globalThis.fetch = fetch;
  return asked.then(() => { throw new Error("this was no refusal"); }, (error) => error);
}

/** Foyer's own answer when its database, say, is away. */
export const trouble = () => answeredWith(500, { error: { reason: "failed", message: "This did not work. It is our fault, not yours.", fields: {} } });
