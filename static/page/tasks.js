// @ts-check
// The task panel: groups, ticking, adding.
import { h, icon, uuid } from "../chat/dom.js";
import { byCompleted, byDue, groupOf } from "./dates.js";
import { TaskRow } from "./task-row.js";

/** @typedef {import("./dates.js").Task} Task @typedef {import("./dates.js").Group} Group */

/** @type {[Group, string][]} */
const GROUPS = [["overdue", "Overdue"], ["today", "Today"], ["upcoming", "Upcoming"], ["someday", "No date"], ["done", "Done"]];
/** How long a ticked task stays where it was, so that one sees what happened. */
const LINGER_MS = 700;
const SKELETON_AFTER_MS = 300;
const DONE_SHOWN = 8;

export class TaskPanel {
  /**
   * @param {HTMLElement} root @param {import("./task-store.js").TaskStore} store
   * @param {(due: number) => void} onCount open tasks that are overdue or due today
   */
  constructor(root, store, onCount) {
    this.store = store;
    this.onCount = onCount;
    /** @type {Map<number, TaskRow>} */
    this.rows = new Map();
    /** @type {Map<number, Group>} */
    this.lingering = new Map();
    this.showDone = false;
    this.find = (/** @type {string} */ name) => /** @type {HTMLElement} */ (root.querySelector(`[data-part="${name}"]`));
    this.scroll = this.find("groups");
    this.sections = new Map(GROUPS.map(([group, title]) => [group, this.section(group, title)]));
    this.empty = h("div", { class: "empty", hidden: true, "data-testid": "tasks-empty" },
      h("p", {}, "Nothing due today"),
      h("p", { class: "secondary" }, "What you add here or ask for in the chat shows up at once."));
    this.skeleton = h("div", { class: "skeleton", hidden: true, "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"), h("i"));
    this.scroll.append(this.skeleton, this.empty, ...[...this.sections.values()].map(({ node }) => node));
    this.bindAdd(/** @type {HTMLFormElement} */ (this.find("add")));
    store.addEventListener("change", (event) => this.render(/** @type {CustomEvent} */ (event).detail.glowing));
    // "Today 17:00" turns overdue while nobody does anything.
    setInterval(() => this.store.isLoaded && this.render(), 30_000);
  }

  /** @param {Group} group @param {string} title */
  section(group, title) {
    const count = h("span", { class: "count" });
    const list = h("ul", { class: "task-list" });
    const name = group === "done"
      ? h("button", { type: "button", class: "fold", "aria-expanded": "false", "data-testid": "done-toggle", onclick: () => {
        this.showDone = !this.showDone;
        this.render();
      } }, icon("chevron"), title)
      : h("span", {}, title);
    const node = h("section", { class: "group", "data-group": group, hidden: true },
      h("h3", { "data-testid": "task-group", "data-group": group }, name, count), list);
    return { node, list, count, name };
  }

  async load() {
    const timer = setTimeout(() => { this.skeleton.hidden = this.store.isLoaded; }, SKELETON_AFTER_MS);
    try {
      await this.store.load();
      this.say("");
    } catch (error) {
      this.say(`Your tasks could not be loaded. ${/** @type {Error} */ (error).message}`, () => this.load());
    } finally {
      clearTimeout(timer);
      this.skeleton.hidden = true;
    }
  }

  /** @param {number[]} [glowing] */
  render(glowing = []) {
    const now = new Date();
    const tasks = this.store.all();
    const groups = this.grouped(tasks, now);
    const focus = this.focusBefore();
    for (const [group, section] of this.sections) {
      const members = groups.get(group) ?? [];
      const shown = group === "done" ? (this.showDone ? members.slice(0, DONE_SHOWN) : []) : members;
      section.node.hidden = !members.length;
      section.count.textContent = group === "done" ? "" : String(members.length);
      if (group === "done") section.name.setAttribute("aria-expanded", String(this.showDone));
      this.place(section.list, shown, group, now);
    }
    const open = tasks.filter((task) => !task.completed);
    const due = (groups.get("overdue")?.length ?? 0) + (groups.get("today")?.length ?? 0);
    this.empty.hidden = !this.store.isLoaded || due > 0;
    this.empty.toggleAttribute("data-all", !open.length);
    this.onCount(open.filter((task) => ["overdue", "today"].includes(groupOf(task, now))).length);
    for (const id of glowing) this.rows.get(id)?.glow();
    focus();
  }

  /** @param {Task[]} tasks @param {Date} now @returns {Map<Group, Task[]>} */
  grouped(tasks, now) {
    const groups = Map.groupBy(tasks, (task) => this.lingering.get(task.id) ?? groupOf(task, now));
    for (const [group, members] of groups) {
      members.sort(group === "done" ? byCompleted : byDue);
      if (group !== "done") groups.set(group, nested(members));
    }
    return groups;
  }

  /** Bring a list's rows into order, touching only those that are not where they belong. @param {HTMLElement} list @param {Task[]} tasks @param {Group} group @param {Date} now */
  place(list, tasks, group, now) {
    const ids = new Set(tasks.map((task) => task.id));
    tasks.forEach((task, index) => {
      const row = this.row(task);
      row.update(task, group, now, ids.has(task.parent_id ?? -1));
      if (list.children[index] !== row.node) list.insertBefore(row.node, list.children[index] ?? null);
    });
    while (list.children.length > tasks.length) list.lastElementChild?.remove();
  }

  /** @param {Task} task */
  row(task) {
    let row = this.rows.get(task.id);
    if (!row) {
      row = new TaskRow(task.id, (completed) => this.toggle(task.id, completed));
      this.rows.set(task.id, row);
    }
    return row;
  }

  /** Remember where the keyboard is; returns what puts it back, or onto the row that took the place. */
  focusBefore() {
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    const row = active?.closest("li.task");
    if (!active || !row || !this.scroll.contains(row)) return () => {};
    const list = row.parentElement;
    const index = [.../** @type {HTMLElement} */ (list).children].indexOf(row);
    return () => {
      if (row.parentElement === list) return active.focus();
      const next = list?.children[index] ?? list?.lastElementChild ?? this.scroll.querySelector("li.task");
      (next?.querySelector("input") ?? this.find("input")).focus();
    };
  }

  /** @param {number} id @param {boolean} completed */
  async toggle(id, completed) {
    const task = this.store.all().find((candidate) => candidate.id === id);
    if (!task) return;
    this.lingering.set(id, this.lingering.get(id) ?? groupOf(task, new Date()));
    setTimeout(() => { this.lingering.delete(id); this.render(); }, LINGER_MS);
    try {
      await this.store.setCompleted(task, completed);
      this.say("");
    } catch (error) {
      this.lingering.delete(id);
      this.render();
      this.say(`“${task.title}” was not changed. ${/** @type {Error} */ (error).message}`, () => this.toggle(id, completed));
    }
  }

  /** @param {HTMLFormElement} form */
  bindAdd(form) {
    const input = /** @type {HTMLInputElement} */ (this.find("input"));
    // One key per text: sending the same text again after a failure must not add it twice.
    let key = uuid();
    let keyFor = "";
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const title = input.value.trim();
      if (!title || form.hasAttribute("data-busy")) return;
      if (title !== keyFor) [key, keyFor] = [uuid(), title];
      form.setAttribute("data-busy", "");
      try {
        const task = await this.store.add(title, key);
        keyFor = "";
        if (input.value.trim() === title) input.value = "";
        this.rows.get(task.id)?.node.scrollIntoView({ block: "nearest" });
        this.say("");
      } catch (error) {
        this.say(`The task was not added. ${/** @type {Error} */ (error).message}`, () => form.requestSubmit());
      } finally {
        form.removeAttribute("data-busy");
      }
    });
  }

  /** A line above the bottom edge; empty text takes it away. @param {string} text @param {() => void} [onRetry] */
  say(text, onRetry) {
    const line = this.find("message");
    line.hidden = !text;
    line.replaceChildren(text && h("span", {}, text), (onRetry && h("button", { type: "button", class: "button",
      onclick: () => { this.say(""); onRetry(); } }, "Try again")) || "");
  }

  /** @param {boolean} connected */
  setConnected(connected) {
    this.find("connection").textContent = connected ? "" : navigator.onLine ? "Reconnecting…" : "Offline";
  }
}

/** Subtasks directly below their parent, if it is in the same group. @param {Task[]} tasks @returns {Task[]} */
function nested(tasks) {
  const ids = new Set(tasks.map((task) => task.id));
  const children = Map.groupBy(tasks, (task) => (ids.has(task.parent_id ?? -1) ? task.parent_id : null));
  /** @type {(parent: number | null) => Task[]} */
  const below = (parent) => (children.get(parent) ?? []).flatMap((task) => [task, ...below(task.id)]);
  return below(null);
}
