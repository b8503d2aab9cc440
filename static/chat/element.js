// @ts-check
// <errand-chat>: a chat element with the surface of OpenAI's ChatKit element, served from here.
// It knows the ChatKit protocol and nothing about tasks, sign-in or the page around it.
import { Composer } from "./composer.js";
import { h, icon, iconButton, uuid } from "./dom.js";
import { History } from "./history.js";
import { Client } from "./protocol.js";
import { Scroller } from "./scroller.js";
import { startScreen } from "./start.js";
import { stringsFor } from "./strings.js";
import { sheets } from "./styles.js";
import { ThreadView } from "./thread.js";
import { Turn } from "./turn.js";

const PAGE = 30;
const QUIET_MS = 300;

/**
 * The options of OpenAI's element that are understood so far. `api.stop` is our addition: the protocol has no request
 * that stops a turn, it only knows a client that hangs up.
 *
 * @typedef {object} Options
 * @property {{url: string, domainKey?: string, fetch?: typeof fetch, stop?: (turnId: string) => Promise<void>}} api
 * @property {string} [locale]
 * @property {string | {colorScheme?: string}} [theme]
 * @property {string | null} [initialThread]
 * @property {{enabled?: boolean, title?: {enabled?: boolean, text?: string}}} [header]
 * @property {{enabled?: boolean, showDelete?: boolean, showRename?: boolean}} [history]
 * @property {{greeting?: string, prompts?: {label: string, prompt: string | Record<string, any>[], icon?: string}[]}} [startScreen]
 * @property {{placeholder?: string}} [composer]
 * @property {{text: string}} [disclaimer]
 * @property {(call: {name: string, params: Record<string, any>}) => any} [onClientTool]
 */

export class ErrandChat extends HTMLElement {
  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: false });
    root.adoptedStyleSheets = sheets;
    /** @type {Options | null} */
    this.options = null;
    /** @type {Record<string, any> | null} */
    this.thread = null;
    /** @type {Turn | null} */
    this.turn = null;
    this.loads = new AbortController();
    this.stopping = Promise.resolve();
    this.onNetwork = () => this.drawNetwork();
  }

  connectedCallback() {
    addEventListener("online", this.onNetwork);
    addEventListener("offline", this.onNetwork);
    this.composer?.fit();
  }

  disconnectedCallback() {
    removeEventListener("online", this.onNetwork);
    removeEventListener("offline", this.onNetwork);
  }

  // ---- the public surface, as in @openai/chatkit

  /** Replaces all options. @param {Options} options */
  setOptions(options) {
    const first = !this.options;
    const urlChanged = this.options?.api.url !== options.api.url;
    this.options = options;
    this.strings = stringsFor(options.locale);
    this.client = new Client(options.api);
    const scheme = typeof options.theme === "string" ? options.theme : options.theme?.colorScheme;
    if (scheme) this.dataset.theme = scheme;
    else delete this.dataset.theme;
    if (first) {
      this.build();
      this.emit("ready");
    }
    this.draw();
    if (first || urlChanged) this.open(options.initialThread ?? null);
  }

  async focusComposer() {
    this.composer.input.focus();
  }

  /** @param {string | null} threadId */
  async setThreadId(threadId) {
    await this.open(threadId);
  }

  /** @param {{text?: string, content?: Record<string, any>[], newThread?: boolean, attachments?: {id: string}[],
   *   reply?: string, toolChoice?: {id: string}, model?: string}} message */
  async sendUserMessage(message) {
    if (message.newThread) await this.open(null);
    const content = message.content ?? [{ type: "input_text", text: message.text ?? "" }];
    const input = {
      content,
      attachments: (message.attachments ?? []).map(({ id }) => id),
      quoted_text: message.reply ?? null,
      inference_options: { tool_choice: message.toolChoice ?? null, model: message.model ?? null },
    };
    if (this.turn) throw new Error("An answer is still under way.");
    this.history.close();
    this.view.addPending({ type: "user_message", id: "", attachments: message.attachments ?? [], ...input });
    this.drawStart();
    this.scroller.toEnd();
    await this.run(this.thread
      ? { type: "threads.add_user_message", params: { thread_id: this.thread.id, input } }
      : { type: "threads.create", params: { input } });
  }

  /** @param {{type: string, payload?: Record<string, any>}} action @param {string} [itemId] */
  async sendCustomAction(action, itemId) {
    if (!this.thread) return;
    await this.run({ type: "threads.custom_action", params: { thread_id: this.thread.id, item_id: itemId ?? null, action } });
  }

  /** @param {{text?: string, content?: {text: string}[]}} value */
  async setComposerValue({ text, content }) {
    this.composer.value = text ?? (content ?? []).map((part) => part.text).join("");
  }

  async showHistory() {
    if (this.options?.history?.enabled === false || this.history.isOpen) return;
    this.history.open();
    this.main.inert = true;
  }

  async hideHistory() {
    if (!this.history.isOpen) return;
    this.history.close();
    this.main.inert = false;
    this.historyButton.focus();
  }

  /** Bring the open conversation up to date with the server. */
  async fetchUpdates() {
    if (!this.thread || this.turn) return;
    const page = await this.client.request("items.list", { thread_id: this.thread.id, limit: PAGE, order: "desc" }, this.loads.signal);
    for (const item of page.data.toReversed()) this.view.upsert(item, false);
    this.drawStart();
  }

  // ---- drawing

  build() {
    const strings = /** @type {import("./strings.js").Strings} */ (this.strings);
    this.historyButton = iconButton("history", strings.openHistory, { "data-testid": "history-toggle", class: "icon-button history-toggle",
      onclick: () => this.showHistory() });
    this.heading = h("h1", { class: "thread-title", "data-testid": "thread-title" });
    this.newButton = iconButton("compose", strings.newConversation, { "data-testid": "new-thread", onclick: () => this.startNew() });
    this.header = h("header", { class: "bar" }, this.historyButton, this.heading,
      h("div", { class: "bar-end" }, this.newButton, h("slot", { name: "header-end" })));
    this.view = new ThreadView({ strings });
    this.start = h("div", { class: "start", hidden: true });
    this.skeleton = h("div", { class: "skeleton", hidden: true, "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
    this.viewport = h("div", { class: "viewport" }, h("div", { class: "column" }, this.skeleton, this.start, this.view.node));
    this.latest = h("button", { type: "button", class: "latest", hidden: true, "data-testid": "latest",
      onclick: () => this.scroller.toEnd() }, icon("down"), strings.latest);
    this.scroller = new Scroller(this.viewport, /** @type {HTMLElement} */ (this.viewport.firstElementChild),
      (away) => { this.latest.hidden = !away; });
    this.scroller.onNearTop = () => this.loadOlder();
    this.network = h("div", { class: "network", role: "status", hidden: true, "data-testid": "network" });
    this.disclaimer = h("div", { class: "disclaimer", hidden: true });
    this.composer = new Composer({ strings, onSend: (text) => this.sendUserMessage({ text }), onStop: () => this.stop(),
      recall: () => this.view.lastUserText });
    this.live = h("div", { class: "visually-hidden", "aria-live": "polite", "data-testid": "live-region" });
    const foot = h("div", { class: "foot" }, h("div", { class: "column" }, this.latest, this.network, this.composer.node, this.disclaimer));
    this.main = h("div", { class: "main" }, this.header, this.viewport, foot);
    this.history = new History({
      strings, options: this.options?.history ?? {}, client: () => this.client, currentId: () => this.thread?.id ?? null,
      onOpen: (id) => { this.hideHistory(); (id ? this.open(id) : this.startNew()); this.focusComposer(); },
      onRenamed: (id, title) => { if (this.thread?.id === id) this.setThread({ ...this.thread, title }); },
      onDeleted: (id) => { if (this.thread?.id === id) this.open(null); },
      onClose: () => this.hideHistory(),
    });
    const root = /** @type {ShadowRoot} */ (this.shadowRoot);
    root.append(this.main, this.history.node, this.live);
    root.addEventListener("keydown", (event) => this.keydown(/** @type {KeyboardEvent} */ (event)));
    this.drawNetwork();
    if (this.isConnected) this.composer.fit();
  }

  /** Show what the options and the thread say; safe to call at any time. */
  draw() {
    const { options, strings } = this;
    if (!options || !strings) return;
    this.header.hidden = options.header?.enabled === false;
    this.historyButton.hidden = options.history?.enabled === false;
    const title = options.header?.title?.text ?? (this.thread ? this.thread.title || strings.untitled : strings.newConversation);
    this.heading.textContent = options.header?.title?.enabled === false ? "" : title;
    this.heading.toggleAttribute("data-new", !this.thread);
    this.newButton.hidden = !this.thread;
    this.composer.input.placeholder = options.composer?.placeholder ?? strings.placeholder;
    this.disclaimer.textContent = options.disclaimer?.text ?? "";
    this.disclaimer.hidden = !options.disclaimer?.text;
    const status = this.thread?.status;
    this.composer.set({ busy: Boolean(this.turn), lock: status && status.type !== "active" ? status.reason || strings.locked : "" });
    this.start.replaceChildren(...startScreen(options.startScreen, strings, (prompt) => this.sendUserMessage(
      typeof prompt === "string" ? { text: prompt } : { content: prompt })));
    this.drawStart();
    this.drawNetwork();
  }

  drawStart() {
    this.start.hidden = Boolean(this.thread) || Boolean(this.turn) || !this.view.isEmpty() || this.isLoading === true;
    this.view.node.hidden = !this.start.hidden;
  }

  /** @param {boolean} [reconnecting] */
  drawNetwork(reconnecting = false) {
    if (!this.strings) return;
    const offline = !navigator.onLine;
    const text = offline ? this.strings.offline : this.composer.lock || (reconnecting ? this.strings.reconnecting : "");
    this.network.hidden = !text;
    if (this.network.textContent !== text) this.network.textContent = text;
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

  // ---- conversations

  startNew() {
    this.open(null);
    this.focusComposer();
  }

  /** @param {Record<string, any> | null} thread */
  setThread(thread) {
    const changed = (this.thread?.id ?? null) !== (thread?.id ?? null);
    this.thread = thread;
    this.draw();
    if (changed) this.emit("thread.change", { threadId: thread?.id ?? null });
  }

  /** Leaves a running turn to the server: it goes on, and its result is there when the conversation is opened again. @param {string | null} id */
  async open(id) {
    this.turn?.abort();
    this.turn = null;
    this.loads.abort();
    this.loads = new AbortController();
    this.older = null;
    this.isLoading = id !== null;
    this.view.clear();
    this.setThread(id ? { id, title: this.thread?.id === id ? this.thread.title : " " } : null);
    if (!id) return;
    this.emit("thread.load.start", { threadId: id });
    await this.load(id, this.loads.signal);
  }

  /** @param {string} id @param {AbortSignal} signal */
  async load(id, signal) {
    const timer = setTimeout(() => { this.skeleton.hidden = signal.aborted; }, QUIET_MS);
    try {
      // `threads.get_by_id` brings the oldest items, the screen needs the newest: ask for both at once.
      const [thread, page] = await Promise.all([
        this.client.request("threads.get_by_id", { thread_id: id }, signal),
        this.client.request("items.list", { thread_id: id, limit: PAGE, order: "desc" }, signal),
      ]);
      signal.throwIfAborted();
      this.isLoading = false;
      this.setThread(thread);
      this.addOlder(page);
      this.scroller.toEnd();
      this.emit("thread.load.end", { threadId: id });
    } catch (error) {
      if (signal.aborted) return;
      this.isLoading = false;
      this.loadFailed(id, error);
    } finally {
      clearTimeout(timer);
      if (!signal.aborted) this.skeleton.hidden = true;
    }
  }

  /** @param {string} id @param {any} error */
  loadFailed(id, error) {
    const strings = /** @type {import("./strings.js").Strings} */ (this.strings);
    this.emit("error", { error });
    if (error.status === 404) {
      this.setThread(null);
      this.view.addNotice({ level: "info", message: strings.threadGone });
      this.view.node.hidden = false;
    } else {
      this.view.setError(strings.loadFailed, () => this.open(id));
    }
  }

  /** @param {{data: Record<string, any>[], has_more: boolean, after: string | null}} page newest first */
  addOlder(page) {
    this.scroller.keep(() => this.view.prepend(page.data.toReversed()));
    this.older = page.has_more ? page.after ?? page.data.at(-1)?.id : null;
    this.drawStart();
  }

  async loadOlder() {
    if (!this.older || !this.thread) return;
    const params = { thread_id: this.thread.id, limit: PAGE, order: "desc", after: this.older };
    const { signal } = this.loads;
    this.older = null;
    try {
      const page = await this.client.request("items.list", params, signal);
      if (!signal.aborted) this.addOlder(page);
    } catch (error) {
      // The next scroll asks again.
      if (!signal.aborted) this.older = params.after;
      this.emit("error", { error });
    }
  }

  // ---- turns

  /** @param {{type: string, params: object, key?: string}} request */
  async run({ type, params, key = uuid() }) {
    const turn = new Turn(this.client, { type, params, key });
    this.turn = turn;
    this.view.clearError();
    this.view.setBusy(true);
    this.composer.set({ busy: true, canStop: true });
    this.emit("response.start");
    try {
      // A new message right after Stop would find the old turn still holding the conversation.
      await this.stopping;
      await turn.run((event) => this.receive(event, turn), (waiting) => this.drawNetwork(waiting));
      if (turn.failure) this.turnFailed(turn, turn.failure.message, turn.failure.allow_retry);
    } catch (error) {
      if (!turn.controller.signal.aborted) this.requestFailed(turn, error);
    } finally {
      if (this.turn === turn) this.endTurn(turn);
    }
  }

  /** @param {Turn} turn */
  endTurn(turn) {
    this.turn = null;
    this.view.setBusy(false);
    this.composer.set({ busy: false });
    this.drawNetwork();
    this.drawStart();
    this.emit("response.end");
    if (!turn.failure) this.live.textContent = this.view.lastAnswer();
    this.answerClientTool(turn);
  }

  /** @param {Record<string, any>} event @param {Turn} turn */
  receive(event, turn) {
    if (this.turn !== turn) return;
    if (this.view.apply(event)) {
      if (event.item?.type === "client_tool_call" && event.item.status === "pending") turn.clientTool = event.item;
      return;
    }
    switch (event.type) {
      case "thread.created":
      case "thread.updated": this.setThread({ ...this.thread, ...event.thread, items: undefined }); break;
      case "stream_options": this.composer.set({ canStop: event.stream_options.allow_cancel }); break;
      case "client_effect": this.effect(event, turn); break;
      case "error": turn.failure = event; break;
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
  async answerClientTool(turn) {
    const call = turn.clientTool;
    if (!call || !this.options?.onClientTool || !this.thread) return;
    const result = await this.options.onClientTool({ name: call.name, params: call.arguments });
    await this.run({ type: "threads.add_client_tool_output", params: { thread_id: this.thread.id, result } });
  }

  /** What was shown stays. Without a turn id there is nothing to name to the server yet: it is stopped once it has one. */
  stop() {
    const { turn } = this;
    if (!turn) return;
    turn.stopRequested = true;
    this.composer.set({ canStop: false });
    if (!turn.turnId && this.options?.api.stop) return;
    turn.abort();
    this.view.stop();
    if (turn.turnId && this.options?.api.stop) {
      this.stopping = this.options.api.stop(turn.turnId).catch((error) => this.emit("error", { error }));
    }
  }

  /** @param {Turn} turn @param {any} error */
  requestFailed(turn, error) {
    this.emit("error", { error });
    turn.failure = { type: "error" };
    // Signed out: give the words back, the page says what to do.
    if (error.status === 401 && this.view.pending) {
      if (!this.composer.value) this.composer.value = this.view.lastUserText;
      this.view.removePending();
      return;
    }
    this.turnFailed(turn, error.message, true);
  }

  /** @param {Turn} turn @param {string | null} message @param {boolean} canRetry under the same key: nothing happens twice */
  turnFailed(turn, message, canRetry) {
    const strings = /** @type {import("./strings.js").Strings} */ (this.strings);
    for (const view of this.view.views.values()) view.stop?.();
    this.view.setError(message || strings.failed, canRetry ? () => this.run(turn.request) : null);
  }

  /** @param {string} name @param {any} [detail] */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(`chatkit.${name}`, { detail, bubbles: true, composed: true }));
  }
}

customElements.define("errand-chat", ErrandChat);
