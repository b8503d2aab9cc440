// @ts-check
// The messages on screen: takes protocol events, keeps one view per item, and gives the views what they may ask for.
import { h, icon } from "../dom.js";
import { createView, prepare } from "../items/items.js";
import { adopt } from "../look/styles.js";

const QUIET_MS = 300;

export class ThreadView {
  /** @param {import("../items/items.js").Context} context */
  constructor(context) {
    this.context = context;
    this.list = h("div", { class: "items" });
    this.progress = h("div", { class: "row progress", hidden: true, "data-testid": "progress" });
    this.error = h("div", { class: "row", "data-testid": "error-slot" });
    this.node = h("div", { class: "thread" }, this.list, this.progress, this.error);
    /** @type {Map<string, import("../items/items.js").View>} */
    this.views = new Map();
    /** What the settled ones show, as JSON. @type {Map<string, string>} */
    this.seen = new Map();
    /**
     * Items in whose place a question waits that the server does not keep, and what it keeps, as JSON.
     * @type {Map<string, string>}
     */
    this.asking = new Map();
    /** The sent message that the server has not named yet. @type {import("../items/items.js").View | null} */
    this.pending = null;
    /** The newest of the person. @type {import("../composer/composer.js").Message} */
    this.lastMessage = { content: [] };
    this.timer = 0;
    this.progressText = "";
    this.busy = false;
  }

  clear() {
    this.views.clear();
    this.seen.clear();
    this.asking.clear();
    this.list.replaceChildren();
    this.pending = null;
    this.lastMessage = { content: [] };
    this.setBusy(false);
    this.clearError();
  }

  /** @param {import("../items/items.js").Item[]} items oldest first */
  prepend(items) {
    const nodes = [];
    for (const item of items) {
      if (this.views.has(item.id)) continue;
      const view = this.create(item, false);
      if (view) nodes.push(view.node);
    }
    this.list.prepend(...nodes);
  }

  /** @param {import("../items/items.js").Item} item @param {boolean} streaming */
  create(item, streaming) {
    const view = createView(item, this.context);
    if (!view) return null;
    view.set(item, streaming);
    this.seen.set(item.id, streaming ? "" : JSON.stringify(item));
    view.node.dataset.itemId = item.id;
    this.views.set(item.id, view);
    return view;
  }

  /** Show the person's message before the server has answered. @param {import("../items/items.js").Item} item */
  addPending(item) {
    this.pending = createView(item, this.context);
    if (!this.pending) return;
    this.pending.set(item, false);
    this.lastMessage = /** @type {import("../composer/composer.js").Message} */ (item);
    this.list.append(this.pending.node);
  }

  removePending() {
    this.pending?.node.remove();
    this.pending = null;
  }

  /**
   * Show what the server keeps of an item, unless a question waits in its place.
   * @param {import("../items/items.js").Item} item
   */
  refresh(item) {
    const state = JSON.stringify(item);
    if (this.asking.has(item.id) && this.seen.get(item.id) !== state) this.asking.set(item.id, state);
    else this.upsert(item, false);
  }

  /**
   * Show what a click was answered with; a card that asks back, and is not what the server keeps, is a question.
   * @param {import("../items/items.js").Item} item
   */
  showReply(item) {
    const kept = this.asking.get(item.id) ?? this.seen.get(item.id) ?? "";
    const asks = item.widget?.confirm || item.widget?.cancel;
    this.upsert(item, false);
    if (asks && kept !== JSON.stringify(item)) this.asking.set(item.id, kept);
  }

  /** @param {import("../items/items.js").Item} item @param {boolean} streaming */
  upsert(item, streaming) {
    this.asking.delete(item.id);
    const known = this.views.get(item.id);
    // What did not change is not touched: an open detail stays open, a selection stays.
    const state = streaming ? "" : JSON.stringify(item);
    if (known && state && this.seen.get(item.id) === state) return;
    this.seen.set(item.id, state);
    if (known) known.set(item, streaming);
    else if (item.type === "user_message" && this.pending) this.adopt(item);
    else {
      const view = this.create(item, streaming);
      if (view) this.list.append(view.node);
    }
    if (item.type === "user_message")
      this.lastMessage = /** @type {import("../composer/composer.js").Message} */ (item);
  }

  /** The server named the message that is already on screen. @param {import("../items/items.js").Item} item */
  adopt(item) {
    const view = /** @type {import("../items/items.js").View} */ (this.pending);
    this.pending = null;
    view.set(item, false);
    view.node.dataset.itemId = item.id;
    this.views.set(item.id, view);
  }

  /** @param {string} id */
  remove(id) {
    this.views.get(id)?.node.remove();
    this.views.delete(id);
    this.seen.delete(id);
    this.asking.delete(id);
  }

  /** Whether something on screen above an item may have changed since: widgets show the present. @param {string} id */
  hasChangingBefore(id) {
    const node = this.views.get(id)?.node;
    return [...this.list.querySelectorAll(".widget")].some(
      (widget) => node && widget.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_FOLLOWING,
    );
  }

  /** The id of the person's last message, if the server has named it. @returns {string | null} */
  lastQuestion() {
    const rows = /** @type {NodeListOf<HTMLElement>} */ (this.list.querySelectorAll(".row.user[data-item-id]"));
    return rows.length ? (rows[rows.length - 1].dataset.itemId ?? null) : null;
  }

  /** What the conversation itself says about the end of the last answer, if it does. */
  lastNotice() {
    const last = this.list.lastElementChild;
    return last?.classList.contains("task-line") ? (last.textContent ?? "") : "";
  }

  /** Take what came after an item off the screen. @param {string} id */
  removeAfter(id) {
    const node = this.views.get(id)?.node;
    while (node?.nextElementSibling) {
      const next = /** @type {HTMLElement} */ (node.nextElementSibling);
      this.remove(next.dataset.itemId ?? "");
      next.remove();
    }
  }

  /** The id of the message that an answer on screen answers. @param {HTMLElement} answer @returns {string | null} */
  questionOf(answer) {
    /** @type {Element | null} */
    let node = answer;
    while (node && !node.matches(".row.user")) node = node.previousElementSibling;
    return /** @type {HTMLElement | null} */ (node)?.dataset.itemId ?? null;
  }

  /** @param {Record<string, any>} event an item event or a notice @returns {Promise<boolean>} whether it was one */
  async apply(event) {
    if (event.item ?? event.update) await prepare([event.item ?? event.update]);
    switch (event.type) {
      case "thread.item.added":
        this.upsert(event.item, true);
        break;
      case "thread.item.done":
      case "thread.item.replaced":
        this.upsert(event.item, false);
        break;
      case "thread.item.removed":
        this.remove(event.item_id);
        break;
      case "thread.item.updated":
        this.seen.delete(event.item_id);
        this.views.get(event.item_id)?.update?.(event.update);
        break;
      case "progress_update":
        this.progressText = event.text;
        break;
      case "notice":
        await this.addNotice(/** @type {any} */ (event));
        break;
      default:
        return false;
    }
    if (event.type.startsWith("thread.item.")) this.progressText = "";
    this.drawProgress();
    return true;
  }

  stop() {
    const live = [...this.views.values()].filter((view) => view.isLive?.());
    for (const view of live) view.stop?.();
    if (!live.length)
      this.list.append(h("div", { class: "row stopped", "data-testid": "stopped" }, this.context.strings.stopped));
  }

  /** The words of the last answer, for the live region. */
  lastAnswer() {
    const answers = this.list.querySelectorAll(".row.assistant .body");
    return answers.item(answers.length - 1)?.textContent ?? "";
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.busy = busy;
    this.progressText = "";
    this.drawProgress();
  }

  /** "Working…" appears only when nothing else moves, and not for a moment too short to notice. */
  drawProgress() {
    const quiet = this.busy && ![...this.views.values()].some((view) => view.isLive?.());
    clearTimeout(this.timer);
    if (!quiet) {
      this.progress.hidden = true;
      return;
    }
    const show = () => {
      this.progress.hidden = false;
      this.progress.replaceChildren(h("span", { class: "spinner" }), this.progressText || this.context.strings.working);
    };
    if (this.progressText) show();
    else this.timer = setTimeout(show, QUIET_MS);
  }

  /** @param {{level: string, message: string, title?: string | null}} notice */
  async addNotice({ level, message, title }) {
    const { markdown } = await import("../markdown/markdown.js");
    const node = h(
      "div",
      { class: `row notice ${level}`, role: "status", "data-testid": "notice" },
      icon(level === "info" ? "info" : "warn"),
      h("div", {}, title ? h("strong", {}, title) : null, markdown(message)),
    );
    this.list.append(node);
  }

  /**
   * Where the conversation says what happened, only the way on is offered.
   * @param {string} message
   * @param {(() => void) | null} onRetry
   */
  setError(message, onRetry) {
    const retry =
      onRetry &&
      h(
        "button",
        { type: "button", class: "button", "data-testid": "retry", onclick: onRetry },
        this.context.strings.retry,
      );
    if (this.lastNotice() && retry) this.error.replaceChildren(retry);
    else
      this.error.replaceChildren(
        h(
          "div",
          { class: "error", role: "alert", "data-testid": "error" },
          icon("warn"),
          h("span", {}, message),
          retry,
        ),
      );
  }

  clearError() {
    this.error.replaceChildren();
  }
}

/** @typedef {import("./conversation.js").Conversation} Conversation @typedef {import("../items/items.js").Item} Item */

const requests = () => import("./item-requests.js");

/**
 * What items on screen can ask of the conversation around them.
 * @param {Conversation} chat
 * @returns {import("../items/items.js").Context}
 */
export function viewContext(chat) {
  const offers = () => chat.options.threadItemActions ?? {};
  return {
    strings: chat.strings,
    adopt: (sheet) => adopt(chat.root, sheet),
    onAction: async (action, values, item) => (await requests()).act(chat, action, values, item),
    onEdit: (item) => chat.turn || chat.composer.edit(item.id, /** @type {any} */ (item)),
    get onRetry() {
      return offers().retry
        ? (/** @type {HTMLElement} */ node) => chat.answerAgain(chat.view.questionOf(node))
        : undefined;
    },
    get onFeedback() {
      return offers().feedback
        ? async (/** @type {HTMLElement} */ node, /** @type {string} */ kind, /** @type {string} */ reason) =>
            (await requests()).giveFeedback(chat, node, kind, reason)
        : undefined;
    },
    onVersion: async (turnId) => (await requests()).chooseVersion(chat, turnId),
    onSource: (source) => {
      if (source.type === "entity") chat.options.entities?.onClick?.(/** @type {any} */ (source));
      return source.type === "entity" || (chat.options.errand?.onSource?.(source) ?? false);
    },
    onEntity: (entity) => chat.options.entities?.onClick?.(entity),
    preview: async (entity) => (await requests()).preview(chat, entity),
    onAnswer: (item, input) => answer(chat, item, input),
    picture: async (url) => (await import("../files.js")).picture(chat.client, url),
  };
}

/**
 * Send the answers to questions.
 * @param {Conversation} chat
 * @param {Item} item
 * @param {import("../items/questions.js").Submission} input
 */
async function answer(chat, item, input) {
  if (!chat.thread || chat.turn) return;
  await chat.run({
    type: "threads.add_structured_input",
    params: { thread_id: chat.thread.id, item_id: item.id, input },
  });
  await chat.refresh();
}
