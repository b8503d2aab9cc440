// @ts-check
// The inside of the element: which conversation is open, which turn runs, and what of it is on screen.
import { Composer } from "../composer/composer.js";
import { delay, uuid } from "../dom.js";
import { bindDrop, buildFrame, drawFrame, Scroller, startScreen } from "../frame.js";
import { Client, forget, keep, Turn } from "../protocol.js";
import { Pages } from "./pages.js";
import { ThreadView, viewContext } from "./thread.js";

const TITLE_MS = 3000;

/**
 * @typedef {import("../types.js").Options} Options
 * @typedef {Record<string, any>} Thread a `chatkit.types.ThreadMetadata`
 */

/** The protocol's endpoint; OpenAI's hosted agents belong to their own element. @param {Options} options */
function ownApi({ api }) {
  if (!("url" in api)) throw new Error("api.url is missing: this element talks to a server of its own.");
  return api;
}

export class Conversation {
  /**
   * @param {ShadowRoot} root @param {Options} options @param {import("../words/words.js").Strings} strings
   * @param {import("../types.js").Emit} emit sends a `chatkit.*` event
   */
  constructor(root, options, strings, emit) {
    this.root = root;
    this.host = /** @type {HTMLElement} */ (root.host);
    this.emit = emit;
    this.options = options;
    this.strings = strings;
    this.client = new Client(ownApi(options));
    /** @type {Thread | null} */
    this.thread = null;
    /** @type {Turn | null} */
    this.turn = null;
    /** Fetched when it is first opened. @type {import("./history.js").History | null} */
    this.history = null;
    this.pages = new Pages(this);
    /** @type {Promise<unknown>} */
    this.stopping = Promise.resolve();
    this.listeners = new AbortController();
    this.takesDrops = false;

    this.view = new ThreadView(viewContext(this));
    this.composer = new Composer({
      strings,
      emit,
      options: () => this.options,
      client: () => this.client,
      onStop: () => this.stop(),
      onSend: ({ replaces, ...draft }) => (replaces ? this.replace(replaces, draft) : this.send(draft)),
      fail: (message) => this.view.addNotice({ level: "danger", message }),
      recall: () => {
        const id = this.view.lastQuestion();
        return id && !this.turn ? { id, message: this.view.lastMessage } : null;
      },
    });
    this.frame = buildFrame(strings, {
      thread: this.view.node,
      composer: this.composer.node,
      onHistory: () => this.showHistory(),
      onNew: () => this.startNew(),
      onLatest: () => this.scroller.toEnd(),
    });
    this.scroller = new Scroller(this.frame.viewport, this.frame.column, (away) => {
      this.frame.latest.hidden = !away;
    });
    this.scroller.onNearTop = () => this.pages.loadOlder();
    root.replaceChildren(this.frame.main, this.frame.live);
    root.addEventListener("keydown", (event) => this.keydown(/** @type {KeyboardEvent} */ (event)), this.listeners);
  }

  start() {
    this.composer.fit();
    this.draw();
    this.emit("ready");
    this.open(this.options.initialThread ?? null);
  }

  /** Make room for another one in the same element. */
  leave() {
    this.turn?.abort();
    this.pages.reset();
    this.listeners.abort();
  }

  /** @param {Options} options */
  setOptions(options) {
    const moved = ownApi(this.options).url !== ownApi(options).url;
    this.options = options;
    this.client = new Client(ownApi(options));
    this.frame.start.hidden = true;
    this.draw();
    if (moved) this.open(options.initialThread ?? null);
  }

  /** @param {unknown} error */
  report(error) {
    this.emit("error", { error: /** @type {Error} */ (error) });
  }

  /** Show what the options and the thread say; safe to call at any time. */
  draw() {
    drawFrame(this);
    this.drawDisclaimer();
    this.host.toggleAttribute("data-thread", Boolean(this.thread));
    const status = this.thread?.status ?? { type: "active" };
    this.composer.set({
      busy: Boolean(this.turn),
      lock: status.type === "active" ? "" : status.reason || this.strings.locked,
    });
    this.drawStart();
    this.drawNetwork();
    if (this.composer.takesFiles && !this.takesDrops) {
      this.takesDrops = true;
      bindDrop(this);
    }
  }

  async drawDisclaimer() {
    const { disclaimer } = this.options;
    if (!disclaimer?.text) return;
    const { markdown } = await import("../markdown/markdown.js");
    this.frame.disclaimer.replaceChildren(markdown(disclaimer.text));
  }

  drawStart() {
    const { start } = this.frame;
    const show =
      !this.thread && !this.turn && !this.pages.isLoading && this.view.views.size === 0 && !this.view.pending;
    if (show && start.hidden) {
      start.replaceChildren(
        ...startScreen(this.options.startScreen, this.strings, (prompt) =>
          this.send(typeof prompt === "string" ? { text: prompt } : { content: prompt }),
        ),
      );
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
    if (this.history?.isOpen) this.hideHistory();
    else if (this.turn) this.stop();
    else return;
    event.preventDefault();
  }

  async showHistory() {
    if (this.options.history?.enabled === false || this.history?.isOpen) return;
    const { historyOf } = await import("./history.js");
    if (!this.history) {
      this.history = historyOf(this);
      this.root.append(this.history.node);
    }
    this.history.open();
    this.frame.main.inert = true;
    this.host.toggleAttribute("data-history", true);
    this.emit("history.open");
  }

  hideHistory() {
    if (!this.history?.isOpen) return;
    this.history.close();
    this.frame.main.inert = false;
    this.host.toggleAttribute("data-history", false);
    this.frame.historyButton.focus();
    this.emit("history.close");
  }

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
    this.pages.reset();
    this.view.clear();
    // A blank title until the real one is here: neither "untitled" nor the one of before.
    this.setThread(id ? { id, title: this.thread?.id === id ? this.thread.title : " " } : null);
    if (id) await this.pages.load(id);
  }

  /**
   * @param {import("../types.js").Message} message
   * @param {{replaces?: string}} [metadata] the message that it takes the place of
   */
  async send(message, metadata) {
    if (this.turn) throw new Error("An answer is still under way.");
    if (message.newThread) this.open(null);
    const attachments = message.attachments ?? [];
    const input = {
      content: message.content ?? [{ type: "input_text", text: message.text ?? "" }],
      attachments: attachments.map(({ id }) => id),
      quoted_text: message.reply || null,
      inference_options: { tool_choice: message.toolChoice ?? null, model: message.model ?? null },
    };
    this.hideHistory();
    this.view.addPending({ ...input, type: "user_message", id: "", attachments });
    this.scroller.toEnd();
    await this.run(
      this.thread
        ? { type: "threads.add_user_message", params: { thread_id: this.thread.id, input }, metadata }
        : { type: "threads.create", params: { input } },
    );
  }

  /** @param {{type: string, payload?: Record<string, any>}} action @param {string} [itemId] */
  async sendAction(action, itemId) {
    if (!this.thread || this.turn) return;
    await this.run({
      type: "threads.custom_action",
      params: { thread_id: this.thread.id, item_id: itemId ?? null, action },
    });
  }

  /** Say something in place of an earlier message. @param {string} id @param {import("../types.js").Message} message */
  async replace(id, message) {
    if (!this.thread || !this.view.views.has(id)) return this.send(message);
    this.view.removeAfter(id);
    this.view.remove(id);
    await this.send(message, { replaces: id });
    await this.pages.showVersions();
  }

  /** Go on with a turn that began in another tab or on another device. @param {string} turnId */
  async watch(turnId) {
    const { watch } = this.options.errand ?? {};
    if (watch)
      await this.run({
        type: "",
        params: {},
        turnId,
        watch: (signal) => this.client.read(watch(turnId, signal), signal),
      });
  }

  /**
   * @param {Omit<import("../protocol.js").Request, "key"> & {key?: string}} request with the key of before when it is a
   *   retry
   */
  async run(request) {
    if (this.turn) return;
    const turn = new Turn(this.client, { key: uuid(), ...request });
    this.turn = turn;
    if (this.thread) keep(this.thread.id, turn.request);
    this.view.clearError();
    this.view.setBusy(true);
    this.composer.set({ canStop: true });
    this.draw();
    this.emit("response.start");
    try {
      // A message right after Stop would find the old turn still holding the conversation.
      await this.stopping;
      await turn.run(
        (event) => this.receive(event, turn),
        (waiting) => this.drawNetwork(waiting),
      );
    } catch (error) {
      if (!turn.controller.signal.aborted) this.requestFailed(turn, error);
    } finally {
      if (this.turn === turn) this.endTurn(turn);
    }
  }

  /** @param {Record<string, any>} event @param {Turn} turn */
  async receive(event, turn) {
    if (this.turn !== turn) return;
    if (event.item?.type === "client_tool_call" && event.item.status === "pending") turn.clientTool = event.item;
    turn.hasNotice ||= event.type === "notice";
    if (await this.view.apply(event)) return;
    switch (event.type) {
      case "thread.created":
        keep(event.thread.id, turn.request);
        this.setThread({ ...event.thread, items: undefined });
        break;
      case "thread.updated":
        this.setThread({ ...event.thread, items: undefined });
        break;
      case "stream_options":
        this.composer.set({ canStop: event.stream_options.allow_cancel });
        break;
      case "client_effect":
        this.effect(event, turn);
        break;
      // The library may add a bare "stream.error" to one that says what happened.
      case "error":
        turn.failure ??= event;
        break;
      case "turn":
        break; // the end of one that is watched
      default:
        this.emit("log", { name: "unknown_event", data: { type: event.type } });
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
    if (this.thread && !turn.isUnanswered) forget(this.thread.id, turn.request);
    // A notice has said why it was not taken: another device, for one, is being answered.
    turn.isOutdated ||= turn.hasNotice && !turn.failure && Boolean(this.view.pending);
    if (turn.isOutdated) this.giveBack();
    if (turn.failure) this.showFailure(turn, turn.failure);
    else this.frame.live.textContent = this.view.lastAnswer();
    this.view.setBusy(false);
    this.draw();
    this.emit("response.end");
    this.refreshTitle().catch((error) => this.report(error));
    if (turn.isOutdated || this.pages.isOutdated) this.refresh();
    this.answerClientTool(turn).catch((error) => this.report(error));
  }

  /** A server may name a conversation after its first answer without saying so, and may take a moment to. */
  async refreshTitle() {
    const { signal } = this.pages;
    if (this.view.list.querySelectorAll(".row.user").length > 1) return;
    await delay(TITLE_MS);
    if (!this.thread || signal.aborted) return;
    const thread = await this.client.request("threads.get_by_id", { thread_id: this.thread.id }, signal);
    if (!signal.aborted && thread.title && thread.title !== this.thread?.title)
      this.setThread({ ...thread, items: undefined });
  }

  /** @param {Turn} turn */
  async answerClientTool(turn) {
    const call = turn.clientTool;
    if (!call || !this.options.onClientTool || !this.thread) return;
    const result = await this.options.onClientTool({ name: call.name, params: call.arguments });
    await this.run({ type: "threads.add_client_tool_output", params: { thread_id: this.thread.id, result } });
  }

  /**
   * What was shown stays. Without a turn id there is nothing to name to the server yet: it is stopped once it has one.
   */
  stop() {
    const { turn } = this;
    if (!turn) return;
    turn.stopRequested = true;
    this.composer.set({ canStop: false });
    const stop = this.options.errand?.stop;
    if (stop && !turn.turnId) return;
    turn.abort();
    this.view.stop();
    if (stop && turn.turnId) this.stopping = stop(turn.turnId).catch((error) => this.report(error));
    if (this.thread) forget(this.thread.id, turn.request);
  }

  /** Bring what is on screen up to date with the server. */
  async refresh() {
    await this.pages.fetchUpdates().catch((error) => this.report(error));
  }

  /** A message that the server did not take is not lost: its words and files are in the composer again. */
  giveBack() {
    if (!this.view.pending) return;
    if (!this.composer.value) this.composer.fill(this.view.lastMessage);
    this.view.removePending();
  }

  /** @param {Turn} turn @param {any} error */
  requestFailed(turn, error) {
    this.report(error);
    if (error.status === 401 || error.status === 409) this.giveBack();
    // Signed out: the page says what to do.
    if (error.status !== 401) {
      // Another tab, or another process, was first: what it did is shown.
      turn.isOutdated = error.status === 409;
      turn.isUnanswered = Boolean(error.repeatable);
      turn.failure = { message: error.message, allow_retry: !turn.isOutdated };
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

  /** The earlier answer is kept as another version. @param {string | null} id of the person's message */
  async answerAgain(id) {
    if (this.turn || !this.thread || !id) return;
    this.view.removeAfter(id);
    await this.run({ type: "threads.retry_after_item", params: { thread_id: this.thread.id, item_id: id } });
    await this.pages.showVersions();
  }
}
