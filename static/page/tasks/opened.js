// @ts-check
// Opened rows: in the place of each stands an editor, which is saved as somebody leaves it.
import { whoDid } from "../task-words.js";
import { TaskEditor } from "./editor.js";

/** @typedef {import("../task-words.js").Task} Task @typedef {import("../task-words.js").Group} Group */

export class OpenedRows {
  /** @param {import("./panel.js").TaskPanel} panel @param {import("../undo.js").Undo} undo */
  constructor(panel, undo) {
    this.panel = panel;
    this.undo = undo;
    /** @type {Map<number, TaskEditor>} */
    this.editors = new Map();
    this.bindLeaving();
  }

  /** @param {number} id */
  open(id) {
    const { panel, undo } = this;
    const task = panel.task(id);
    if (!task || this.editors.has(id)) return;
    const { node } = panel.row(id);
    const { group } = /** @type {HTMLElement} */ (node.closest("section")).dataset;
    panel.lingering.set(id, /** @type {Group} */ (group));
    panel.held.set(id, task);
    const editor = new TaskEditor(task, {
      api: panel.store.api,
      store: panel.store,
      undo,
      showTurn: panel.actions.showTurn,
      onClose: (refocus) => this.close(id, refocus),
    });
    this.editors.set(id, editor);
    node.setAttribute("data-open", "");
    node.append(editor.node);
    editor.focus();
    node.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} id @param {boolean} refocus */
  close(id, refocus) {
    const { panel } = this;
    const row = panel.row(id);
    this.editors.get(id)?.node.remove();
    this.editors.delete(id);
    panel.held.delete(id);
    panel.lingering.delete(id);
    row.node.removeAttribute("data-open");
    if (refocus) row.title.focus();
    panel.render();
  }

  /** Something was changed, here or elsewhere. @param {Task} task @param {string} source */
  changed(task, source) {
    const editor = this.editors.get(task.id);
    // While a row is being saved its own change comes back.
    if (editor && !editor.saving) editor.rebase(task, source === "page" ? "" : whoDid(source));
  }

  /** A row stays as long as it is open, also when its task was deleted elsewhere. @param {Task[]} tasks */
  follow(tasks) {
    for (const [id, editor] of this.editors) {
      const task = tasks.find((candidate) => candidate.id === id);
      if (!task) {
        editor.gone();
        tasks.push(editor.base);
      } else if (!editor.saving) editor.rebase(task);
    }
  }

  /** Leaving an opened row saves it, be it by pointer or by keyboard. */
  bindLeaving() {
    let pressed = /** @type {EventTarget | null} */ (null);
    const leave = (/** @type {EventTarget | null} */ target) => {
      for (const [id, editor] of this.editors) {
        if (
          !this.panel.row(id).node.contains(/** @type {Node} */ (target)) &&
          document.contains(/** @type {Node} */ (target))
        )
          editor.close();
      }
    };
    document.addEventListener(
      "pointerdown",
      (event) => {
        pressed = event.target;
      },
      { capture: true },
    );
    // With the pointer only once it is up: a row that closes under a pressed button would move what is clicked.
    document.addEventListener("click", () => {
      leave(pressed);
      pressed = null;
    });
    document.addEventListener("focusin", (event) => pressed || leave(event.target));
    for (const name of ["pointerup", "pointercancel"])
      document.addEventListener(name, () =>
        setTimeout(() => {
          pressed = null;
        }),
      );
  }
}
