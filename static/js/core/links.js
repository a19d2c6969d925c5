// Finds addresses in what somebody wrote.

/** What stands behind an address more often than in it. */
const trailing = /[.,:;!?'"»”’)\]}]+$/;

/**
 * Cuts a text into pieces, of which some lead somewhere. Only http and https, and
 * nothing that names a user: "https://bank.example@elsewhere" leads elsewhere.
 * @param {string} text
 * @returns {{text: string, href: string}[]} href is empty for plain text
 */
export function pieces(text) {
  /** @type {{text: string, href: string}[]} */
  const found = [];
  let end = 0;
  for (const match of text.matchAll(/\bhttps?:\/\/[^\s<>]+/gi)) {
    const address = trimmed(match[0]);
    const href = safe(address);
    if (!href) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index), href: "" });
    found.push({ text: address, href });
    end = match.index + address.length;
  }
  if (end < text.length) found.push({ text: text.slice(end), href: "" });
  return found;
}

/** Without what ends the sentence; brackets that were opened inside stay. @param {string} address */
function trimmed(address) {
  let rest = address;
  for (;;) {
    const tail = trailing.exec(rest)?.[0].slice(-1);
    if (!tail) return rest;
    if (tail === ")" && count(rest, "(") >= count(rest, ")")) return rest;
    rest = rest.slice(0, -1);
  }
}

/**
 * @param {string} text
 * @param {string} character
 */
function count(text, character) {
  return text.split(character).length - 1;
}

/** Where an address leads, or empty. @param {string} address */
function safe(address) {
  if (!URL.canParse(address)) return "";
  const url = new URL(address);
  return /^https?:$/.test(url.protocol) && url.hostname && !url.username && !url.password ? url.href : "";
}
