// Buttons that ask the browser for a passkey.

import { known, usePasskey } from "../core/passkey.js";
import { Declined, Failed } from "../core/post.js";
import { t } from "../core/text.js";
import { within } from "./dom.js";

for (const part of document.querySelectorAll("[data-passkey]")) {
  if (part instanceof HTMLElement && known()) offer(part);
}

/** @param {HTMLElement} part */
function offer(part) {
  const button = within(part, "button", HTMLButtonElement);
  const error = within(part, "[data-passkey-error]", HTMLElement);
  const { passkey: path = "", next = "" } = part.dataset;
  part.hidden = false;
  button.addEventListener("click", async () => {
    if (button.disabled) return;
    button.disabled = true;
    error.hidden = true;
    const field = document.getElementById(part.dataset.name ?? "");
    const name = field instanceof HTMLInputElement ? field.value : "";
    try {
      location.assign(await usePasskey(path, { name, next }));
    } catch (problem) {
      within(error, "span", HTMLElement).textContent = words(problem);
      error.hidden = false;
      button.disabled = false;
    }
  });
}

/** @param {unknown} problem */
function words(problem) {
  if (problem instanceof Declined || problem instanceof Failed) return problem.message;
  if (!(problem instanceof DOMException)) return t("passkey.no_answer");
  switch (problem.name) {
    case "InvalidStateError": return t("passkey.have_already");
    case "SecurityError": return t("passkey.not_here");
    default: return t("passkey.cancelled");
  }
}
