// @ts-check
// Bring a tree on screen into another state. What stays keeps focus, selection, and what somebody opened or began to
// type.

/** @param {Node} node @returns {string | undefined} what names a node among its siblings */
const keyOf = (node) => (node instanceof Element ? (node.getAttribute("data-key") ?? undefined) : undefined);

/** @param {Node} one @param {Node} other */
const isSame = (one, other) =>
  one.nodeName === other.nodeName && keyOf(one) === keyOf(other) && one instanceof Element === other instanceof Element;

/**
 * @param {Node} old on screen @param {Node} next thrown away afterwards
 * @param {(old: Node, next: Node) => void} carry takes over what is known of a node apart from the tree
 * @returns {Node} what is on screen now
 */
export function morph(old, next, carry) {
  if (!isSame(old, next)) {
    old.parentNode?.replaceChild(next, old);
    return next;
  }
  if (old instanceof Element && next instanceof Element) {
    carry(old, next);
    const before = defaultOf(old);
    morphAttributes(old, next);
    morphChildren(old, next, carry);
    if (defaultOf(old) !== before) settle(old);
  } else if (old.nodeValue !== next.nodeValue) old.nodeValue = next.nodeValue;
  return old;
}

/** @param {Element} old @param {Element} next */
function morphAttributes(old, next) {
  for (const { name } of [...old.attributes]) {
    // Whether something is open is up to the reader.
    if (name !== "open" && name !== "style" && !next.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of next.attributes) {
    if (name !== "open" && name !== "style" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  // The content security policy forbids the attribute, not the property.
  const [was, is] = [old, next].map((node) => /** @type {HTMLElement} */ (node).style);
  if (was && is && was.cssText !== is.cssText) was.cssText = is.cssText;
}

/** @param {Element} old @param {Element} next @param {(old: Node, next: Node) => void} carry */
function morphChildren(old, next, carry) {
  const keys = new Set([...next.childNodes].map(keyOf));
  // Otherwise what stays would move, and lose the focus.
  for (const node of [...old.childNodes]) if (!keys.has(keyOf(node))) node.remove();
  const left = new Set(old.childNodes);
  const named = new Map([...left].map((node) => [keyOf(node), node]));
  let place = old.firstChild;
  for (const child of [...next.childNodes]) {
    const key = keyOf(child);
    const match = key ? named.get(key) : place && left.has(place) && isSame(place, child) ? place : undefined;
    if (!match || !left.delete(match)) old.insertBefore(child, place);
    else {
      morph(match, child, carry);
      if (match === place) place = place.nextSibling;
      else old.insertBefore(match, place);
    }
  }
  for (const node of left) node.remove();
}

/** What a field says until somebody changes it. @param {Element} field */
function defaultOf(field) {
  if (field instanceof HTMLInputElement) return field.defaultChecked ? `✓${field.defaultValue}` : field.defaultValue;
  if (field instanceof HTMLTextAreaElement) return field.defaultValue;
  return field instanceof HTMLSelectElement ? (field.dataset.value ?? "") : "";
}

/** Let a field say what the server says. @param {Element} field */
export function settle(field) {
  if (field instanceof HTMLSelectElement) field.value = field.dataset.value ?? "";
  else if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) {
    if (field instanceof HTMLInputElement) field.checked = field.defaultChecked;
    field.value = field.defaultValue;
  }
}
