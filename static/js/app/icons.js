// Icons for a window that can load none: the sprite is put into it.

import { sprite } from "./dom.js";

/**
 * Has the icons of another document show what they name, those that come later
 * too, until the signal says otherwise.
 * @param {Document} there
 * @param {AbortSignal} signal
 */
export async function bringIcons(there, signal) {
  const text = await (await fetch(sprite)).text();
  if (signal.aborted) return;
  const symbols = there.importNode(new DOMParser().parseFromString(text, "image/svg+xml").documentElement, true);
  symbols.setAttribute("hidden", "");
  there.body.append(symbols);
  const show = () => {
    for (const use of there.querySelectorAll("use")) {
      const [address, name] = (use.getAttribute("href") ?? "").split("#");
      if (address) use.setAttribute("href", `#${name}`);
    }
  };
  const observer = new MutationObserver(show);
  observer.observe(there.body, { subtree: true, childList: true, attributeFilter: ["href"] });
  signal.addEventListener("abort", () => observer.disconnect());
  show();
}

/**
 * Icons that come back have to find the sprite again.
 * @param {Element} element
 */
export function returnIcons(element) {
  for (const use of element.querySelectorAll("use")) {
    const href = use.getAttribute("href") ?? "";
    if (href.startsWith("#")) use.setAttribute("href", sprite + href);
  }
}
