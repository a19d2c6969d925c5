const longest = 50; // characters

/**
 * The slug that a room of this name will have, as far as the page can tell: the
 * server decides, and adds an ending when the slug is taken.
 * @param {string} name
 */
export function slugOf(name) {
  const slug = name
    .toLowerCase()
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-/, "")
    .slice(0, longest)
    .replace(/-$/, "");
  return slug || (name.trim() ? "room" : "");
}
