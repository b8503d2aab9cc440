// @ts-check
// Keys of the page. The chat element has its own (Enter, Esc, ↑) and handles them first.

/** The element that really has the focus, also inside shadow roots. */
function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

/** Whether keys write text now. */
export function isTyping() {
  const active = focused();
  return (
    active instanceof HTMLTextAreaElement ||
    active instanceof HTMLSelectElement ||
    (active instanceof HTMLInputElement && !["checkbox", "radio"].includes(active.type)) ||
    (active instanceof HTMLElement && active.isContentEditable)
  );
}

/** @param {Record<string, () => void>} keys what each key does, such as `{"/": …}` */
export function bindShortcuts(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping()) return;
    if (document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
