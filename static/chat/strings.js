// @ts-check
// The element's words in the language of the reader. English is always there, others are fetched when they are needed.
import { strings as english } from "./strings/en.js";

/** @typedef {typeof english} Strings */

/** @type {Record<string, () => Promise<{strings: Strings}>>} */
const OTHERS = {
  de: () => import("./strings/de.js"),
  ur: () => import("./strings/ur.js"),
};

/** The language that is spoken for a locale such as "de-AT"; English where there is no table. @param {string} locale */
export function languageOf(locale) {
  const language = locale.split("-")[0].toLowerCase();
  return language in OTHERS ? language : "en";
}

/**
 * @param {string} language as `languageOf` gives it
 * @returns {Strings | Promise<Strings>} English at once, without waiting
 */
export function stringsIn(language) {
  return OTHERS[language]?.().then(({ strings }) => strings) ?? english;
}
