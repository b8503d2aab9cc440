// @ts-check
// One task in the panel.
import { h, icon } from "../chat/dom.js";
import { dueText } from "./dates.js";

/** @typedef {import("./dates.js").Task} Task */

/**
 * @param {Task} task @param {import("./dates.js").Group} group @param {Date} now
 */
function meta(task, group, now) {
  const parts = [];
  // Under the heading "Today" only the time is news.
  const due = group === "today" ? task.due_time?.slice(0, 5) ?? "" : dueText(task, now);
  if (due && group !== "done") parts.push(h("span", { class: "due", "data-testid": "task-due" }, due));
  if (task.recurrence) parts.push(h("span", { class: "repeats", title: "Repeats" }, icon("repeat"), h("span", { class: "visually-hidden" }, "repeats")));
  if (/^p[123]$/.test(task.priority)) {
    parts.push(h("span", { class: `priority ${task.priority}`, title: `Priority ${task.priority[1]}` }, task.priority.toUpperCase()));
  }
  for (const label of task.labels) parts.push(h("span", { class: "label" }, `#${label}`));
  return parts;
}

export class TaskRow {
  /** @param {number} id @param {(completed: boolean) => void} onToggle */
  constructor(id, onToggle) {
    this.signature = "";
    this.check = /** @type {HTMLInputElement} */ (h("input", { type: "checkbox", "data-testid": "task-check",
      onchange: () => onToggle(this.check.checked) }));
    this.title = h("span", { class: "task-title", "data-testid": "task-title" });
    this.meta = h("div", { class: "task-meta" });
    // The title is text, not the checkbox's label: a click on it will edit.
    this.node = h("li", { class: "task", "data-testid": "task", "data-task-id": id },
      h("span", { class: "task-check" }, this.check), h("div", { class: "task-main" }, this.title, this.meta));
  }

  /** @param {Task} task @param {import("./dates.js").Group} group @param {Date} now @param {boolean} nested */
  update(task, group, now, nested) {
    this.check.checked = task.completed;
    this.node.toggleAttribute("data-done", task.completed);
    this.node.toggleAttribute("data-nested", nested);
    const signature = JSON.stringify([task, group, dueText(task, now)]);
    if (signature === this.signature) return;
    this.signature = signature;
    this.check.setAttribute("aria-label", task.title);
    this.title.textContent = task.title;
    this.title.title = task.notes ?? "";
    this.meta.replaceChildren(...meta(task, group, now));
  }

  glow() {
    this.node.classList.remove("glow");
    void this.node.offsetWidth; // so that a second change within the second starts it again
    this.node.classList.add("glow");
  }
}
