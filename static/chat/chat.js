// @ts-check
// The inside of the element: which conversation is open, which turn runs, and what of it is on screen.
import { Composer } from "./composer.js";
import { uuid } from "./dom.js";
import { buildFrame } from "./frame.js";
import { History } from "./history.js";
import { Client } from "./protocol.js";
import { Scroller } from "./scroller.js";
import { startScreen } from "./start.js";
import { stringsFor } from "./strings.js";
import { ThreadView } from "./thread.js";
import { Turn } from "./turn.js";

const PAGE = 30;
const QUIET_MS = 300;

/** @typedef {import("./element.js").Options} Options @typedef {Record<string, any>} Thread a `chatkit.types.ThreadMetadata` */

export class Chat {
  /**
   * @param {ShadowRoot} root @param {Options} options
   * @param {(name: string, detail?: any) => void} emit sends a `chatkit.*` event
   */
  constructor(root, options, emit) {
    this.host = root.host;
    this.emit = emit;
    this.options = options;
    this.client = new Client(options.api);
    const strings = this.strings = stringsFor(options.locale);
    /** @type {Thread | null} */
    this.thread = null;
    /** @type {Turn | null} */
    this.turn = null;
    /** Where older items begin, if there are any. @type {string | null} */
    this.older = null;
    this.isLoading = false;
    /** Aborted when another conversation is opened. */
    this.loads = new AbortController();
    /** @type {Promise<unknown>} */
    this.stopping = Promise.resolve();

    this.view = new ThreadView({ strings });
    this.composer = new Composer({ strings, onSend: (text) => this.send({ text }), onStop: () => this.stop(),
      recall: () => this.view.lastUserText });
    this.frame = buildFrame(strings, { thread: this.view.node, composer: this.composer.node,
      onHistory: () => this.showHistory(), onNew: () => this.startNew(), onLatest: () => this.scroller.toEnd() });
    this.scroller = new Scroller(this.frame.viewport, this.frame.column, (away) => { this.frame.latest.hidden = !away; });
    this.scroller.onNearTop = () => this.loadOlder();
    this.history = new History({
      strings, options: () => this.options.history ?? {}, client: () => this.client, currentId: () => this.thread?.id ?? null,
      onOpen: (id) => { this.hideHistory(); if (id) this.open(id); else this.startNew(); },
      onRenamed: (id, title) => { if (this.thread?.id === id) this.setThread({ ...this.thread, title }); },
      onDeleted: (id) => { if (this.thread?.id === id) this.open(null); },
      onClose: () => this.hideHistory(),
    });
    root.replaceChildren(this.frame.main, this.history.node, this.frame.live);
    root.addEventListener("keydown", (event) => this.keydown(/** @type {KeyboardEvent} */ (event)));
  }

  start() {
    this.composer.fit();
    this.draw();
    this.emit("ready");
    this.open(this.options.initialThread ?? null);
  }

  /** @param {Options} options */
  setOptions(options) {
    const moved = this.options.api.url !== options.api.url;
    this.options = options;
    this.client = new Client(options.api);
    this.frame.start.hidden = true;
    this.draw();
    if (moved) this.open(options.initialThread ?? null);
  }

  // ---- drawing

  /** Show what the options and the thread say; safe to call at any time. */
  draw() {
    const { options, strings, frame, thread } = this;
    frame.header.hidden = options.header?.enabled === false;
    frame.historyButton.hidden = options.history?.enabled === false;
    const title = options.header?.title?.text ?? (thread?.title || (thread && !this.turn ? strings.untitled : strings.newConversation));
    frame.heading.textContent = options.header?.title?.enabled === false ? "" : title;
    frame.heading.toggleAttribute("data-new", !thread?.title);
    frame.newButton.hidden = !thread;
    this.host.toggleAttribute("data-thread", Boolean(thread));
    this.composer.input.placeholder = options.composer?.placeholder ?? strings.placeholder;
    frame.disclaimer.textContent = options.disclaimer?.text ?? "";
    frame.disclaimer.hidden = !options.disclaimer?.text;
    const status = thread?.status ?? { type: "active" };
    this.composer.set({ busy: Boolean(this.turn), lock: status.type === "active" ? "" : status.reason || strings.locked });
    this.drawStart();
    this.drawNetwork();
  }

  drawStart() {
    const { start } = this.frame;
    const show = !this.thread && !this.turn && !this.isLoading && this.view.views.size === 0 && !this.view.pending;
    if (show && start.hidden) {
      start.replaceChildren(...startScreen(this.options.startScreen, this.strings, (prompt) => this.send(
        typeof prompt === "string" ? { text: prompt } : { content: prompt })));
    }
    start.hidden = !show;
  }

  drawNetwork(reconnecting = false) {
    const { network } = this.frame;
    const offline = !navigator.onLine;
    const text = offline ? this.strings.offline : this.composer.lock || (reconnecting ? this.strings.reconnecting : "");
    network.hidden = !text;
    // A live region speaks whenever it is written to.
    if (network.textContent !== text) network.textContent = text;
    this.composer.set({ offline });
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    if (this.history.isOpen) this.hideHistory();
    else if (this.turn) this.stop();
    else return;
    event.preventDefault();
  }

  showHistory() {
    if (this.options.history?.enabled === false || this.history.isOpen) return;
    this.history.open();
    this.frame.main.inert = true;
    this.host.toggleAttribute("data-history", true);
  }

  hideHistory() {
    if (!this.history.isOpen) return;
    this.history.close();
    this.frame.main.inert = false;
    this.host.toggleAttribute("data-history", false);
    this.frame.historyButton.focus();
  }

  // ---- conversations

  startNew() {
    this.open(null);
    this.composer.input.focus();
  }

  /** @param {Thread | null} thread */
  setThread(thread) {
    const changed = (this.thread?.id ?? null) !== (thread?.id ?? null);
    this.thread = thread;
    this.draw();
    if (changed) this.emit("thread.change", { threadId: thread?.id ?? null });
  }

  /**
   * Leaves a running turn to the server: it goes on, and its result is there when the conversation is opened again.
   * @param {string | null} id
   */
  async open(id) {
    this.turn?.abort();
    this.turn = null;
    this.loads.abort();
    this.loads = new AbortController();
    this.older = null;
    this.isLoading = id !== null;
    this.view.clear();
    // A blank title until the real one is here: neither "untitled" nor the one of before.
    this.setThread(id ? { id, title: this.thread?.id === id ? this.thread.title : " " } : null);
    if (id) await this.load(id, this.loads.signal);
  }

  /** @param {string} id @param {AbortSignal} signal */
  async load(id, signal) {
    const { skeleton } = this.frame;
    const timer = setTimeout(() => { skeleton.hidden = false; }, QUIET_MS);
    const loaded = () => { clearTimeout(timer); skeleton.hidden = true; this.isLoading = false; };
    signal.addEventListener("abort", loaded, { once: true });
    this.emit("thread.load.start", { threadId: id });
    try {
      // `threads.get_by_id` brings the oldest items, the screen needs the newest: ask for both at once.
      const [thread, page] = await Promise.all([
        this.client.request("threads.get_by_id", { thread_id: id }, signal),
        this.client.request("items.list", { thread_id: id, limit: PAGE, order: "desc" }, signal),
      ]);
      signal.throwIfAborted();
      loaded();
      this.setThread({ ...thread, items: undefined });
      this.addOlder(page);
      this.offerRetry(page.data[0]);
      this.scroller.toEnd();
      this.emit("thread.load.end", { threadId: id });
    } catch (error) {
      if (signal.aborted) return;
      loaded();
      this.loadFailed(id, error);
    }
  }

  /** A task that stands alone says why an answer is missing. @param {Record<string, any> | undefined} newest */
  offerRetry(newest) {
    const question = this.view.lastQuestion();
    if (newest?.type === "task" && question) this.view.setError(this.strings.failed, () => this.answerAgain(question));
  }

  /** @param {string} id @param {any} error */
  loadFailed(id, error) {
    this.emit("error", { error });
    if (error.status === 404) {
      this.setThread(null);
      this.view.addNotice({ level: "info", message: this.strings.threadGone });
    } else {
      this.view.setError(this.strings.loadFailed, () => this.open(id));
    }
  }

  /** @param {{data: Record<string, any>[], has_more: boolean, after?: string | null}} page newest first */
  addOlder(page) {
    this.scroller.keep(() => this.view.prepend(page.data.toReversed()));
    this.older = page.has_more ? page.after ?? page.data.at(-1)?.id : null;
    this.drawStart();
  }

  async loadOlder() {
    const after = this.older;
    if (!after || !this.thread) return;
    const { signal } = this.loads;
    this.older = null;
    try {
      const page = await this.client.request("items.list", { thread_id: this.thread.id, limit: PAGE, order: "desc", after }, signal);
      if (!signal.aborted) this.addOlder(page);
    } catch (error) {
      // The next scroll asks again.
      if (!signal.aborted) this.older = after;
      this.emit("error", { error });
    }
  }

  /** Bring an item into view, loading older ones until it is there. @param {string} id @returns {Promise<boolean>} whether it was found */
  async showItem(id) {
    while (!this.view.views.has(id) && this.older) {
      const before = this.older;
      await this.loadOlder();
      if (this.older === before) break;
    }
    const node = this.view.views.get(id)?.node;
    if (!node) return false;
    this.scroller.stuck = false;
    node.scrollIntoView({ block: "start" });
    node.classList.add("pointed");
    node.addEventListener("animationend", () => node.classList.remove("pointed"), { once: true });
    return true;
  }

  async fetchUpdates() {
    if (!this.thread || this.turn) return;
    const { signal } = this.loads;
    const page = await this.client.request("items.list", { thread_id: this.thread.id, limit: PAGE, order: "desc" }, signal);
    if (signal.aborted) return;
    for (const item of page.data.toReversed()) this.view.upsert(item, false);
  }

  // ---- turns

  /** @param {import("./element.js").Message} message */
  async send(message) {
    if (this.turn) throw new Error("An answer is still under way.");
    if (message.newThread) this.open(null);
    const input = {
      content: message.content ?? [{ type: "input_text", text: message.text ?? "" }],
      attachments: (message.attachments ?? []).map(({ id }) => id),
      quoted_text: message.reply ?? null,
      inference_options: { tool_choice: message.toolChoice ?? null, model: message.model ?? null },
    };
    this.hideHistory();
    this.view.addPending({ ...input, type: "user_message", id: "", attachments: message.attachments ?? [] });
    this.scroller.toEnd();
    await this.run(this.thread
      ? { type: "threads.add_user_message", params: { thread_id: this.thread.id, input } }
      : { type: "threads.create", params: { input } });
  }

  /** @param {{type: string, payload?: Record<string, any>}} action @param {string} [itemId] */
  async sendAction(action, itemId) {
    if (!this.thread || this.turn) return;
    await this.run({ type: "threads.custom_action", params: { thread_id: this.thread.id, item_id: itemId ?? null, action } });
  }

  /** @param {{type: string, params: object, key?: string}} request with the key of before when it is a retry */
  async run({ type, params, key = uuid() }) {
    if (this.turn) return;
    const turn = new Turn(this.client, { type, params, key });
    this.turn = turn;
    this.view.clearError();
    this.view.setBusy(true);
    this.composer.set({ canStop: true });
    this.draw();
    this.emit("response.start");
    try {
      // A message right after Stop would find the old turn still holding the conversation.
      await this.stopping;
      await turn.run((event) => this.receive(event, turn), (waiting) => this.drawNetwork(waiting));
    } catch (error) {
      if (!turn.controller.signal.aborted) this.requestFailed(turn, error);
    } finally {
      if (this.turn === turn) this.endTurn(turn);
    }
  }

  /** @param {Record<string, any>} event @param {Turn} turn */
  receive(event, turn) {
    if (this.turn !== turn) return;
    if (event.item?.type === "client_tool_call" && event.item.status === "pending") turn.clientTool = event.item;
    if (this.view.apply(event)) return;
    switch (event.type) {
      case "thread.created":
      case "thread.updated": this.setThread({ ...event.thread, items: undefined }); break;
      case "stream_options": this.composer.set({ canStop: event.stream_options.allow_cancel }); break;
      case "client_effect": this.effect(event, turn); break;
      // The library may add a bare "stream.error" to one that says what happened.
      case "error": turn.failure ??= event; break;
      default: this.emit("log", { name: "unknown_event", data: { type: event.type } });
    }
  }

  /** @param {Record<string, any>} event @param {Turn} turn */
  effect(event, turn) {
    if (event.name === "turn.started") {
      turn.turnId = event.data.turn_id;
      if (turn.stopRequested) this.stop();
    }
    this.emit("effect", { name: event.name, data: event.data });
  }

  /** @param {Turn} turn */
  endTurn(turn) {
    this.turn = null;
    if (turn.failure) this.showFailure(turn, turn.failure);
    else this.frame.live.textContent = this.view.lastAnswer();
    this.view.setBusy(false);
    this.draw();
    this.emit("response.end");
    this.refreshTitle().catch((error) => this.emit("error", { error }));
    this.answerClientTool(turn).catch((error) => this.emit("error", { error }));
  }

  /** A server may name a conversation after its first answer without saying so. */
  async refreshTitle() {
    if (!this.thread || this.thread.title) return;
    const { signal } = this.loads;
    const thread = await this.client.request("threads.get_by_id", { thread_id: this.thread.id }, signal);
    if (!signal.aborted && thread.title) this.setThread({ ...thread, items: undefined });
  }

  /** @param {Turn} turn */
  async answerClientTool(turn) {
    const call = turn.clientTool;
    if (!call || !this.options.onClientTool || !this.thread) return;
    const result = await this.options.onClientTool({ name: call.name, params: call.arguments });
    await this.run({ type: "threads.add_client_tool_output", params: { thread_id: this.thread.id, result } });
  }

  /** What was shown stays. Without a turn id there is nothing to name to the server yet: it is stopped once it has one. */
  stop() {
    const { turn } = this;
    if (!turn) return;
    turn.stopRequested = true;
    this.composer.set({ canStop: false });
    const { stop } = this.options.api;
    if (stop && !turn.turnId) return;
    turn.abort();
    this.view.stop();
    if (stop && turn.turnId) this.stopping = stop(turn.turnId).catch((error) => this.emit("error", { error }));
  }

  /** @param {Turn} turn @param {any} error */
  requestFailed(turn, error) {
    this.emit("error", { error });
    if (error.status === 401 && this.view.pending) {
      // Signed out: give the words back, the page says what to do.
      if (!this.composer.value) this.composer.value = this.view.lastUserText;
      this.view.removePending();
    } else {
      turn.failure = { message: error.message, allow_retry: true };
    }
  }

  /** @param {Turn} turn @param {Record<string, any>} failure */
  showFailure(turn, { code, message, allow_retry }) {
    for (const view of this.view.views.values()) view.stop?.();
    const question = this.view.lastQuestion();
    // A turn that ended needs another one. Where only the way to it broke, asking with the same key does nothing twice.
    const retry = code === "custom" && question ? () => this.answerAgain(question) : () => this.run(turn.request);
    this.view.setError(message || this.strings.failed, allow_retry ? retry : null);
    this.frame.live.textContent = this.view.lastNotice();
  }

  /** What the server did for the first answer stays done; it sends that again. @param {string} id of the person's message */
  async answerAgain(id) {
    if (this.turn || !this.thread) return;
    this.view.removeAfter(id);
    await this.run({ type: "threads.retry_after_item", params: { thread_id: this.thread.id, item_id: id } });
  }
}
