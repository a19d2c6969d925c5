// The room's address, to give to others.

import { t } from "../core/text.js";
import { within } from "./dom.js";

/** Lets a button copy the room's address. Browsers allow that on secure pages only. @param {HTMLButtonElement} button */
export function offerLink(button) {
  button.hidden = !navigator.clipboard;
  const label = within(button, "[data-copy-label]", HTMLElement);
  const usual = label.textContent;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(location.origin + location.pathname);
    label.textContent = t("form.copied");
    setTimeout(() => { label.textContent = usual; }, 2000);
  });
}
