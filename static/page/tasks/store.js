// @ts-check
// The tasks as this page knows them, and the connection that tells of changes. Every change arrives here, from
// wherever, and a newer version always wins.

const FIRST_MS = 500;
const LAST_MS = 15_000;
const QUIET_MS = 1_500;

/** Changes as they happen, by WebSocket; reconnects by itself. */
export class Live {
  /**
   * @param {string} path @param {import("../api.js").Session} session
   * @param {{onChange: (message: Record<string, any>) => void, onConversation: (message: Record<string, any>) => void,
   *   onReady: () => void, onState: (connected: boolean) => void}} handlers
   */
  constructor(path, session, handlers) {
    this.url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
    this.session = session;
    this.handlers = handlers;
    this.wait = FIRST_MS;
    this.ended = false;
    this.ready = false;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.timer = 0;
    this.stateTimer = 0;
    addEventListener("online", () => this.hurry());
    addEventListener("offline", () => this.socket?.close());
    document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && this.hurry());
    session.addEventListener("ended", () => this.stop());
  }

  get isReady() {
    return this.ready && this.socket?.readyState === WebSocket.OPEN;
  }

  start() {
    // Offline there is nothing to try; the `online` event starts it again.
    if (this.ended || !navigator.onLine) return;
    clearTimeout(this.timer);
    const socket = new WebSocket(this.url);
    this.socket = socket;
    const opened = new Promise((resolve) => socket.addEventListener("open", resolve, { once: true }));
    // The token is sent as the first message: an address ends up in logs.
    Promise.all([this.session.token(), opened])
      .then(([token]) => socket.send(JSON.stringify({ type: "authenticate", token })))
      .catch(() => socket.close());
    socket.addEventListener("message", ({ data }) => socket === this.socket && this.receive(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => {
      if (socket !== this.socket) return;
      this.ready = false;
      // 4401 and 4403 are how sockets say 401 and 403: the next attempt needs a new token.
      if (code === 4401 || code === 4403) this.session.token({ fresh: true }).catch(() => {});
      this.retry();
    });
  }

  /** @param {Record<string, any>} message */
  receive(message) {
    if (message.type === "ready") {
      this.ready = true;
      this.wait = FIRST_MS;
      clearTimeout(this.stateTimer);
      this.stateTimer = 0;
      this.handlers.onState(true);
      this.handlers.onReady();
    } else if (message.type === "tasks.changed") {
      this.handlers.onChange(message);
    } else if (message.type === "conversation.changed") {
      this.handlers.onConversation(message);
    }
  }

  retry() {
    if (this.ended) return;
    // A short gap is nobody's business.
    this.stateTimer ||= setTimeout(() => this.handlers.onState(false), QUIET_MS);
    clearTimeout(this.timer);
    // Jitter: after a restart not everybody knocks in the same moment.
    this.timer = setTimeout(() => this.start(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LAST_MS);
  }

  /** Somebody is looking again: do not make them wait for the back-off. */
  hurry() {
    if (this.isReady || this.ended || this.socket?.readyState === WebSocket.CONNECTING) return;
    this.wait = FIRST_MS;
    this.start();
  }

  stop() {
    this.ended = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }
}

/**
 * @typedef {import("../task-words.js").Task} Task
 * @typedef {Map<number, Partial<Task> | null>} Hope what the person did and the server has not confirmed; null: deleted
 * @typedef {{data: any, operation: string | null}} Written
 */

const PAGE = 200;
/** So many done tasks also tell how far the subtasks of open ones are. */
const DONE = 100;
/** More open tasks than this are no list any more; the chat still finds them all. */
const MOST = 1000;

export class TaskStore extends EventTarget {
  /** @param {import("../api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    /** @type {Map<number, Task>} */
    this.tasks = new Map();
    /** @type {Set<Hope>} */
    this.hopes = new Set();
    /** When a task was last changed here: an older list must not undo it. @type {Map<number, number>} */
    this.touched = new Map();
    this.isLoaded = false;
  }

  /** Tasks as they should look: known state plus unconfirmed changes. @returns {Task[]} */
  all() {
    const shown = new Map(this.tasks);
    for (const hope of this.hopes) {
      for (const [id, fields] of hope) {
        const task = shown.get(id);
        if (!fields) shown.delete(id);
        else if (task) shown.set(id, { ...task, ...fields });
      }
    }
    return [...shown.values()];
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
      const page = await this.api.request(
        "GET",
        `tasks?status=open&limit=${PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`,
      );
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
    const mine = new Set([...this.hopes].flatMap((hope) => [...hope.keys()]));
    // What the person does here is visible already: only changes by others glow.
    this.changed(news.filter(({ id }) => !mine.has(id)).map(({ id }) => id));
  }

  /**
   * Write, showing the result at once and taking it back if the server refuses.
   *
   * @param {Hope} hope @param {string} method @param {string} path @param {object} [body]
   * @returns {Promise<Written>}
   */
  async write(hope, method, path, body) {
    this.hopes.add(hope);
    this.changed([]);
    try {
      const written = await this.api.write(method, path, body);
      for (const task of written.data?.items ?? (written.data ? [written.data] : [])) this.put(task);
      return written;
    } finally {
      this.hopes.delete(hope);
      this.changed([]);
    }
  }

  /** @param {Task} task @param {boolean} completed */
  setCompleted({ id }, completed) {
    const hope = new Map([[id, { completed, completed_at: completed ? new Date().toISOString() : null }]]);
    return completed
      ? this.write(hope, "PATCH", `tasks/${id}/complete`)
      : this.write(hope, "PATCH", `tasks/${id}`, { completed: false });
  }

  /** @param {number} id @param {object} fields as the server takes them @param {Partial<Task>} [hope] */
  patch(id, fields, hope) {
    return this.write(new Map(hope ? [[id, hope]] : []), "PATCH", `tasks/${id}`, fields);
  }

  /** @param {number} id */
  async delete(id) {
    const written = await this.write(new Map([[id, null]]), "DELETE", `tasks/${id}`);
    // Its subtasks went with it; the live connection names them.
    this.remove(id);
    this.changed([]);
    return written;
  }

  /** @param {number[]} ids in their new order @param {Hope} hope how they stand already */
  order(ids, hope) {
    return this.write(hope, "PUT", "tasks/order", { ids });
  }

  /** Let the new order show before it is sent. @param {number[]} ids @returns {Hope} */
  hopeOrder(ids) {
    const hope = new Map(ids.map((id, index) => [id, { position: index }]));
    this.hopes.add(hope);
    this.changed([]);
    return hope;
  }

  /**
   * @param {{text: string} | {title: string, parent_id: number}} body @param {string} key the same for a second attempt
   * @returns {Promise<Written>}
   */
  async add(body, key) {
    const written = await this.api.write("POST", "tasks", body, key);
    this.put(written.data);
    this.changed([written.data.id]);
    return written;
  }

  /** @param {number[]} glowing ids that changed before somebody's eyes */
  changed(glowing) {
    this.dispatchEvent(new CustomEvent("change", { detail: { glowing } }));
  }
}
