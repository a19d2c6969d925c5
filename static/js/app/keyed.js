/**
 * Makes the children of an element follow a list, an element for each thing, and
 * keeps the elements of things that stay: focus in them stays too.
 * @template T
 * @param {HTMLElement} parent
 * @param {T[]} things
 * @param {(thing: T) => string} key
 * @param {(thing: T) => HTMLElement} make a new element
 * @param {(element: HTMLElement, thing: T) => void} update
 */
export function keyed(parent, things, key, make, update) {
  const before = new Map([...parent.children].map((child) => [child instanceof HTMLElement ? child.dataset.key ?? "" : "", child]));
  const elements = things.map((thing) => {
    const old = before.get(key(thing));
    const element = old instanceof HTMLElement ? old : make(thing);
    element.dataset.key = key(thing);
    before.delete(key(thing));
    update(element, thing);
    return element;
  });
  for (const gone of before.values()) gone.remove();
  // Only what is out of place is moved: moving takes focus away.
  elements.forEach((element, i) => {
    if (parent.children[i] !== element) parent.insertBefore(element, parent.children[i] ?? null);
  });
}
