// @ts-check
// The open conversation's items, a page at a time: the newest first, older ones as somebody scrolls up.
import { delay } from "../dom.js";
import { prepare } from "../items/items.js";
import { unanswered } from "../protocol.js";

const PAGE = 30;
const QUIET_MS = 300;
/** Changes that come together are fetched together. */
const UPDATES_MS = 150;
/** So many pages back widgets are kept up to date. */
const PAGES_UPDATED = 4;

export class Pages {
  /** @param {import("./conversation.js").Conversation} chat */
  constructor(chat) {
    this.chat = chat;
    /** Where older items begin, if there are any. @type {string | null} */
    this.older = null;
    this.isLoading = false;
    /** Aborted when another conversation is opened. */
    this.controller = new AbortController();
    /** An update that has been asked for and not begun. @type {Promise<void> | null} */
    this.waiting = null;
    /** An update was asked for while an answer was under way. */
    this.isOutdated = false;
  }

  get signal() {
    return this.controller.signal;
  }

  /** Forget the conversation of before, and what is still being loaded of it. */
  reset() {
    this.controller.abort();
    this.controller = new AbortController();
    this.older = null;
  }

  /** @returns {Promise<Record<string, any>>} */
  thread(id = this.chat.thread?.id) {
    return this.chat.client.request("threads.get_by_id", { thread_id: id }, this.signal);
  }

  /** @param {string} [after] the newest page without it */
  request(after) {
    const { thread, client } = this.chat;
    return client.request("items.list", { thread_id: thread?.id, limit: PAGE, order: "desc", after }, this.signal);
  }

  /** Show a conversation's newest items. @param {string} id */
  async load(id) {
    const { chat, signal } = this;
    const { skeleton } = chat.frame;
    const timer = setTimeout(() => {
      skeleton.hidden = false;
    }, QUIET_MS);
    const loaded = () => {
      clearTimeout(timer);
      skeleton.hidden = true;
      this.isLoading = false;
    };
    signal.addEventListener("abort", loaded, { once: true });
    this.isLoading = true;
    chat.emit("thread.load.start", { threadId: id });
    try {
      // `threads.get_by_id` brings the oldest items, the screen needs the newest: ask for both at once.
      const [thread, page] = await Promise.all([this.thread(id), this.request()]);
      await this.prepare(page);
      signal.throwIfAborted();
      loaded();
      chat.setThread({ ...thread, items: undefined });
      this.add(page);
      this.resume(thread, page.data[0]);
      chat.scroller.toEnd();
      this.showVersions().catch((error) => chat.report(error));
      chat.emit("thread.load.end", { threadId: id });
    } catch (error) {
      if (signal.aborted) return;
      loaded();
      this.failed(id, error);
    }
  }

  /** @param {{data: Record<string, any>[]}} page */
  prepare({ data }) {
    return prepare(data);
  }

  /** Show beside each message how many versions of it there are, if the page can tell. */
  async showVersions() {
    const {
      chat: { thread, options, view },
      signal,
    } = this;
    const found = thread && (await options.errand?.versions?.(thread.id));
    if (signal.aborted) return;
    for (const { message_id, turns } of found ?? []) view.views.get(message_id)?.setVersions?.(turns);
  }

  /**
   * Go on with a turn that this browser, or another one, began.
   * @param {Record<string, any>} thread
   * @param {Record<string, any> | undefined} newest
   */
  resume({ id, metadata }, newest) {
    const request = unanswered(id);
    if (request) this.chat.run(request);
    else if (metadata?.turn_id) this.chat.watch(metadata.turn_id);
    else this.offerRetry(newest);
  }

  /** A task that stands alone says why an answer is missing. @param {Record<string, any> | undefined} newest */
  offerRetry(newest) {
    const { view, strings } = this.chat;
    const question = view.lastQuestion();
    if (newest?.type === "task" && question) view.setError(strings.failed, () => this.chat.answerAgain(question));
  }

  /** @param {string} id @param {any} error */
  failed(id, error) {
    const { chat } = this;
    chat.report(error);
    if (error.status === 404) {
      chat.setThread(null);
      chat.view.addNotice({ level: "info", message: chat.strings.threadGone });
    } else {
      chat.view.setError(chat.strings.loadFailed, () => chat.open(id));
    }
  }

  /** @param {{data: Record<string, any>[], has_more: boolean, after?: string | null}} page newest first */
  add(page) {
    const { chat } = this;
    chat.scroller.keep(() => chat.view.prepend(page.data.toReversed()));
    this.older = page.has_more ? (page.after ?? page.data.at(-1)?.id) : null;
    chat.drawStart();
  }

  async loadOlder() {
    const after = this.older;
    if (!after || !this.chat.thread) return;
    const { signal } = this;
    this.older = null;
    try {
      const page = await this.request(after);
      await this.prepare(page);
      if (!signal.aborted) this.add(page);
    } catch (error) {
      // The next scroll asks again.
      if (!signal.aborted) this.older = after;
      this.chat.report(error);
    }
  }

  /**
   * Bring an item into view, loading older ones until it is there.
   * @param {string} id
   * @returns {Promise<boolean>} whether it was found
   */
  async showItem(id) {
    const { view, scroller } = this.chat;
    while (!view.views.has(id) && this.older) {
      const before = this.older;
      await this.loadOlder();
      if (this.older === before) break;
    }
    const node = view.views.get(id)?.node;
    if (!node) return false;
    scroller.stuck = false;
    node.scrollIntoView({ block: "start" });
    node.classList.add("pointed");
    node.addEventListener("animationend", () => node.classList.remove("pointed"), { once: true });
    return true;
  }

  /** Show what has come, or become of what is there, since. Asked often, it fetches once. */
  fetchUpdates() {
    this.waiting ??= delay(UPDATES_MS).then(() => {
      this.waiting = null;
      return this.update();
    });
    return this.waiting;
  }

  async update() {
    const { chat, signal } = this;
    this.isOutdated = Boolean(chat.thread && chat.turn);
    if (!chat.thread || chat.turn) return;
    const thread = await this.thread();
    await this.updateItems();
    if (signal.aborted || chat.turn) return;
    chat.setThread({ ...thread, items: undefined });
    if (thread.metadata?.turn_id) chat.watch(thread.metadata.turn_id);
  }

  async updateItems() {
    const { chat, signal } = this;
    /** @type {string | undefined} */
    let after;
    for (let count = 0; count < PAGES_UPDATED; count += 1) {
      const page = await this.request(after);
      await this.prepare(page);
      if (signal.aborted || chat.turn) return;
      for (const item of page.data.toReversed()) if (!after || chat.view.views.has(item.id)) chat.view.refresh(item);
      after = page.has_more ? (page.after ?? page.data.at(-1)?.id) : undefined;
      if (!after || !chat.view.hasChangingBefore(page.data.at(-1)?.id)) return;
    }
  }
}
