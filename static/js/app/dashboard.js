// Keeps the dashboard's live marks true while somebody looks at it: the page is
// fetched again and its list put in place of the old one.

import "./form.js";

const every = 10_000; // milliseconds

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.visibilityState === "visible") void refresh();
});
schedule();

function schedule() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(() => void refresh(), every);
}

async function refresh() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(every) });
    if (answer.redirected || answer.status === 401) {
      location.reload(); // signed out meanwhile: the server says where to go
      return;
    }
    if (answer.ok) replaceList(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // Out of reach just now; the list stays as it was and the next round asks again.
  }
  schedule();
}

/** @param {Document} page */
function replaceList(page) {
  const old = document.getElementById("rooms");
  const fresh = page.getElementById("rooms");
  if (!old || !fresh || old.isEqualNode(fresh)) return;
  const focused = document.activeElement;
  const room = focused instanceof HTMLElement && old.contains(focused) ? focused.closest("[data-room]") : null;
  const slug = room instanceof HTMLElement ? room.dataset.room : undefined;
  old.replaceWith(document.adoptNode(fresh));
  if (slug === undefined) return;
  for (const card of document.querySelectorAll("#rooms [data-room]")) {
    if (!(card instanceof HTMLElement) || card.dataset.room !== slug) continue;
    const link = card.querySelector("a");
    link?.focus({ preventScroll: true });
  }
}
