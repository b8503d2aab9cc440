// @ts-check
// Files become documents: chosen in the panel, or dropped anywhere on the page where the chat does not take them for
// the next message. Bound from the beginning, because the panel itself is fetched later.

/** @param {HTMLElement} panel @param {(files: File[]) => void} onFiles */
export function bindFiles(panel, onFiles) {
  const input = /** @type {HTMLInputElement} */ (panel.querySelector('[data-part="file"]'));
  panel.querySelector('[data-part="choose"]')?.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    onFiles([...(input.files ?? [])]);
    input.value = "";
  });
  bindDrop(onFiles);
}

/** @param {(files: File[]) => void} onFiles */
function bindDrop(onFiles) {
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const mark = (/** @type {number} */ step) => {
    depth = step ? Math.max(0, depth + step) : 0;
    document.body.toggleAttribute("data-dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => {
    if (hasFiles(event)) mark(1);
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event)) mark(-1);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(0);
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
