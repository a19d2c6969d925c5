// A call with many others who are drawn in the page: see doubles/media.js.

import { readFile } from "node:fs/promises";

const names = ["Ben Hale", "Cleo Brandt", "Dora Okafor", "Emil Sand", "Fay Lindqvist", "Gus Moreau", "Hana Sato", "Ivo Petrov", "Jun Park", "Kai Nakamura", "Lea Fontaine", "Milo Adair", "Nia Boateng", "Ola Berg", "Pia Rossi", "Quinn Doyle", "Rio Alves", "Sara Lund", "Timo Kranz", "Uma Rao", "Vera Novak", "Wim Jansen", "Xenia Popa", "Yara Haddad"];

/**
 * @typedef {object} Drawn
 * @property {string} id
 * @property {string} name
 * @property {boolean} [microphone]
 * @property {boolean} [picture]
 * @property {boolean} [share]
 */

/**
 * So many others: most with a picture, some muted.
 * @param {number} n
 * @returns {Drawn[]}
 */
export function others(n) {
  return Array.from({ length: n }, (_, i) => ({
    id: `drawn-${i}`,
    name: i < names.length ? names[i] ?? "" : `${names[i % names.length]} ${Math.floor(i / names.length) + 1}`,
    microphone: i % 3 === 0,
    picture: i % 4 !== 2,
  }));
}

/**
 * Has a page's next calls be with people who are drawn.
 * @param {import("playwright").Page} page
 * @param {Drawn[]} people
 * @param {number} [frames] a second
 */
export async function drawCrowd(page, people, frames = 15) {
  const script = await readFile(new URL("doubles/media.js", import.meta.url), "utf8");
  await page.addInitScript((crowd) => Object.assign(globalThis, { crowd }), { people, frames });
  await page.route("**/js/media/livekit.js", (route) => route.fulfill({ contentType: "text/javascript", body: script }));
  await page.route("**/r/*/join", async (route) => {
    const response = await route.fetch();
    const answer = await response.json();
    const drawn = people.map(({ id, name }) => ({ participant: id, username: name.toLowerCase().replace(/\W+/g, "-"), display_name: name, role: "member" }));
    await route.fulfill({ response, json: { ...answer, people: [...(answer.people ?? []), ...drawn] } });
  });
}
