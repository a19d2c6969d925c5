// What Twilio's codes, levels and tokens mean here.

/** @typedef {import("./types.js").Parting} Parting */
/** @typedef {import("./types.js").Quality} Quality */

/**
 * Why Twilio refuses or ends a connection, by the code of its error, where it is
 * more than a connection that failed: a reason that the pages have words for.
 * https://www.twilio.com/docs/api/errors
 * @type {Record<number, string>}
 */
const reasons = {
  20101: "misconfigured", 20102: "misconfigured", 20103: "misconfigured", 20106: "misconfigured", 20107: "misconfigured", // of a token that no clock makes better
  20104: "expired", 20105: "expired", 20157: "expired",
  53105: "full",
  53118: "call_ended",
  53205: "duplicate",
};

/**
 * @param {number | null} level 0 to 5, null while nothing is known
 * @returns {Quality}
 */
export function qualityOf(level) {
  if (level === null || level >= 3) return "good";
  return level === 0 ? "lost" : "poor";
}

/**
 * What the end of a connection means. One that Twilio ends without an error was
 * ended over its REST service.
 * @param {unknown} error
 * @returns {{parting: Parting, reason: string}}
 */
export function parting(error) {
  if (!error) return { parting: "refused", reason: "" };
  const reason = refusal(error);
  // A token has to be valid for each reconnection too: with a new one it works again.
  if (!reason || reason === "expired") return { parting: "lost", reason: "" };
  return { parting: "refused", reason };
}

/**
 * Why Twilio lets nobody in, or empty when the connection only failed.
 * @param {unknown} error
 */
export function refusal(error) {
  const code = error instanceof Error && "code" in error && typeof error.code === "number" ? error.code : 0;
  return reasons[code] ?? "";
}

/**
 * The one room that a token opens.
 * @param {string} token
 * @returns {string}
 */
export function roomOf(token) {
  const [, claims = ""] = token.split(".");
  const text = atob(claims.replaceAll("-", "+").replaceAll("_", "/"));
  return JSON.parse(text).grants.video.room;
}
