// @ts-check
// One task in the panel, as it looks closed, and which task stands where. Opened, the editor stands in its place.
import { h, icon, iconButton } from "../../chat/dom.js";
import { byCompleted, dueText, groupOf, inListOrder } from "../task-words.js";

/**
 * @typedef {import("../task-words.js").Task} Task @typedef {import("../task-words.js").Group} Group
 * @typedef {object} Entry one row of the list
 * @property {Task} task
 * @property {Group} group
 * @property {boolean} nested whether it stands below its parent
 * @property {Task | null} parent
 * @property {{done: number, all: number}} progress of its subtasks
 * @property {boolean} folded
 * @property {string | null} day the day that a label above it names already
 * @property {string | null} newDay the label to draw above it
 */

/** More labels than this, or a label for every task, would be noise. */
const MOST_DAYS = 7;

/**
 * Which task stands where: groups, days, subtasks below their parents. Knows nothing of the screen.
 * @param {Task[]} tasks @param {Date} now
 * @param {{lingering: Map<number, Group>, held: Map<number, Task>, folded: Set<number>}} view rows that stay in their
 *   group for now, or even where they were as that task; folded parents
 * @returns {Map<Group, Entry[]>}
 */
export function layOut(tasks, now, { lingering, held, folded }) {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const groups = new Map(tasks.map((task) => [task.id, lingering.get(task.id) ?? groupOf(task, now)]));
  const group = (/** @type {Task} */ task) => /** @type {Group} */ (groups.get(task.id));
  const children = Map.groupBy(tasks, (task) => task.parent_id);
  /** A subtask with a day of its own stands with that day. @param {Task} task */
  const isBelow = (task) => {
    const parent = byId.get(task.parent_id ?? -1);
    if (!parent || group(parent) === "done" || isBelow(parent)) return false;
    return task.completed || !task.due_date || group(task) === group(parent);
  };
  /** @param {Task} task @param {boolean} nested @returns {Entry} */
  const entry = (task, nested) => {
    const parts = children.get(task.id) ?? [];
    return {
      task,
      group: group(task),
      nested,
      parent: byId.get(task.parent_id ?? -1) ?? null,
      folded: folded.has(task.id),
      progress: { done: parts.filter((part) => part.completed).length, all: parts.length },
      day: null,
      newDay: null,
    };
  };
  const place = (/** @type {Task} */ task) => held.get(task.id) ?? task;
  const inOrder = (/** @type {Task} */ a, /** @type {Task} */ b) => inListOrder(place(a), place(b));
  const isLast = (/** @type {Task} */ task) => Number(task.completed && !lingering.has(task.id));
  /** @param {Task} task */
  const withParts = (task) => {
    const parts = folded.has(task.id) ? [] : (children.get(task.id) ?? []).filter(isBelow);
    parts.sort((a, b) => isLast(a) - isLast(b) || inOrder(a, b));
    return [entry(task, false), ...parts.map((part) => ({ ...entry(part, true), group: group(task) }))];
  };
  const standing = Map.groupBy(
    tasks.filter((task) => !isBelow(task)),
    group,
  );
  return new Map(
    [...standing].map(([name, members]) => {
      members.sort(name === "done" ? byCompleted : inOrder);
      const entries = name === "done" ? members.map((task) => entry(task, false)) : members.flatMap(withParts);
      return [name, name === "upcoming" ? withDays(entries) : entries];
    }),
  );
}

/** Name the days, if that makes the list calmer. @param {Entry[]} entries */
function withDays(entries) {
  const standing = entries.filter((entry) => !entry.nested);
  const days = new Set(standing.map((entry) => entry.task.due_date));
  if (days.size > MOST_DAYS || days.size * 2 > standing.length) return entries;
  let last = "";
  return entries.map((entry) => {
    if (entry.nested) return { ...entry, day: last };
    const day = entry.task.due_date ?? "";
    const newDay = day === last ? null : day;
    last = day;
    return { ...entry, day, newDay };
  });
}

/**
 * @typedef {{source: string, turn: string | null, at: number}} Mark
 * @typedef {{onToggle: (completed: boolean) => void, onOpen: () => void, onFold: () => void, onMark: (mark: Mark) =>
 *   void}} Actions
 */

/** @param {Entry} entry @param {Date} now */
function meta({ task, group, nested, parent, progress, day }, now) {
  const parts = [];
  // Under the heading of its day only the time is news.
  const due =
    group === "today" || (day && day === task.due_date) ? (task.due_time?.slice(0, 5) ?? "") : dueText(task, now);
  if (due && !task.completed) parts.push(h("span", { class: "due", "data-testid": "task-due" }, due));
  if (task.recurrence) {
    const words = task.recurrence_text ?? "repeats";
    parts.push(
      h(
        "span",
        { class: "repeats", "data-testid": "task-repeats" },
        icon("repeat"),
        h("span", { class: "words" }, words),
      ),
    );
  }
  if (progress.all) {
    parts.push(
      h(
        "span",
        {
          class: "progress",
          "data-testid": "task-progress",
          "aria-label": `${progress.done} of ${progress.all} subtasks done`,
        },
        `${progress.done}/${progress.all}`,
      ),
    );
  }
  if (/^p[123]$/.test(task.priority)) {
    parts.push(
      h(
        "span",
        { class: `priority ${task.priority}`, title: `Priority ${task.priority[1]}` },
        task.priority.toUpperCase(),
      ),
    );
  }
  for (const label of task.labels) parts.push(h("span", { class: "label" }, `#${label}`));
  if (task.notes)
    parts.push(
      h(
        "span",
        { class: "has-notes", title: task.notes.slice(0, 400) },
        icon("notes"),
        h("span", { class: "visually-hidden" }, "has notes"),
      ),
    );
  if (parent && !nested) parts.push(h("span", { class: "of" }, `in ${parent.title}`));
  return parts;
}

export class TaskRow {
  /** @param {number} id @param {Actions} actions */
  constructor(id, actions) {
    this.signature = "";
    this.check = /** @type {HTMLInputElement} */ (
      h("input", {
        type: "checkbox",
        "data-testid": "task-check",
        onchange: () => actions.onToggle(this.check.checked),
      })
    );
    this.title = h("button", {
      type: "button",
      class: "task-title",
      "data-testid": "task-title",
      "aria-keyshortcuts": "F2 Alt+ArrowUp Alt+ArrowDown",
    });
    this.meta = h("div", { class: "task-meta" });
    this.fold = iconButton("chevron", "Subtasks", {
      class: "icon-button fold-parts",
      "data-testid": "task-fold",
      onclick: actions.onFold,
    });
    this.mark = iconButton("sparkle", "", {
      class: "icon-button mark",
      "data-testid": "task-mark",
      onclick: () => this.marked && actions.onMark(this.marked),
    });
    /** @type {Mark | null} */
    this.marked = null;
    this.main = h("div", { class: "task-main" }, this.title, this.meta);
    this.node = h(
      "li",
      { class: "task", "data-testid": "task", "data-task-id": id },
      h("span", { class: "task-check" }, this.check),
      this.main,
      this.mark,
      this.fold,
    );
    // The whole row opens, the title is what the keyboard and screen readers find.
    this.node.addEventListener("click", (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (!this.isOpen && (this.main.contains(target) || target === this.node)) actions.onOpen();
    });
  }

  get isOpen() {
    return this.node.hasAttribute("data-open");
  }

  /** @param {Entry} entry @param {Date} now @param {Mark | null} mark */
  update(entry, now, mark) {
    const { task, progress, folded } = entry;
    this.check.checked = task.completed;
    this.node.toggleAttribute("data-done", task.completed);
    this.node.toggleAttribute("data-nested", entry.nested);
    const signature = JSON.stringify([entry, dueText(task, now), mark]);
    if (signature === this.signature) return;
    this.signature = signature;
    this.check.setAttribute("aria-label", task.title);
    this.title.textContent = task.title;
    this.meta.replaceChildren(...meta(entry, now));
    this.fold.hidden = !progress.all;
    this.fold.setAttribute("aria-expanded", String(!folded));
    this.fold.title = folded ? "Show subtasks" : "Hide subtasks";
    this.setMark(mark);
  }

  /** @param {Mark | null} mark */
  setMark(mark) {
    this.marked = mark;
    this.mark.hidden = !mark;
    if (!mark) return;
    const who = mark.source === "chat" ? "the assistant" : "another assistant";
    const text = `Changed by ${who}${mark.turn ? " · Show message" : ""}`;
    this.mark.setAttribute("aria-label", text);
    this.mark.title = text;
  }

  glow() {
    this.node.classList.remove("glow");
    void this.node.offsetWidth; // so that a second change within the second starts it again
    this.node.classList.add("glow");
  }
}
