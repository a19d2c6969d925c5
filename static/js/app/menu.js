// A menu that a button opens.

import { anchorOf, icon } from "./dom.js";
import { drawn } from "./focus.js";

const gap = 6; // pixels between the button and its menu, and to the window's edge

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {string} [icon]
 * @property {string} [badge] how much is new in it
 * @property {boolean} [danger]
 * @property {boolean} [disabled]
 * @property {boolean} [checked] a choice that is made or not; left out: something to do
 * @property {() => void} act
 */

/**
 * Makes a button open a menu. Arrows move in it, Escape and a click elsewhere
 * close it, and focus goes back to the button, or to the parent if that is gone.
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} parent of the menu: whose colours it has
 * @param {() => Item[]} items asked each time
 * @param {string} [look] the menu's classes
 */
export function menuButton(button, parent, items, look = "menu") {
  button.ariaHasPopup = "menu";
  button.ariaExpanded = "false";
  /** @type {HTMLElement | null} */
  let menu = null;
  // A press outside of the menu closes it before the click comes, which must not open it again.
  let closes = false;
  button.addEventListener("pointerdown", () => { closes = menu !== null; });
  button.addEventListener("click", () => {
    const closed = closes;
    closes = false;
    const offered = items();
    if (closed || menu || offered.length === 0) return;
    menu = build(button.ariaLabel ?? "", offered, look);
    menu.addEventListener("beforetoggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open" || !menu) return;
      const gone = menu;
      menu = null;
      button.ariaExpanded = "false";
      if (gone.contains(document.activeElement)) (drawn(button) ?? parent).focus();
      queueMicrotask(() => gone.remove());
    });
    parent.append(menu);
    menu.showPopover();
    button.ariaExpanded = "true";
    place(menu, anchorOf(button).getBoundingClientRect());
    const first = menu.querySelector("button:not(:disabled)");
    if (first instanceof HTMLElement) first.focus();
  });
}

/**
 * @param {string} label
 * @param {Item[]} items
 * @param {string} look
 */
function build(label, items, look) {
  const menu = document.createElement("div");
  menu.className = look;
  menu.role = "menu";
  menu.popover = "auto";
  menu.ariaLabel = label;
  for (const item of items) menu.append(itemButton(item, menu));
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Tab") {
      menu.hidePopover(); // and on from the button
      return;
    }
    const to = target(event.key, menu);
    if (!to) return;
    event.preventDefault();
    to.focus();
  });
  return menu;
}

/**
 * @param {Item} item
 * @param {HTMLElement} menu
 */
function itemButton({ label, icon: name = "", badge = "", danger = false, disabled = false, checked, act }, menu) {
  const item = document.createElement("button");
  item.type = "button";
  item.role = checked === undefined ? "menuitem" : "menuitemcheckbox";
  item.tabIndex = -1;
  if (checked !== undefined) item.ariaChecked = String(checked);
  item.disabled = disabled;
  item.classList.toggle("danger", danger);
  if (name) item.append(icon(name));
  const text = document.createElement("span");
  text.textContent = label;
  item.append(text);
  if (badge) {
    const count = document.createElement("span");
    count.className = "badge";
    count.textContent = badge;
    item.append(count);
  }
  if (checked) item.append(icon("check"));
  item.addEventListener("click", () => {
    menu.hidePopover();
    act();
  });
  return item;
}

/**
 * The item that a key leads to, if any.
 * @param {string} key
 * @param {HTMLElement} menu
 */
function target(key, menu) {
  const items = [...menu.querySelectorAll("button:not(:disabled)")];
  const at = items.findIndex((item) => item === document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[key];
  const item = next === undefined ? null : items[next % items.length];
  return item instanceof HTMLElement ? item : null;
}

/**
 * Below the button, or above it where there is no room, within the window.
 * @param {HTMLElement} menu
 * @param {DOMRect} anchor
 */
export function place(menu, anchor) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = anchor.bottom + gap;
  menu.style.left = `${Math.min(Math.max(gap, anchor.right - width), innerWidth - width - gap)}px`;
  menu.style.top = `${below + height + gap <= innerHeight ? below : Math.max(gap, anchor.top - gap - height)}px`;
}
