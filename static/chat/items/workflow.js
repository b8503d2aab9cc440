// @ts-check
// Tool activity: one quiet line that opens to what was done.
import { h, icon } from "../dom.js";
import { markdown } from "../markdown/markdown.js";

/** @typedef {Record<string, any>} Task one of `chatkit.types.Task` */

/** @param {Task} task */
function taskTitle(task) {
  return task.title ?? task.title_query ?? task.queries?.join(", ") ?? "";
}

/** @param {Task} task */
export function taskDetails(task) {
  const node = h("div", { class: "task" });
  if (taskTitle(task)) node.append(h("div", { class: "task-title" }, taskTitle(task)));
  if (task.content) node.append(markdown(task.content));
  for (const source of task.sources ?? []) node.append(h("div", { class: "task-source" }, source.title));
  return node;
}

export class WorkflowView {
  /** @param {import("./items.js").Item} _item @param {import("./items.js").Context} context */
  constructor(_item, { strings }) {
    this.strings = strings;
    this.mark = h("span", { class: "mark-icon" });
    this.title = h("span", { class: "title" });
    this.details = h("div", { class: "details" });
    const summary = h("summary", {}, this.mark, this.title, icon("chevron"));
    this.disclosure = /** @type {HTMLDetailsElement} */ (h("details", {}, summary, this.details));
    this.node = h("div", { class: "row workflow", "data-testid": "workflow" }, this.disclosure);
    this.streaming = false;
    this.stopped = false;
    /** @type {Record<string, any>} */
    this.workflow = { tasks: [] };
  }

  /** @param {import("./items.js").Item} item @param {boolean} streaming */
  set(item, streaming) {
    // Opening is up to the reader; the server only decides how it begins.
    if (!this.workflow.type) this.disclosure.open = Boolean(item.workflow.expanded);
    this.workflow = structuredClone(item.workflow);
    this.streaming = streaming;
    this.draw();
  }

  /** @param {Record<string, any>} update */
  update(update) {
    if (!update.type.startsWith("workflow.task.")) return;
    this.workflow.tasks[update.task_index] = update.task;
    this.draw();
  }

  isLoading() {
    const { tasks } = this.workflow;
    return (
      !this.stopped &&
      this.streaming &&
      (!tasks.length || tasks.some((/** @type {Task} */ task) => task.status_indicator === "loading"))
    );
  }

  summary() {
    const { summary, tasks } = this.workflow;
    if (summary?.title) return summary.title;
    const loading = tasks.findLast((/** @type {Task} */ task) => task.status_indicator === "loading");
    if (this.isLoading()) return taskTitle(loading ?? {}) || this.strings.working;
    if (summary?.duration !== undefined) return this.strings.workedFor(summary.duration);
    return tasks.length === 1 && taskTitle(tasks[0]) ? taskTitle(tasks[0]) : this.strings.steps(tasks.length);
  }

  draw() {
    const loading = this.isLoading();
    this.node.toggleAttribute("data-loading", loading);
    this.mark.replaceChildren(loading ? h("span", { class: "spinner" }) : icon(this.stopped ? "stop" : "check"));
    this.title.textContent = this.stopped ? `${this.summary()} · ${this.strings.stopped}` : this.summary();
    this.details.replaceChildren(...this.workflow.tasks.filter(Boolean).map(taskDetails));
  }

  isLive() {
    return this.isLoading();
  }

  stop() {
    if (!this.isLoading()) return;
    this.stopped = true;
    this.draw();
  }
}

/**
 * A single task outside a workflow: one quiet line. This is how a conversation keeps saying why an answer is missing.
 */
export class TaskView {
  constructor() {
    this.node = h("div", { class: "row task-line", "data-testid": "task-item" });
  }

  /** @param {import("./items.js").Item} item */
  set(item) {
    this.node.replaceChildren(icon(item.task.icon === "info" ? "info" : "check"), taskDetails(item.task));
  }
}
