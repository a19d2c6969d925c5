// Asking the server to do something.

/** The server's answer was no, for a reason that it gave. */
export class Declined extends Error {
  /**
   * @param {string} reason
   * @param {string} message a sentence for the person
   * @param {Record<string, string>} fields what is wrong, by field
   * @param {number} retryAfter seconds; 0 when the server did not say
   */
  constructor(reason, message, fields = {}, retryAfter = 0) {
    super(message);
    this.name = "Declined";
    this.reason = reason;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

/** The server was asked and has trouble itself: the same may work in a moment. The message is a sentence for the person. */
export class Failed extends Error {}

/** Refusals that pass by themselves. */
const passing = ["busy", "media_unavailable"];

/**
 * Whether the server has said no and asking again will not help.
 * @param {unknown} error
 * @returns {error is Declined}
 */
export function isFinal(error) {
  return error instanceof Declined && !passing.includes(error.reason);
}

/**
 * Why something did not work, for the person, whatever kept it from working.
 * @param {unknown} error
 */
export function asDeclined(error) {
  if (error instanceof Declined) return error;
  return error instanceof Failed ? new Declined("failed", error.message) : new Declined("unreachable", "");
}

/**
 * Sends JSON and returns the answer's. Rejects with Declined when the server
 * says no, with Failed when it has trouble, and with another error when it could
 * not be asked.
 * @param {string} path
 * @param {Record<string, unknown>} body
 * @param {AbortSignal} [signal]
 */
export function post(path, body, signal) {
  return ask(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    ...(signal && { signal }),
  });
}

/**
 * Tells the server that one leaves; the request outlives the page. Whoever is not
 * heard of for a while is taken out anyway.
 * @param {string} path
 */
export async function leave(path) {
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  await fetch(path, { method: "POST", headers, body: "{}", keepalive: true }).catch(() => {});
}

/**
 * Fetches JSON; rejects as post does.
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export function get(path, signal) {
  return ask(path, { headers: { Accept: "application/json" }, cache: "no-store", ...(signal && { signal }) });
}

/**
 * @param {string} path
 * @param {RequestInit} request
 */
async function ask(path, request) {
  const answer = await fetch(path, request);
  if (answer.ok) return answer.json();
  /** @type {{error?: {reason?: string, message?: string, fields?: Record<string, string>}}} */
  const body = await answer.json().catch(() => ({}));
  const { reason = "", message = "", fields = {} } = body.error ?? {};
  // A database that is away for a moment is no refusal.
  if (reason === "failed" && answer.status >= 500) throw new Failed(message);
  if (!reason && answer.status >= 500) throw new Error(`${path}: status ${answer.status}`);
  throw new Declined(reason || `status_${answer.status}`, message, fields, Number(answer.headers.get("Retry-After")) || 0);
}
