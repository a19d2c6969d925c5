// Where focus goes when what has it goes away. Browsers lay it on the whole page
// then, and who works with the keyboard begins at its top again.

import { byId } from "./dom.js";

/**
 * Makes a change to the page. If what had focus is not to be seen after it, focus
 * goes elsewhere; if it was only moved, it has it again.
 * @param {() => void} change
 * @param {() => HTMLElement | null} [to] asked after the change; the call, where that is not to be seen either
 */
export function keepFocus(change, to = () => null) {
  const before = document.activeElement;
  change();
  const now = document.activeElement;
  if (!(before instanceof HTMLElement) || before === document.body || (now !== before && now !== document.body)) return;
  const next = drawn(before) ?? drawn(to()) ?? byId("call", HTMLElement);
  if (next !== now) next.focus();
}

/**
 * An element, if it is drawn.
 * @param {HTMLElement | null} element
 */
export function drawn(element) {
  return element && element.getClientRects().length > 0 ? element : null;
}
