// @ts-check

/**
 * A constructed style sheet: it passes a strict content security policy and is there before the first paint.
 * @param {string} css
 */
export function sheet(css) {
  const result = new CSSStyleSheet();
  result.replaceSync(css);
  return result;
}

/** @param {Node} root a shadow root @param {CSSStyleSheet} sheet of a part that was fetched later */
export function adopt(root, sheet) {
  const { adoptedStyleSheets } = /** @type {ShadowRoot} */ (root);
  if (!adoptedStyleSheets.includes(sheet)) adoptedStyleSheets.push(sheet);
}
