// @ts-check
// The conversations, on a sheet over the left edge.
import { h, icon, iconButton } from "../dom.js";
import { adopt, sheet } from "../look/styles.js";

const historySheet = sheet(/* css */ `
.history { position: absolute; inset: 0; z-index: 2; }
.scrim { position: absolute; inset: 0; background: var(--scrim); animation: fade var(--motion); }
.sheet { position: absolute; inset-block: 0; inset-inline: 0 auto; width: min(20rem, 100% - 3rem); display: flex;
  flex-direction: column;
  background: var(--bg-panel); box-shadow: var(--shadow); animation: slide 170ms cubic-bezier(0.2, 0, 0, 1); }
.sheet header { display: flex; align-items: center; justify-content: space-between; flex: none; height: var(--header);
  padding-inline: var(--space-6) var(--space-3); }
.sheet h2 { font-weight: var(--weight-strong); }
.sheet .search { margin: var(--space-2) var(--space-4) 0; padding: 0.375rem var(--space-2);
  border: 1px solid var(--line-strong); border-radius: var(--radius-small); background: var(--bg-raised); }
.sheet .new { margin-inline: var(--space-4); padding-block: 0.4375rem; padding-inline: var(--space-2); }
.threads-scroll { flex: 1; overflow: hidden auto; padding: var(--space-2) var(--space-4) var(--space-6);
  overscroll-behavior: contain; }
.threads h3 { padding: var(--space-4) var(--space-2) var(--space-1); font-size: var(--size-small);
  line-height: var(--line-small); color: var(--text-2); }
.thread-row { position: relative; display: flex; align-items: center; gap: var(--space-1); min-height: 2.25rem;
  border-radius: var(--radius-small); }
.thread-row:hover, .thread-row:focus-within { background: var(--bg-hover); }
.thread-open { flex: 1; min-width: 0; padding: 0.4375rem var(--space-2); border: 0; border-radius: inherit;
  background: none; text-align: start;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.thread-open[aria-current] { font-weight: var(--weight-strong); color: var(--accent); }
.thread-actions { position: absolute; inset-inline-end: 0; display: flex; opacity: 0; }
.thread-actions .icon-button { width: 2.25rem; }
.thread-actions .icon { width: 18px; height: 18px; }
.thread-row:hover .thread-actions, .thread-row:focus-within .thread-actions { opacity: 1; }
.thread-row:hover .thread-open, .thread-row:focus-within .thread-open { padding-inline-end: 4.75rem; }
@media (hover: none) {
  .thread-actions { opacity: 1; }
  .thread-row .thread-open { padding-inline-end: 4.75rem; }
}
.thread-row .question { flex: 1; min-width: 0; padding-inline-start: var(--space-2); font-size: var(--size-small);
  line-height: var(--line-small); }
.thread-row .field { flex: 1; min-width: 0; padding: 0.375rem calc(var(--space-2) - 1px);
  border: 1px solid var(--line-strong);
  border-radius: var(--radius-small); background: var(--bg-raised); }
.threads-status { padding: var(--space-3) var(--space-2); font-size: var(--size-small); line-height: var(--line-small);
  color: var(--text-2); }
.threads-status:empty { display: none; }
@keyframes slide { from { opacity: 0; transform: translateX(var(--slide)); } }
:host { --slide: -24px; }
:host([dir="rtl"]) { --slide: 24px; }
`);

const PAGE = 30;
const DAY_MS = 86_400_000;
const SEARCH_MS = 200;

/** The history of a chat. @param {import("./conversation.js").Conversation} chat */
export function historyOf(chat) {
  adopt(chat.root, historySheet);
  return new History({
    strings: chat.strings,
    options: () => chat.options.history ?? {},
    client: () => chat.client,
    currentId: () => chat.thread?.id ?? null,
    search: () => chat.options.errand?.search,
    onOpen: (id) => {
      chat.hideHistory();
      if (id) chat.open(id);
      else chat.startNew();
    },
    onRenamed: (id, title) => {
      if (chat.thread?.id === id) chat.setThread({ ...chat.thread, title });
    },
    onDeleted: (id) => {
      if (chat.thread?.id === id) chat.open(null);
    },
    onClose: () => chat.hideHistory(),
  });
}

export class History {
  /**
   * @param {{strings: import("../words/words.js").Strings, options: () => {showDelete?: boolean, showRename?: boolean},
   *   client: () => import("../protocol.js").Client, currentId: () => string | null, search: () => ((query: string) =>
   *   Promise<Record<string, any>[]>) | undefined, onOpen: (id: string | null) => void, onRenamed: (id: string, title:
   *   string) => void, onDeleted: (id: string) => void, onClose: () => void}} context
   */
  constructor(context) {
    this.context = context;
    const { strings } = context;
    /** @type {string | undefined} */
    this.after = undefined;
    this.loading = false;
    /** The next page is the first one. */
    this.fresh = true;
    this.field = /** @type {HTMLInputElement} */ (
      h("input", {
        type: "search",
        class: "field search",
        "aria-label": strings.search,
        placeholder: strings.search,
        "data-testid": "history-search",
        oninput: () => this.searchSoon(),
      })
    );
    this.timer = 0;
    this.list = h("div", { class: "threads" });
    this.status = h("div", { class: "threads-status", role: "status" });
    this.more = h(
      "button",
      { type: "button", class: "button", hidden: true, onclick: () => this.load() },
      strings.showMore,
    );
    const create = h(
      "button",
      { type: "button", class: "button new", "data-testid": "history-new", onclick: () => context.onOpen(null) },
      icon("compose"),
      strings.newConversation,
    );
    this.sheet = h(
      "section",
      { class: "sheet", role: "dialog", "aria-modal": "true", "aria-label": strings.history, "data-testid": "history" },
      h(
        "header",
        {},
        h("h2", {}, strings.history),
        iconButton("close", strings.closeHistory, { onclick: () => context.onClose() }),
      ),
      create,
      this.field,
      h("div", { class: "threads-scroll", tabindex: "-1" }, this.list, this.status, this.more),
    );
    this.node = h(
      "div",
      { class: "history", hidden: true },
      h("div", { class: "scrim", onclick: () => context.onClose() }),
      this.sheet,
    );
    this.sheet.addEventListener("keydown", (event) => this.keydown(event));
    new IntersectionObserver(([entry]) => entry.isIntersecting && this.load()).observe(this.more);
  }

  get isOpen() {
    return !this.node.hidden;
  }

  open() {
    this.node.hidden = false;
    this.field.hidden = !this.context.search();
    this.field.value = "";
    this.fresh = true;
    this.load();
    /** @type {HTMLElement} */ (this.sheet.querySelector(".new")).focus();
  }

  close() {
    this.node.hidden = true;
  }

  /** Tab stays inside while the sheet is open. @param {KeyboardEvent} event */
  keydown(event) {
    if (event.key !== "Tab") return;
    const stops = [...this.sheet.querySelectorAll("button:not([hidden]), input:not([hidden])")];
    const active = /** @type {ShadowRoot} */ (this.sheet.getRootNode()).activeElement;
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (active !== edge) return;
    event.preventDefault();
    /** @type {HTMLElement} */ (event.shiftKey ? stops.at(-1) : stops[0]).focus();
  }

  searchSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), SEARCH_MS);
  }

  /** Show only conversations that say something; all of them again where nothing is asked. */
  async search() {
    const { strings, search } = this.context;
    const query = this.field.value.trim();
    if (!query) {
      this.fresh = true;
      return this.load();
    }
    try {
      const found = (await search()?.(query)) ?? [];
      if (this.field.value.trim() !== query) return;
      this.list.replaceChildren();
      this.more.hidden = true;
      for (const thread of found) this.add(thread);
      this.status.textContent = found.length ? "" : strings.nothingSaysThat;
    } catch {
      this.status.textContent = strings.historyFailed;
    }
  }

  async load() {
    if (this.loading) return;
    this.loading = true;
    const { strings } = this.context;
    const waiting = setTimeout(() => (this.status.textContent = strings.loading), 300);
    try {
      const params = { limit: PAGE, order: "desc", ...(this.after && !this.fresh ? { after: this.after } : {}) };
      const page = await this.context.client().request("threads.list", params);
      if (this.fresh) this.list.replaceChildren();
      this.fresh = false;
      this.after = page.after;
      this.more.hidden = !page.has_more;
      for (const thread of page.data) this.add(thread);
      clearTimeout(waiting);
      this.status.textContent = this.list.childElementCount ? "" : strings.noHistory;
    } catch {
      clearTimeout(waiting);
      this.status.replaceChildren(
        strings.historyFailed,
        " ",
        h("button", { type: "button", class: "button", onclick: () => this.load() }, strings.retry),
      );
    } finally {
      this.loading = false;
    }
  }

  /** @param {string} createdAt */
  groupOf(createdAt) {
    const { strings } = this.context;
    // Naive timestamps are UTC on this protocol.
    const at = new Date(/Z|[+-]\d\d:?\d\d$/.test(createdAt) ? createdAt : `${createdAt}Z`);
    const days = Math.round((new Date().setHours(0, 0, 0, 0) - new Date(at).setHours(0, 0, 0, 0)) / DAY_MS);
    return days <= 0 ? strings.today : days === 1 ? strings.yesterday : days < 7 ? strings.lastWeek : strings.earlier;
  }

  /** @param {Record<string, any>} thread */
  add(thread) {
    const group = this.groupOf(thread.created_at);
    const headings = this.list.querySelectorAll("h3");
    if (headings.item(headings.length - 1)?.textContent !== group) this.list.append(h("h3", {}, group));
    const row = h("div", { class: "thread-row", "data-testid": "history-item", "data-thread-id": thread.id });
    this.list.append(row);
    this.draw(row, thread);
  }

  /** @param {HTMLElement} row @param {Record<string, any>} thread */
  draw(row, thread) {
    const { strings, currentId, onOpen } = this.context;
    const options = this.context.options();
    row.replaceChildren(
      h(
        "button",
        {
          type: "button",
          class: "thread-open",
          onclick: () => onOpen(thread.id),
          "aria-current": thread.id === currentId() ? "true" : null,
        },
        thread.title || strings.untitled,
      ),
    );
    const actions = h("div", { class: "thread-actions" });
    if (options.showRename !== false) {
      actions.append(
        iconButton("rename", strings.rename, {
          "data-testid": "history-rename",
          onclick: () => this.rename(row, thread),
        }),
      );
    }
    if (options.showDelete !== false) {
      actions.append(
        iconButton("trash", strings.remove, {
          "data-testid": "history-delete",
          onclick: () => this.askDelete(row, thread),
        }),
      );
    }
    row.append(actions);
  }

  /** @param {HTMLElement} row @param {Record<string, any>} thread */
  rename(row, thread) {
    const { strings, client, onRenamed } = this.context;
    const field = /** @type {HTMLInputElement} */ (
      h("input", { class: "field", maxlength: 200, "aria-label": strings.renameField, "data-testid": "history-title" })
    );
    field.value = thread.title ?? "";
    let settled = false;
    const settle = async (/** @type {boolean} */ save) => {
      if (settled) return;
      settled = true;
      const before = thread.title;
      const title = field.value.trim();
      const hadFocus = field.matches(":focus");
      if (save && title && title !== before) thread.title = title;
      this.draw(row, thread);
      if (hadFocus) /** @type {HTMLElement} */ (row.firstElementChild).focus();
      if (thread.title === before) return;
      try {
        await client().request("threads.update", { thread_id: thread.id, title });
        onRenamed(thread.id, title);
      } catch (error) {
        thread.title = before;
        this.draw(row, thread);
        this.status.textContent = /** @type {Error} */ (error).message;
      }
    };
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      settle(event.key === "Enter");
    });
    field.addEventListener("blur", () => settle(true));
    row.replaceChildren(field);
    field.select();
  }

  /** @param {HTMLElement} row @param {Record<string, any>} thread */
  askDelete(row, thread) {
    const { strings } = this.context;
    const keep = () => {
      this.draw(row, thread);
      /** @type {HTMLElement} */
      (row.firstElementChild).focus();
    };
    const yes = h(
      "button",
      {
        type: "button",
        class: "button danger",
        "data-testid": "history-delete-confirm",
        onclick: () => this.remove(row, thread),
      },
      strings.remove,
    );
    row.replaceChildren(
      h("span", { class: "question" }, strings.removeQuestion),
      yes,
      h("button", { type: "button", class: "button", onclick: keep }, strings.keep),
    );
    yes.focus();
  }

  /** @param {HTMLElement} row @param {Record<string, any>} thread */
  async remove(row, thread) {
    try {
      await this.context.client().request("threads.delete", { thread_id: thread.id });
    } catch (error) {
      this.draw(row, thread);
      this.status.textContent = /** @type {Error} */ (error).message;
      return;
    }
    const next = /** @type {HTMLElement | null} */ (
      row.nextElementSibling?.querySelector("button") ?? this.sheet.querySelector(".new")
    );
    const heading = row.previousElementSibling;
    row.remove();
    if (heading?.tagName === "H3" && heading.nextElementSibling?.className !== "thread-row") heading.remove();
    next?.focus();
    this.context.onDeleted(thread.id);
  }
}
