// How a person without a picture is shown. The server does the same for the
// pages it renders (initials and hue in package web); both must agree.

/**
 * One or two letters of a name: of its first and its last word.
 * @param {string} name
 */
export function initials(name) {
  const words = name.trim().split(/\s+/).filter(Boolean);
  const ends = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return ends.map((word) => [...(word ?? "")][0] ?? "").join("").toUpperCase();
}

/**
 * One of the twelve avatar colours: FNV-1a (32 bits) of the UTF-8 bytes of the
 * username, or of a guest's name, modulo 12.
 * @param {string} username
 */
export function hue(username) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(username)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % 12;
}
