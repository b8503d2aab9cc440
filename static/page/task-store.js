// @ts-check
// The tasks as this page knows them. Every change arrives here, from wherever, and a newer version always wins.
import { uuid } from "../chat/dom.js";

/** @typedef {import("./dates.js").Task} Task */

const PAGE = 200;
const DONE = 12;
/** More open tasks than this are no list any more; the chat still finds them all. */
const MOST = 1000;

export class TaskStore extends EventTarget {
  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    /** @type {Map<number, Task>} */
    this.tasks = new Map();
    /** What the person did and the server has not confirmed. @type {Map<number, Partial<Task>>} */
    this.hopes = new Map();
    /** When a task was last changed here: an older list must not undo it. @type {Map<number, number>} */
    this.touched = new Map();
    this.isLoaded = false;
  }

  /** Tasks as they should look: known state plus unconfirmed changes. */
  all() {
    return [...this.tasks.values()].map((task) => ({ ...task, ...this.hopes.get(task.id) }));
  }

  async load() {
    const asked = performance.now();
    const [open, done] = await Promise.all([
      this.fetchOpen(),
      this.api.request("GET", `tasks?status=done&limit=${DONE}`),
    ]);
    const fetched = [...open, ...done.items];
    const ids = new Set(fetched.map((task) => task.id));
    for (const id of [...this.tasks.keys()]) {
      if (!ids.has(id) && (this.touched.get(id) ?? 0) < asked) this.tasks.delete(id);
    }
    for (const task of fetched) {
      if ((this.touched.get(task.id) ?? 0) < asked || this.tasks.has(task.id)) this.put(task);
    }
    this.isLoaded = true;
    this.changed([]);
  }

  /** @returns {Promise<Task[]>} */
  async fetchOpen() {
    const tasks = [];
    let cursor = "";
    do {
      const page = await this.api.request("GET", `tasks?status=open&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      tasks.push(...page.items);
      cursor = page.next_cursor ?? "";
    } while (cursor && tasks.length < MOST);
    return tasks;
  }

  /** @param {Task} task @returns {boolean} whether it was news */
  put(task) {
    const known = this.tasks.get(task.id);
    if (known && known.version >= task.version) return false;
    this.tasks.set(task.id, task);
    this.touched.set(task.id, performance.now());
    return true;
  }

  /** @param {number} id */
  remove(id) {
    this.touched.set(id, performance.now());
    return this.tasks.delete(id);
  }

  /** A message from the live connection. @param {{changes: {id: number, task: Task | null}[]}} message */
  apply({ changes }) {
    const news = changes.filter(({ id, task }) => (task ? this.put(task) : this.remove(id)));
    // What the person does here is visible already: only changes by others glow.
    this.changed(news.filter(({ id }) => !this.hopes.has(id)).map(({ id }) => id));
  }

  /**
   * Write one task, showing the result at once and taking it back if the server refuses.
   *
   * @param {number} id @param {Partial<Task>} hope
   * @param {string} method @param {string} path @param {object} [body]
   */
  async write(id, hope, method, path, body) {
    this.hopes.set(id, hope);
    this.changed([]);
    try {
      const task = await this.api.request(method, path, body, uuid());
      if (task) this.put(task);
    } finally {
      if (this.hopes.get(id) === hope) this.hopes.delete(id);
      this.changed([]);
    }
  }

  /** @param {Task} task @param {boolean} completed */
  setCompleted({ id }, completed) {
    const hope = { completed, completed_at: completed ? new Date().toISOString() : null };
    return completed
      ? this.write(id, hope, "PATCH", `tasks/${id}/complete`)
      : this.write(id, hope, "PATCH", `tasks/${id}`, { completed: false });
  }

  /** @param {string} title @param {string} key the same for a second attempt @returns {Promise<Task>} */
  async add(title, key) {
    const task = await this.api.request("POST", "tasks", { title }, key);
    this.put(task);
    this.changed([task.id]);
    return task;
  }

  /** @param {number[]} glowing ids that changed before somebody's eyes */
  changed(glowing) {
    this.dispatchEvent(new CustomEvent("change", { detail: { glowing } }));
  }
}
