// What a screen reader is given to say, and what is shown for a moment only.

/**
 * Notes from now on what comes into an element. Of a live region, that and not what
 * stands there already is read out.
 * @param {import("@playwright/test").Locator} region
 * @returns {Promise<() => Promise<string[]>>} tells what has come so far
 */
export async function saidIn(region) {
  const said = await region.evaluateHandle((element) => {
    /** @type {string[]} */
    const sentences = [];
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const { textContent } of addedNodes) sentences.push(textContent ?? "");
    }).observe(element, { childList: true });
    return sentences;
  });
  return () => said.jsonValue();
}
