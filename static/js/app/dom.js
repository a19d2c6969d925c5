/**
 * The element of an id, which the template is known to have.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`no ${type.name} #${id} on this page`);
  return element;
}

/**
 * The first element that matches inside another, which is known to have one.
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function within(parent, selector, type) {
  const element = parent.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`no ${type.name} ${selector} here`);
  return element;
}

/** Where the icons are. */
export const sprite = new URL("../../vendor/icons.svg", import.meta.url).href;

/**
 * Shows another icon of the sprite in place of the one inside an element.
 * @param {Element} parent
 * @param {string} name
 */
export function setIcon(parent, name) {
  parent.querySelector("use")?.setAttribute("href", `${sprite}#${name}`);
}

/**
 * A new icon.
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Where something that a button opens should be placed, and where focus goes back
 * to: the button or, when it is offered in the menu More only, the button of that.
 * @param {HTMLElement} button
 */
export function anchorOf(button) {
  return button.offsetParent === null ? byId("bar-more", HTMLElement) : button;
}

/**
 * Says something in a live region, each time as something new: what comes into the
 * region is read out, also when the same stood there before.
 * @param {HTMLElement} region
 * @param {string} sentence
 */
export function say(region, sentence) {
  const line = document.createElement("span");
  line.textContent = sentence;
  region.replaceChildren(...(sentence ? [line] : []));
}

/**
 * Has a button do something, which it shows until it is done. Further clicks
 * meanwhile, as of who clicks twice out of habit, ask for nothing more.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown>} act
 */
export function onPress(button, act) {
  button.addEventListener("click", async () => {
    if (button.hasAttribute("data-busy")) return;
    button.toggleAttribute("data-busy", true);
    try {
      await act();
    } finally {
      button.toggleAttribute("data-busy", false);
    }
  });
}
