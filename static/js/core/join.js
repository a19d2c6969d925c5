// Asking to join.

/**
 * @typedef {object} Answer
 * @property {string} backend
 * @property {string} url of the media service; empty: this origin
 * @property {string} token
 * @property {string} participant own media identity
 * @property {import("../media/types.js").May} may
 * @property {number} position of the event stream that people is true up to
 * @property {import("./roster.js").Who[]} people
 */

/** The server's answer was no, for a reason that it gave. */
export class JoinRefused extends Error {
  /**
   * @param {string} reason
   * @param {string} message a sentence for the person
   * @param {Record<string, string>} fields what is wrong, by field
   * @param {number} retryAfter seconds; 0 when the server did not say
   */
  constructor(reason, message, fields = {}, retryAfter = 0) {
    super(message);
    this.name = "JoinRefused";
    this.reason = reason;
    this.fields = fields;
    this.retryAfter = retryAfter;
  }
}

/**
 * Rejects with JoinRefused when the server says no, and with another error when
 * it could not be asked.
 * @param {string} slug
 * @param {string} displayName
 * @param {AbortSignal} signal
 * @returns {Promise<Answer>}
 */
export async function askToJoin(slug, displayName, signal) {
  const answer = await fetch(`/r/${encodeURIComponent(slug)}/join`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify({ display_name: displayName }),
    signal,
  });
  if (answer.ok) return answer.json();
  /** @type {{error?: {reason?: string, message?: string, fields?: Record<string, string>}}} */
  const body = await answer.json().catch(() => ({}));
  const { reason = "", message = "", fields = {} } = body.error ?? {};
  if (!reason && answer.status >= 500) throw new Error(`join: status ${answer.status}`);
  throw new JoinRefused(reason || `status_${answer.status}`, message, fields, Number(answer.headers.get("Retry-After")) || 0);
}
