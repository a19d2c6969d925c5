// Asking to join.

import { post } from "./post.js";

/**
 * @typedef {object} Host who moderates the call while none of the room's moderators is in it
 * @property {string} username empty: nobody
 * @property {string} display_name
 * @property {string | null} ends_at the call ends then, unless a moderator is back
 */

/**
 * @typedef {object} Answer
 * @property {string} backend
 * @property {string} url of the media service; empty: this origin
 * @property {string} token
 * @property {string} participant own media identity
 * @property {import("../media/types.js").May} may
 * @property {number} position of the event stream that people and host are true up to
 * @property {import("./roster.js").Who[]} people
 * @property {Host} host
 * @property {string} spotlight whom everybody sees large; empty: nobody
 */

/**
 * Rejects as post does.
 * @param {string} slug
 * @param {string} displayName
 * @param {AbortSignal} signal
 * @param {string} former whom this page was in the call before it lost it, or empty: they leave
 * @returns {Promise<Answer>}
 */
export function askToJoin(slug, displayName, signal, former) {
  return post(`/r/${encodeURIComponent(slug)}/join`, { display_name: displayName, former }, signal);
}
