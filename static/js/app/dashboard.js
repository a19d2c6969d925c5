// Keeps the dashboard true while somebody looks at it: the page is fetched again,
// and what changes by itself put in place of what was there.

import { say } from "./dom.js";
import { withForms, withTimes } from "./form.js";

const usually = 10_000; // milliseconds
const withLobby = 3_000; // people may wait to be let in

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (document.visibilityState === "visible") void refresh();
});
schedule();

function pause() {
  return document.getElementById("fresh")?.hasAttribute("data-watch") ? withLobby : usually;
}

function schedule() {
  clearTimeout(timer);
  if (document.visibilityState === "visible") timer = setTimeout(() => void refresh(), pause());
}

async function refresh() {
  try {
    const answer = await fetch(location.pathname, { headers: { Accept: "text/html" }, signal: AbortSignal.timeout(usually) });
    if (answer.redirected || answer.status === 401) {
      location.reload(); // signed out meanwhile: the server says where to go
      return;
    }
    if (answer.ok) replace(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // Out of reach just now; the page stays as it was and the next round asks again.
  }
  schedule();
}

/** @param {Document} page */
function replace(page) {
  const old = document.getElementById("fresh");
  const fresh = page.getElementById("fresh");
  if (fresh) withTimes(fresh); // as the old one's are, so that the two can be compared
  // An answer that is on its way leads to a new page by itself; what a question is
  // about stays until it is answered.
  if (!old || !fresh || old.isEqualNode(fresh) || old.querySelector("form[data-sent]") || document.querySelector("dialog[open]")) return;
  const news = newsIn(fresh).filter((sentence) => !newsIn(old).includes(sentence));
  const focused = document.activeElement instanceof HTMLElement && old.contains(document.activeElement) ? document.activeElement : null;
  old.replaceWith(document.adoptNode(fresh));
  withForms(fresh);
  if (focused) focusAgain(focused, fresh);
  const line = document.getElementById("news");
  if (line && news.length > 0) say(line, news.join(" "));
}

/**
 * What is said of people who wait, in sentences.
 * @param {Element} part
 */
function newsIn(part) {
  return [...part.querySelectorAll("[data-news]")].map((item) => item.getAttribute("data-news") ?? "");
}

/**
 * Puts the focus where it was: on the control with the same key, else on what the
 * list of people who wait is called, else on the page.
 * @param {HTMLElement} before
 * @param {HTMLElement} fresh
 */
function focusAgain(before, fresh) {
  const same = [...fresh.querySelectorAll("[data-key]")].find((control) => control.getAttribute("data-key") === before.dataset.key);
  const target = before.dataset.key && same || fresh.querySelector("h2[tabindex]");
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}
