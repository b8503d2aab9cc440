// @ts-check
// All of somebody's tasks as a file, and back again.
import { h, uuid } from "../../chat/dom.js";
import { ApiError } from "../api.js";

/** @param {import("../api.js").Api} api @param {string} path @param {string} name */
async function download(api, path, name) {
  const response = await api.call("GET", path);
  if (!response.ok) throw new ApiError(response.status, await response.json().catch(() => null));
  const url = URL.createObjectURL(await response.blob());
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/**
 * @param {import("../api.js").Api} api @param {import("../controls.js").Toast} toast
 * @param {() => void} onImported
 */
export function bindData(api, toast, onImported) {
  const file = /** @type {HTMLInputElement} */ (document.getElementById("import-file"));
  const menu = /** @type {HTMLElement} */ (document.getElementById("account-menu"));
  const failed = (/** @type {any} */ error) =>
    toast.show(error instanceof SyntaxError ? "That file is not an export of Errand." : error.message);
  for (const button of menu.querySelectorAll("[data-export]")) {
    const path = /** @type {string} */ (/** @type {HTMLElement} */ (button).dataset.export);
    button.addEventListener("click", () => {
      menu.hidePopover();
      download(api, path, path === "export" ? "errand.json" : "errand.ics").catch(failed);
    });
  }
  document.getElementById("import")?.addEventListener("click", () => {
    menu.hidePopover();
    file.click();
  });
  file.addEventListener("change", async () => {
    const chosen = file.files?.[0];
    file.value = "";
    if (!chosen) return;
    try {
      const { data } = await api.write("POST", "import", JSON.parse(await chosen.text()), uuid());
      const skipped = data.skipped ? `, ${data.skipped} were here already` : "";
      toast.show(`Imported ${data.added} ${data.added === 1 ? "task" : "tasks"}${skipped}`);
      onImported();
    } catch (error) {
      failed(error);
    }
  });
}
