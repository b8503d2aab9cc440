// @ts-check
import { h } from "./dom.js";

/**
 * Copy text. `navigator.clipboard` exists only in a secure context; on a plain-http address in a local network the old
 * command is all there is.
 * @param {string} text
 */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = /** @type {HTMLTextAreaElement} */ (h("textarea", { readonly: true, class: "visually-hidden" }));
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
