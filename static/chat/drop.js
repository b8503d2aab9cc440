// @ts-check
// Files that are dropped on the conversation go with the next message.
import { h } from "./dom.js";
import { adopt } from "./sheet.js";

/** @param {import("./chat.js").Chat} chat */
export function bindDrop({ root, host, composer, listeners, frame, strings }) {
  let hasSign = false;
  const show = () => {
    host.toggleAttribute("data-dropping", true);
    if (hasSign) return;
    hasSign = true;
    import("./styles-adding.js").then(({ addingSheet }) => {
      adopt(root, addingSheet);
      frame.main.append(h("div", { class: "dropping", "aria-hidden": "true" }, strings.drop));
    });
  };
  /** @param {string} type @param {(event: DragEvent) => void} act */
  const listen = (type, act) =>
    host.addEventListener(
      type,
      (event) => {
        const drag = /** @type {DragEvent} */ (event);
        if (!composer.takesFiles || !drag.dataTransfer?.types.includes("Files")) return;
        drag.preventDefault();
        drag.stopPropagation();
        act(drag);
      },
      listeners,
    );
  listen("dragenter", show);
  listen("dragover", show);
  listen("dragleave", (event) => {
    if (!host.contains(/** @type {Node | null} */ (event.relatedTarget))) host.removeAttribute("data-dropping");
  });
  listen("drop", (event) => {
    host.removeAttribute("data-dropping");
    composer.addFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
