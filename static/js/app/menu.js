// A menu that a button opens.

const gap = 6; // pixels between the button and its menu, and to the window's edge

/**
 * @typedef {object} Item
 * @property {string} label
 * @property {boolean} [danger]
 * @property {() => void} act
 */

/**
 * Makes a button open a menu. Arrows move in it, Escape and a click elsewhere
 * close it, and focus goes back to the button.
 * @param {HTMLButtonElement} button
 * @param {HTMLElement} parent of the menu: whose colours it has
 * @param {() => Item[]} items asked each time
 */
export function menuButton(button, parent, items) {
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
    menu = build(button.ariaLabel ?? "", offered);
    menu.addEventListener("beforetoggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open" || !menu) return;
      const gone = menu;
      menu = null;
      button.ariaExpanded = "false";
      if (gone.contains(document.activeElement)) button.focus();
      queueMicrotask(() => gone.remove());
    });
    parent.append(menu);
    menu.showPopover();
    button.ariaExpanded = "true";
    place(menu, button.getBoundingClientRect());
    if (menu.firstElementChild instanceof HTMLElement) menu.firstElementChild.focus();
  });
}

/**
 * @param {string} label
 * @param {Item[]} items
 */
function build(label, items) {
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.role = "menu";
  menu.popover = "auto";
  menu.ariaLabel = label;
  for (const { label: text, danger = false, act } of items) {
    const item = document.createElement("button");
    item.type = "button";
    item.role = "menuitem";
    item.tabIndex = -1;
    item.textContent = text;
    item.classList.toggle("danger", danger);
    item.addEventListener("click", () => {
      menu.hidePopover();
      act();
    });
    menu.append(item);
  }
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
 * The item that a key leads to, if any.
 * @param {string} key
 * @param {HTMLElement} menu
 */
function target(key, menu) {
  const items = [...menu.children];
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
function place(menu, anchor) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = anchor.bottom + gap;
  menu.style.left = `${Math.min(Math.max(gap, anchor.right - width), innerWidth - width - gap)}px`;
  menu.style.top = `${below + height + gap <= innerHeight ? below : Math.max(gap, anchor.top - gap - height)}px`;
}
