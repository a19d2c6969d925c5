// What a screen reader is given to say.

/**
 * Notes from now on what comes into a live region: that, and not what stands there
 * already, is read out.
 * @param {import("@playwright/test").Page} page
 * @param {string} id of the region
 * @returns {Promise<() => Promise<string[]>>} tells what has come so far
 */
export async function saidIn(page, id) {
  const said = await page.evaluateHandle((region) => {
    /** @type {string[]} */
    const sentences = [];
    const element = document.getElementById(region);
    if (!element) throw new Error(`no #${region} on this page`);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const { textContent } of addedNodes) sentences.push(textContent ?? "");
    }).observe(element, { childList: true });
    return sentences;
  }, id);
  return () => said.jsonValue();
}
