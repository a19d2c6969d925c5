/**
 * The slug that a room of this name gets, as far as the page can tell: the
 * server decides, and adds a number when the slug is taken.
 * @param {string} name
 */
export function slugOf(name) {
  return name
    .normalize("NFKD")
    .replace(/\p{Mn}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 60)
    .replace(/-+$/, "");
}
