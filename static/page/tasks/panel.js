// @ts-check
// The task panel: groups of rows, and what can be done to a row.
import { h, icon } from "../../chat/dom.js";
import { later } from "../controls.js";
import { dayLabel, dueText, groupOf, nextText } from "../task-words.js";
import { layOut, TaskRow } from "./row.js";

/**
 * @typedef {import("../task-words.js").Task} Task
 * @typedef {import("../task-words.js").Group} Group
 * @typedef {import("./row.js").Entry} Entry
 * @typedef {{operation_id: string, source: string, turn_id?: string | null, summary?: string, changes: {id: number,
 *   task: Task | null}[]}} Change
 */

/** @type {[Group, string][]} */
const GROUPS = [
  ["overdue", "Overdue"],
  ["today", "Today"],
  ["upcoming", "Upcoming"],
  ["someday", "No date"],
  ["done", "Done"],
];
/** What a task is due that is dropped on a heading. @type {Partial<Record<Group, string>>} */
const DROPS = { today: "today", someday: "" };
/** How long a ticked task stays where it was, so that one sees what happened. */
const LINGER_MS = 700;
/** So long a row says that somebody else changed it. */
const MARKED_MS = 10 * 60_000;
/** Keys that follow each other are one new order. */
const KEYS_MS = 500;
const SKELETON_AFTER_MS = 300;
const DONE_SHOWN = 8;
const FOLDED = "errand.folded";

export class TaskPanel {
  /**
   * @param {HTMLElement} root
   * @param {import("./store.js").TaskStore} store
   * @param {() => Promise<import("../undo.js").Undo>} undo
   * @param {{onCount: (due: number) => void, showTurn: (turn: string) => void}} actions `due`: open tasks overdue or
   *   due today
   */
  constructor(root, store, undo, actions) {
    this.store = store;
    this.undo = undo;
    this.actions = actions;
    /** @type {Map<number, TaskRow>} */
    this.rows = new Map();
    /** Rows that stay where they are for now: ticked a moment ago, or open. @type {Map<number, Group>} */
    this.lingering = new Map();
    /** Open rows as they were: they do not jump away from under the fingers. @type {Map<number, Task>} */
    this.held = new Map();
    /** @type {Map<number, import("./row.js").Mark>} */
    this.marks = new Map();
    /** @type {Set<number>} */
    this.folded = new Set(JSON.parse(localStorage.getItem(FOLDED) ?? "[]"));
    /** @type {Map<string, HTMLElement>} */
    this.days = new Map();
    this.showDone = false;
    /** @type {{timer: number, hope: import("./store.js").Hope} | null} */
    this.ordering = null;
    this.find = (/** @type {string} */ name) =>
      /** @type {HTMLElement} */ (root.querySelector(`[data-part="${name}"]`));
    this.scroll = this.find("groups");
    this.sections = new Map(GROUPS.map(([group, title]) => [group, this.section(group, title)]));
    this.empty = h(
      "div",
      { class: "empty", hidden: true, "data-testid": "tasks-empty" },
      h("p", {}, "Nothing due today"),
      h("p", { class: "secondary" }, "What you add here or ask for in the chat shows up at once."),
    );
    this.skeleton = h(
      "div",
      { class: "skeleton", hidden: true, "aria-hidden": "true" },
      h("i"),
      h("i"),
      h("i"),
      h("i"),
      h("i"),
    );
    this.scroll.append(this.skeleton, this.empty, ...[...this.sections.values()].map(({ node }) => node));
    /** @type {import("./opened.js").OpenedRows | null} */
    this.opened = null;
    this.openedRows = later(async () => {
      const [{ OpenedRows }, changes] = await Promise.all([import("./opened.js"), undo()]);
      this.opened = new OpenedRows(this, changes);
      return this.opened;
    });
    /** @type {import("./order.js").TaskOrder | null} */
    this.order = null;
    this.bindOrder();
    this.bindAdd(/** @type {HTMLFormElement} */ (this.find("add")));
    this.scroll.addEventListener("keydown", (event) => this.keydown(event));
    store.addEventListener("change", (event) => this.render(/** @type {CustomEvent} */ (event).detail.glowing));
    // "Today 17:00" turns overdue while nobody does anything.
    setInterval(() => this.store.isLoaded && this.render(), 30_000);
  }

  /** Ordering by hand is fetched when a pointer or the keyboard first comes to the list. */
  bindOrder() {
    const load = later(async () => {
      const { TaskOrder } = await import("./order.js");
      this.order = new TaskOrder(this.scroll, {
        onOrder: (row, ids, soon) => this.reorder(idOf(row), ids, soon),
        onDue: (row, due) => this.setDue(idOf(row), due),
        onStart: () => this.showDrops(true),
        onEnd: () => {
          this.showDrops(false);
          this.render();
        },
        announce: (text) => {
          this.find("live").textContent = text;
        },
      });
      return this.order;
    });
    for (const name of ["pointerover", "focusin"]) this.scroll.addEventListener(name, load);
    // Who presses before it is here is not forgotten: keys are handed on, and a finger that is still down by then.
    this.scroll.addEventListener("keydown", async (event) => {
      if (this.order || !event.altKey || !/^Arrow(Up|Down)$/.test(event.key)) return;
      event.preventDefault();
      (await load()).keydown(event);
    });
    this.scroll.addEventListener("pointerdown", async (event) => {
      if (this.order) return;
      let isDown = true;
      const over = () => {
        isDown = false;
      };
      for (const name of ["pointerup", "pointercancel"]) addEventListener(name, over, { once: true });
      const order = await load();
      if (isDown) order.pressed(event);
    });
  }

  /** What reads a new task is fetched when somebody begins to write one. @param {HTMLFormElement} form */
  bindAdd(form) {
    let isBound = false;
    const load = later(async () => {
      const { bindAdd } = await import("./add.js");
      const fail = (/** @type {Parameters<TaskPanel["say"]>} */ ...say) => this.say(...say);
      bindAdd(form, { api: this.store.api, add: (text, key) => this.add(text, key), fail });
      isBound = true;
    });
    form.addEventListener("focusin", load);
    form.addEventListener("submit", async (event) => {
      if (isBound) return;
      event.preventDefault();
      await load();
      form.requestSubmit();
    });
  }

  /** @param {Group} group @param {string} title */
  section(group, title) {
    const count = h("span", { class: "count" });
    const list = h("ul", { class: "task-list" });
    const name =
      group === "done"
        ? h(
            "button",
            {
              type: "button",
              class: "fold",
              "aria-expanded": "false",
              "data-testid": "done-toggle",
              onclick: () => {
                this.showDone = !this.showDone;
                this.render();
              },
            },
            icon("chevron"),
            title,
          )
        : h("span", {}, title);
    const node = h(
      "section",
      { class: "group", "data-group": group, hidden: true },
      h("h3", { "data-testid": "task-group", "data-group": group, "data-drop": DROPS[group] }, name, count),
      list,
    );
    return { node, list, count, name };
  }

  async load() {
    const timer = setTimeout(() => {
      this.skeleton.hidden = this.store.isLoaded;
    }, SKELETON_AFTER_MS);
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

  /** Something was changed, here or elsewhere. @param {Change} message */
  receive(message) {
    const { source, changes } = message;
    const byOthers = source === "chat" || source === "mcp";
    for (const { id, task } of changes) {
      if (byOthers) this.marks.set(id, { source, turn: message.turn_id ?? null, at: Date.now() });
      else this.marks.delete(id);
      if (task) this.opened?.changed(task, source);
    }
    this.store.apply(message);
  }

  // ---- drawing

  /** @param {number[]} [glowing] */
  render(glowing = []) {
    if (this.order?.drag) return;
    const now = new Date();
    const tasks = this.store.all();
    this.opened?.follow(tasks);
    const groups = layOut(tasks, now, this);
    const focus = this.focusBefore();
    for (const [group, section] of this.sections) {
      const entries = groups.get(group) ?? [];
      const shown = group === "done" ? (this.showDone ? entries.slice(0, DONE_SHOWN) : []) : entries;
      section.node.hidden = !entries.length;
      section.count.textContent =
        group === "done" ? "" : String(entries.filter(({ task, nested }) => !nested && !task.completed).length || "");
      if (group === "done") section.name.setAttribute("aria-expanded", String(this.showDone));
      this.place(section.list, shown, now);
    }
    const open = tasks.filter((task) => !task.completed);
    const due = (groups.get("overdue")?.length ?? 0) + (groups.get("today")?.length ?? 0);
    this.empty.hidden = !this.store.isLoaded || due > 0;
    this.empty.toggleAttribute("data-all", !open.length);
    this.actions.onCount(open.filter((task) => ["overdue", "today"].includes(groupOf(task, now))).length);
    for (const id of glowing) this.rows.get(id)?.glow();
    focus();
  }

  /**
   * Bring a list's rows into order, touching only those that are not where they belong.
   * @param {HTMLElement} list
   * @param {Entry[]} entries
   * @param {Date} now
   */
  place(list, entries, now) {
    const nodes = entries.flatMap((entry) =>
      (entry.newDay ? [this.dayLabel(entry.newDay, now)] : []).concat(this.draw(entry, now)),
    );
    const wanted = new Set(nodes);
    for (const node of [...list.children]) if (!wanted.has(/** @type {HTMLElement} */ (node))) node.remove();
    nodes.forEach((node, index) => {
      const before = list.children[index] ?? null;
      if (before === node) return;
      // `moveBefore` keeps the focus of what moves, where there is one.
      if (node.parentNode === list && "moveBefore" in list) /** @type {any} */ (list).moveBefore(node, before);
      else list.insertBefore(node, before);
    });
  }

  /** @param {Entry} entry @param {Date} now */
  draw(entry, now) {
    const { task } = entry;
    const row = this.row(task.id);
    const mark = this.marks.get(task.id);
    if (mark && Date.now() - mark.at > MARKED_MS) this.marks.delete(task.id);
    row.update(entry, now, this.marks.get(task.id) ?? null);
    Object.assign(row.node.dataset, { due: task.due_date ?? "", below: entry.nested ? task.parent_id : "" });
    return row.node;
  }

  /** @param {string} day @param {Date} now */
  dayLabel(day, now) {
    const node =
      this.days.get(day) ??
      h("li", { class: "day-label", "data-testid": "day-label", "data-drop": day, "data-day": day });
    this.days.set(day, node);
    node.textContent = dayLabel(day, now);
    return node;
  }

  /** @param {number} id */
  row(id) {
    let row = this.rows.get(id);
    if (!row) {
      row = new TaskRow(id, {
        onToggle: (completed) => this.toggle(id, completed),
        onOpen: () => this.open(id),
        onFold: () => this.fold(id),
        onMark: ({ turn }) => turn && this.actions.showTurn(turn),
      });
      this.rows.set(id, row);
    }
    return row;
  }

  /** Remember where the keyboard is; returns what puts it back, or onto the row that took the place. */
  focusBefore() {
    const active = /** @type {HTMLElement | null} */ (document.activeElement);
    const row = active?.closest("li.task");
    if (!active || !row || !this.scroll.contains(row)) return () => {};
    const list = /** @type {HTMLElement} */ (row.parentElement);
    const index = [...list.children].indexOf(row);
    return () => {
      if (row.parentElement === list) return active.focus({ preventScroll: true });
      const next = list.children[index] ?? list.lastElementChild ?? this.scroll.querySelector("li.task");
      /** @type {HTMLElement | null} */ (
        next?.querySelector(active.tagName === "INPUT" ? "input" : ".task-title") ?? this.find("input")
      )?.focus();
    };
  }

  /** Headings without tasks are places to drop on, too. @param {boolean} show */
  showDrops(show) {
    for (const group of /** @type {Group[]} */ (["today", "someday"])) {
      const { node, list } = /** @type {{node: HTMLElement, list: HTMLElement}} */ (this.sections.get(group));
      node.hidden = !show && !list.children.length;
    }
  }

  // ---- opened rows

  /** Show a task that somebody asked for elsewhere. @param {number} id */
  async reveal(id) {
    const task = this.task(id);
    if (!task) return this.say("That task is not here any more.");
    if (task.completed) this.showDone = true;
    this.render();
    await this.open(id);
  }

  /** Opened rows are fetched with the first one. @param {number} id */
  async open(id) {
    (await this.openedRows()).open(id);
  }

  // ---- changes

  /** Say what was done and offer to take it back. @param {Parameters<import("../undo.js").Undo["did"]>} change */
  async did(...change) {
    (await this.undo()).did(...change);
  }

  /** @param {number} id */
  task(id) {
    return this.store.all().find((task) => task.id === id);
  }

  /** @param {string} text @param {string} key */
  async add(text, key) {
    const { data, operation } = await this.store.add({ text }, key);
    this.row(data.id).node.scrollIntoView({ block: "nearest" });
    this.did(`Added “${data.title}”`, operation);
  }

  /** @param {number} id @param {boolean} completed */
  async toggle(id, completed) {
    await this.opened?.editors.get(id)?.close();
    const task = this.task(id);
    if (!task) return;
    this.lingering.set(id, this.lingering.get(id) ?? groupOf(task, new Date()));
    setTimeout(() => {
      this.lingering.delete(id);
      this.render();
    }, LINGER_MS);
    try {
      const { data, operation } = await this.store.setCompleted(task, completed);
      // One that repeats is not done, it moved on.
      const next = completed && !data.completed ? `Next: ${nextText(data, new Date())}` : "";
      this.did(`${completed ? "Completed" : "Reopened"} “${task.title}”`, operation, next);
      this.say("");
    } catch (error) {
      this.lingering.delete(id);
      this.render();
      this.say(`“${task.title}” was not changed. ${/** @type {Error} */ (error).message}`, () =>
        this.toggle(id, completed),
      );
    }
  }

  /** @param {number} id @param {string} due */
  async setDue(id, due) {
    const task = this.task(id);
    if (!task) return;
    try {
      const { data, operation } = await this.store.patch(id, { due, version: task.version });
      const text = dueText(data, new Date());
      this.did(text ? `Moved “${task.title}” to ${text}` : `Took the date off “${task.title}”`, operation);
      this.find("live").textContent = `${task.title}, ${text || "no date"}`;
    } catch (error) {
      this.say(`“${task.title}” was not moved. ${/** @type {Error} */ (error).message}`, () => this.setDue(id, due));
    }
  }

  /** @param {number} id what was moved @param {number[]} ids @param {boolean} soon wait for more keys first */
  reorder(id, ids, soon) {
    if (this.ordering) {
      clearTimeout(this.ordering.timer);
      this.store.hopes.delete(this.ordering.hope);
    }
    const hope = this.store.hopeOrder(ids);
    this.ordering = { hope, timer: setTimeout(() => this.sendOrder(id, ids, hope), soon ? KEYS_MS : 0) };
  }

  /** @param {number} id @param {number[]} ids @param {import("./store.js").Hope} hope */
  async sendOrder(id, ids, hope) {
    this.ordering = null;
    const title = this.task(id)?.title;
    try {
      const { operation } = await this.store.order(ids, hope);
      this.did(`Moved “${title}”`, operation);
    } catch (error) {
      this.say(`The order was not stored. ${/** @type {Error} */ (error).message}`, () => this.reorder(id, ids, false));
    }
  }

  /** @param {number} id */
  fold(id) {
    if (!this.folded.delete(id)) this.folded.add(id);
    localStorage.setItem(FOLDED, JSON.stringify([...this.folded]));
    this.render();
  }

  /** Arrows walk through the rows, F2 opens. @param {KeyboardEvent} event */
  keydown(event) {
    const row = /** @type {HTMLElement} */ (event.target).closest("li.task");
    if (
      !row ||
      row.hasAttribute("data-open") ||
      event.altKey ||
      event.ctrlKey ||
      event.metaKey ||
      event.defaultPrevented
    )
      return;
    if (event.key === "F2") this.open(idOf(/** @type {HTMLElement} */ (row)));
    else if (/^Arrow(Up|Down)$/.test(event.key)) {
      const titles = /** @type {HTMLElement[]} */ ([
        ...this.scroll.querySelectorAll("li.task:not([data-open]) .task-title"),
      ]);
      const index = titles.findIndex((title) => row.contains(title));
      titles[index + (event.key === "ArrowUp" ? -1 : 1)]?.focus();
    } else return;
    event.preventDefault();
  }

  /** A line above the bottom edge; empty text takes it away. @param {string} text @param {() => void} [onRetry] */
  say(text, onRetry) {
    const line = this.find("message");
    line.hidden = !text;
    line.replaceChildren(
      text && h("span", {}, text),
      (onRetry &&
        h(
          "button",
          {
            type: "button",
            class: "button",
            onclick: () => {
              this.say("");
              onRetry();
            },
          },
          "Try again",
        )) ||
        "",
    );
  }

  /** @param {boolean} connected */
  setConnected(connected) {
    this.find("connection").textContent = connected ? "" : navigator.onLine ? "Reconnecting…" : "Offline";
  }
}

/** @param {HTMLElement} row */
function idOf(row) {
  return Number(row.dataset.taskId);
}
