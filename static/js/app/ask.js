// Asking once before something that cannot be undone.

import { t } from "../core/text.js";

/**
 * @typedef {object} Question
 * @property {string} question
 * @property {string} action what the button that does it says
 * @property {string} [option] something to do besides, in a checkbox
 * @property {HTMLElement} [parent] whose colours the question has
 */

/**
 * Shows a question in a dialog. Focus goes back to where it was.
 * @param {Question} what
 * @returns {Promise<{option: boolean} | null>} null: no
 */
export function ask({ question, action, option = "", parent = document.body }) {
  const dialog = document.createElement("dialog");
  dialog.className = "ask";
  const text = document.createElement("p");
  text.id = "ask-text";
  text.textContent = question;
  dialog.setAttribute("aria-labelledby", text.id);
  dialog.append(text);
  const box = document.createElement("input");
  box.type = "checkbox";
  if (option) {
    const label = document.createElement("label");
    label.className = "ask-option";
    label.append(box, option);
    dialog.append(label);
  }
  const actions = document.createElement("div");
  actions.className = "ask-actions";
  const cancel = document.createElement("button");
  cancel.className = "button";
  cancel.textContent = t("form.cancel");
  cancel.autofocus = true;
  const go = document.createElement("button");
  go.className = "button danger";
  go.textContent = action;
  actions.append(cancel, go);
  dialog.append(actions);
  return new Promise((resolve) => {
    cancel.addEventListener("click", () => dialog.close());
    go.addEventListener("click", () => {
      resolve({ option: box.checked });
      dialog.close();
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(null); // unless it was answered already
    });
    parent.append(dialog);
    dialog.showModal();
  });
}
