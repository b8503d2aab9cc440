// @ts-check
// An opened task: its fields in place of its row. Saves what was changed, keeps what is typed, whatever happens
// meanwhile.
import { h, icon, iconButton, uuid } from "../../chat/dom.js";
import { differences } from "../history/differences.js";
import { TaskHistory } from "../history/of-task.js";
import { dueText } from "../task-words.js";
import { fit, LabelsField, PriorityField, TextField, WordsField } from "./editor-fields.js";

/**
 * @typedef {import("../task-words.js").Task} Task
 * @typedef {object} Context
 * @property {import("../api.js").Api} api
 * @property {import("./store.js").TaskStore} store
 * @property {import("../undo.js").Undo} undo
 * @property {(turn: string) => void} showTurn
 * @property {(refocus: boolean) => void} onClose
 */

const WHEN = /** @type {[string, string][]} */ ([
  ["Today", "today"],
  ["Tomorrow", "tomorrow"],
  ["Monday", "monday"],
  ["No date", ""],
]);

export class TaskEditor {
  /** @param {Task} task @param {Context} context */
  constructor(task, context) {
    this.context = context;
    /** The state that the fields show; its version is sent along. */
    this.base = task;
    this.isGone = false;
    /** @type {Promise<boolean> | null} */
    this.saving = null;
    this.title = new TextField("title", {
      class: "edit-title",
      "aria-label": "Title",
      maxlength: 500,
      enterkeyhint: "done",
    });
    this.notes = new TextField("notes", {
      class: "edit-notes",
      "aria-label": "Notes",
      placeholder: "Notes",
      maxlength: 20_000,
    });
    this.due = new WordsField(
      "due",
      "calendar",
      { "aria-label": "Due", placeholder: "When? tomorrow 5pm" },
      context.api,
      WHEN,
    );
    this.recurrence = new WordsField(
      "recurrence",
      "repeat",
      { "aria-label": "Repeat", placeholder: "Repeat? every monday" },
      context.api,
      [],
    );
    this.labels = new LabelsField();
    this.priority = new PriorityField();
    this.fields = [this.title, this.notes, this.due, this.recurrence, this.labels, this.priority];
    this.note = h("p", { class: "edit-note", role: "status", "data-testid": "edit-note", hidden: true });
    this.error = h("p", { class: "edit-error", role: "alert", "data-testid": "edit-error", hidden: true });
    this.node = this.build();
    this.show(task);
  }

  build() {
    const { api, showTurn } = this.context;
    this.parts = h(
      "div",
      { class: "edit-line edit-part", hidden: true },
      icon("plus"),
      h("input", {
        "aria-label": "New subtask",
        placeholder: "New subtask",
        maxlength: 500,
        enterkeyhint: "done",
        "data-testid": "subtask-input",
      }),
    );
    const history = new TaskHistory(api, this.base.id, showTurn);
    const button = (
      /** @type {string} */ label,
      /** @type {string} */ iconName,
      /** @type {() => void} */ act,
      /** @type {string} */ id,
    ) => h("button", { type: "button", class: "quiet-button", "data-testid": id, onclick: act }, icon(iconName), label);
    return h(
      "form",
      {
        class: "editor",
        novalidate: true,
        autocomplete: "off",
        tabindex: -1,
        "data-testid": "task-editor",
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.close(true);
        },
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.keydown(event),
      },
      this.title.node,
      this.notes.node,
      this.due.node,
      this.recurrence.node,
      this.labels.node,
      this.priority.node,
      this.parts,
      this.note,
      this.error,
      h(
        "div",
        { class: "edit-foot" },
        this.base.parent_id ? null : button("Subtask", "plus", () => this.askForPart(), "add-subtask"),
        history.button,
        iconButton("trash", "Delete", { "data-testid": "delete-task", onclick: () => this.remove() }),
        h("button", { class: "button done", "data-testid": "edit-done" }, "Done"),
      ),
      history.node,
    );
  }

  focus() {
    const { input } = this.title;
    for (const area of [input, this.notes.input]) fit(area);
    // On a touch screen the keyboard would cover half of what was just opened.
    if (matchMedia("(hover: none)").matches) return this.node.focus({ preventScroll: true });
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  /**
   * What the fields say of a task.
   * @param {Task} task
   * @returns {Map<import("./editor-fields.js").TextField | any, any>}
   */
  texts(task) {
    return new Map(
      /** @type {[any, any][]} */ ([
        [this.title, task.title],
        [this.notes, task.notes],
        [this.due, dueText(task, new Date())],
        [this.recurrence, task.recurrence_text ?? task.recurrence ?? ""],
        [this.labels, task.labels],
        [this.priority, task.priority],
      ]),
    );
  }

  /** @param {Task} task */
  show(task) {
    this.base = task;
    for (const [field, text] of this.texts(task)) field.show(text);
  }

  get isChanged() {
    return this.fields.some((field) => field.isChanged);
  }

  /**
   * The task was changed elsewhere. Untouched fields follow, typed ones stay, and a line says what happened.
   * @param {Task} task @param {string} [who] @returns {boolean} whether anything that the fields show is different
   */
  rebase(task, who = "") {
    if (task.version <= this.base.version) return false;
    const now = new Date();
    const found = differences(this.base, task, now).filter(({ label }) => !["Done", "Part of"].includes(label));
    const before = this.texts(this.base);
    // A date that only reads differently by now ("tomorrow" turned "today") was not changed.
    for (const [field, text] of this.texts(task)) if (String(before.get(field)) !== String(text)) field.show(text);
    this.base = task;
    if (!found.length) return false;
    const what = found
      .map(({ label, after }) => `${label} ${label.endsWith("s") ? "are" : "is"} now ${after || "empty"}`)
      .join(", ");
    const kept = this.isChanged ? " What you typed is kept; saving puts it in its place." : "";
    this.note.textContent = `Changed meanwhile${who && ` by ${who}`}: ${what}.${kept}`;
    this.note.hidden = false;
    return true;
  }

  /** The task was deleted elsewhere. */
  gone() {
    if (this.isGone) return;
    this.isGone = true;
    this.note.textContent = "Deleted meanwhile. What you typed is kept; Done adds it as a new task, Esc lets it go.";
    this.note.hidden = false;
  }

  // ---- saving

  /** @returns {Promise<boolean>} whether everything is stored */
  save() {
    this.saving ??= this.write().finally(() => {
      this.saving = null;
    });
    return this.saving;
  }

  async write() {
    this.labels.take();
    if (this.title.value.trim() === "") return this.fail("A task needs a title.");
    const changed = this.fields.filter((field) => field.isChanged);
    if (!changed.length && !this.isGone) return true;
    this.node.toggleAttribute("data-busy", true);
    try {
      if (this.isGone) await this.addAgain();
      else await this.patch(changed);
      return true;
    } catch (error) {
      return this.fail(/** @type {Error} */ (error).message);
    } finally {
      this.node.removeAttribute("data-busy");
    }
  }

  /** @param {any[]} changed */
  async patch(changed) {
    const { store, undo } = this.context;
    const fields = Object.fromEntries(changed.map((field) => [field.name, field.value]));
    for (;;) {
      try {
        const { data, operation } = await store.patch(this.base.id, { ...fields, version: this.base.version });
        undo.did(sentence(Object.keys(fields), this.base, data), operation);
        return;
      } catch (error) {
        const { status, problem } = /** @type {import("../api.js").ApiError} */ (error);
        if (status !== 409 || !problem?.current) throw error;
        store.put(problem.current);
        // Only what nobody sees here was changed, such as the position: nothing to ask about.
        if (this.rebase(problem.current)) throw new Stale();
      }
    }
  }

  async addAgain() {
    const { store, undo } = this.context;
    const fields = Object.fromEntries(
      this.fields.map((field) => [field.name, field.value]).filter(([, value]) => value.length),
    );
    const { data, operation } = await store.add(/** @type {any} */ (fields), uuid());
    undo.did(`Added “${data.title}”`, operation);
  }

  /** @param {string} text */
  fail(text) {
    this.error.textContent = text;
    this.error.hidden = !text;
    return false;
  }

  /**
   * Save and go; what cannot be saved keeps the row open.
   * @param {boolean} refocus whether the keyboard goes to the closed row
   */
  async close(refocus = false) {
    this.fail("");
    if (await this.save()) this.context.onClose(refocus);
  }

  async remove() {
    const { store, undo, onClose } = this.context;
    onClose(true);
    try {
      const { operation } = await store.delete(this.base.id);
      undo.did(`Deleted “${this.base.title}”`, operation);
    } catch (error) {
      undo.toast.show(`“${this.base.title}” was not deleted. ${/** @type {Error} */ (error).message}`);
    }
  }

  // ---- keys and subtasks

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (event.isComposing || event.defaultPrevented) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const isPart = this.parts?.contains(target);
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (isPart) this.askForPart(false);
      else this.context.onClose(true);
    } else if (
      event.key === "Enter" &&
      (target === this.notes.node ? event.ctrlKey || event.metaKey : target.matches("input, textarea"))
    ) {
      event.preventDefault();
      if (isPart) this.addPart(/** @type {HTMLInputElement} */ (target));
      else this.close(true);
    }
  }

  askForPart(show = true) {
    const parts = /** @type {HTMLElement} */ (this.parts);
    parts.hidden = !show;
    if (show) parts.querySelector("input")?.focus();
    else this.title.input.focus();
  }

  /** @param {HTMLInputElement} input */
  async addPart(input) {
    const title = input.value.trim();
    if (!title) return this.askForPart(false);
    input.value = "";
    const { store, undo } = this.context;
    try {
      const { data, operation } = await store.add({ title, parent_id: this.base.id }, uuid());
      undo.did(`Added “${data.title}”`, operation);
      this.fail("");
    } catch (error) {
      input.value ||= title;
      this.fail(/** @type {Error} */ (error).message);
    }
  }
}

/** Refused because somebody changed the same task; the note says what. */
class Stale extends Error {
  message = "";
}

/** @param {string[]} names what was changed @param {Task} before @param {Task} after @returns {string} */
function sentence(names, before, after) {
  if (names.length === 1 && names[0] === "due") {
    const due = dueText(after, new Date());
    return due ? `Moved “${after.title}” to ${due}` : `Took the date off “${after.title}”`;
  }
  if (names.length === 1 && names[0] === "title") return `Renamed “${before.title}”`;
  return `Changed “${after.title}”`;
}
