// What a browser holds of whoever is signed in, besides its cookie.

/**
 * What begins with this is about a person: what they read, and wrote without
 * sending it. The rest are choices for this device, which stay.
 */
const personal = "foyer.chat.";

/**
 * Whether a memory holds anything about a person.
 * @param {Storage | null} memory
 */
export function remembers(memory) {
  return keys(memory).length > 0;
}

/**
 * Forgets what a memory holds about a person.
 * @param {Storage | null} memory
 */
export function forget(memory) {
  for (const key of keys(memory)) memory?.removeItem(key);
}

/** @param {Storage | null} memory */
function keys(memory) {
  const all = Array.from({ length: memory?.length ?? 0 }, (_, n) => memory?.key(n) ?? "");
  return all.filter((key) => key.startsWith(personal));
}

/**
 * Who is signed in now; empty for nobody, null when the server does not say.
 * @param {typeof globalThis.fetch} [fetch]
 * @returns {Promise<string | null>}
 */
export async function whoIsSignedIn(fetch = (...args) => globalThis.fetch(...args)) {
  try {
    const answer = await fetch("/account/signed-in", { cache: "no-store" });
    if (answer.status === 401) return "";
    return answer.ok ? String((await answer.json()).username) : null;
  } catch {
    return null;
  }
}
