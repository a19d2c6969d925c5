// Asking before a form is sent whose doing cannot be undone.

import { ask } from "./ask.js";

/**
 * Asks what the form's data-confirm says, and sends it after a yes.
 * @param {HTMLFormElement} form
 */
export function askFirst(form) {
  const { confirm: question = "", confirmAction: action = "Yes" } = form.dataset;
  form.addEventListener("submit", (event) => {
    if (form.dataset.confirmed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    void ask({ question, action }).then((yes) => {
      if (!yes) return;
      form.dataset.confirmed = "yes";
      form.requestSubmit();
    });
  });
}
