// Small comforts on pages that work without them: showing a password, the
// address a new room will have, copying an address, asking before something
// that cannot be undone, the tab of the page in sight.

import { slugOf } from "../core/slug.js";
import { t } from "../core/text.js";
import { askFirst } from "./confirm.js";

document.documentElement.classList.add("scripted");

/** @type {HTMLElement | null} */
const firstWrong = document.querySelector("[aria-invalid='true']");
firstWrong?.focus();
for (const tabs of document.querySelectorAll(".tabs")) new ResizeObserver(() => showCurrent(tabs)).observe(tabs);

for (const button of document.querySelectorAll("button[data-show]")) {
  if (button instanceof HTMLButtonElement) offerShowing(button);
}
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (button instanceof HTMLButtonElement) offerCopying(button);
}
for (const button of document.querySelectorAll("button[data-share]")) {
  if (button instanceof HTMLButtonElement) offerSharing(button);
}
withTimes(document);
withForms(document);
previewAddress();

/**
 * Says the times of a part of the page as its reader writes them, in their zone:
 * in its title, where the text says how long ago it was.
 * @param {ParentNode} part
 */
export function withTimes(part) {
  const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of part.querySelectorAll("time[data-local]")) {
    if (!(time instanceof HTMLTimeElement)) continue;
    const local = dates.format(new Date(time.dateTime));
    if (time.title) time.title = local;
    else time.textContent = local;
  }
}

/**
 * Prepares the forms of a part of the page that has just come into it.
 * @param {ParentNode} part
 */
export function withForms(part) {
  for (const form of part.querySelectorAll("form")) {
    if (form.dataset.confirm) askFirst(form);
    if ("unchanged" in form.dataset) form.addEventListener("change", () => delete form.dataset.unchanged);
    form.addEventListener("submit", (event) => preventTwice(form, event));
  }
}

/**
 * Brings the tab of this page to the middle of tabs that do not all fit; the page itself stays where it is.
 * @param {Element} tabs
 */
function showCurrent(tabs) {
  const current = tabs.querySelector("[aria-current]")?.getBoundingClientRect();
  if (!current) return;
  const all = tabs.getBoundingClientRect();
  tabs.scrollLeft += current.left + current.width / 2 - (all.left + all.width / 2);
}

/** @param {HTMLButtonElement} button */
function offerShowing(button) {
  const field = document.getElementById(button.dataset.show ?? "");
  if (!(field instanceof HTMLInputElement)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    const show = field.type === "password";
    field.type = show ? "text" : "password";
    button.setAttribute("aria-pressed", String(show));
  });
  // So that password managers and the browser see a password being sent.
  field.form?.addEventListener("submit", () => { field.type = "password"; });
}

/** @param {HTMLButtonElement} button */
function offerCopying(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const label = button.querySelector("[data-copy-label]");
  button.addEventListener("click", async () => {
    const before = label?.textContent ?? "";
    try {
      await navigator.clipboard.writeText(button.dataset.copy ?? "");
    } catch {
      return; // the address stands beside the button, to be selected by hand
    }
    if (label) label.textContent = t("form.copied");
    setTimeout(() => { if (label) label.textContent = before; }, 2000);
  });
}

/**
 * Passing a link on with what the device has for that; mostly on phones.
 * @param {HTMLButtonElement} button
 */
function offerSharing(button) {
  const data = { title: button.dataset.shareTitle, url: button.dataset.share };
  if (!navigator.share || !navigator.canShare?.(data)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.share(data).catch(() => {}); // they changed their mind
  });
}

/**
 * A second click while the first is under way sends nothing; the button shows
 * that something is going on.
 * @param {HTMLFormElement} form
 * @param {SubmitEvent} event
 */
function preventTwice(form, event) {
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  const button = event.submitter;
  const slow = setTimeout(() => button?.setAttribute("data-busy", ""), 300);
  // The page may come back from the browser's cache.
  addEventListener("pageshow", () => {
    clearTimeout(slow);
    delete form.dataset.sent;
    delete form.dataset.confirmed;
    button?.removeAttribute("data-busy");
  }, { once: true });
}

function previewAddress() {
  const preview = document.getElementById("address-preview");
  const name = document.getElementById("name");
  if (!preview || !(name instanceof HTMLInputElement)) return;
  const before = preview.textContent;
  const show = () => {
    const slug = slugOf(name.value);
    if (!slug) {
      preview.textContent = before;
      return;
    }
    const end = document.createElement("b");
    end.textContent = slug;
    preview.replaceChildren(preview.dataset.address ?? "", end);
  };
  name.addEventListener("input", show);
  show();
}
