// Asking before a form is sent whose doing cannot be undone.

import { t } from "../core/text.js";
import { ask } from "./ask.js";

/**
 * Asks what the form's data-confirm says, and sends it after a yes. What its
 * data-confirm-option offers besides goes along as the field data-confirm-name.
 * @param {HTMLFormElement} form
 */
export function askFirst(form) {
  const { confirm: question = "", confirmAction: action = t("form.yes"), confirmOption: option = "", confirmName: name = "" } = form.dataset;
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void ask({ question, action, option }).then((yes) => {
      if (!yes) return;
      if (yes.option) {
        const field = document.createElement("input");
        Object.assign(field, { type: "hidden", name, value: "on" });
        form.append(field);
      }
      form.dataset.confirmed = "yes";
      form.requestSubmit();
    });
  });
}
