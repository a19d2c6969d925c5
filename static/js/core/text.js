// What pages say: the areas of words/en.json that scripts name.

import { language, words } from "../../vendor/words.mjs";

export { language };

/** @typedef {import("../../vendor/words.mjs").Key} Key */

const plurals = new Intl.PluralRules(language);
const numbers = new Intl.NumberFormat(language);
const lists = new Intl.ListFormat(language);

/**
 * A message, with values for its {placeholders}. Of plural forms the value named
 * count chooses; numbers are written as the language does.
 * @param {Key} key
 * @param {Record<string, string | number>} values
 */
export function t(key, values = {}) {
  const forms = words[key];
  const plural = typeof values.count === "number" ? plurals.select(values.count) : "other";
  const text = typeof forms === "string" ? forms : forms[plural] ?? forms.other ?? "";
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? numbers.format(value) : value;
  });
}

/**
 * Whether there is a message of a key that was put together.
 * @param {string} key
 * @returns {key is Key}
 */
export function isKey(key) {
  return Object.hasOwn(words, key);
}

/**
 * "Ana, Ben, and Cleo", as the language puts it.
 * @param {string[]} names
 */
export function listed(names) {
  return lists.format(names);
}
