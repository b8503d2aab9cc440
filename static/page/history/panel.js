// @ts-check
// What was done lately, by whom and by which way, with a button that takes it back. Stands in place of the list.
import { h, icon } from "../../chat/dom.js";
import { agoText, dayLabel, isoDay, whoDid } from "../task-words.js";
import { differences } from "./differences.js";
import { differenceLine, messageLink } from "./of-task.js";

/**
 * @typedef {{id: number, title: string, before: Record<string, any> | null, after: Record<string, any> | null}} Changed
 * @typedef {{id: string, at: string, source: string, tool: string, summary: string, turn_id: string | null, is_undone:
 *   boolean, changes: Changed[]}} Operation
 */

const PAGE = 40;
const AFTER_MS = 200;
const DETAILS = 20;

export class HistoryView {
  /**
   * @param {HTMLElement} root the panel @param {import("../api.js").Api} api @param {import("../undo.js").Undo} undo
   * @param {(turn: string) => void} showTurn
   */
  constructor(root, api, undo, showTurn) {
    this.root = root;
    this.api = api;
    this.undo = undo;
    this.showTurn = showTurn;
    this.find = (/** @type {string} */ name) =>
      /** @type {HTMLElement} */ (root.querySelector(`[data-part="${name}"]`));
    this.list = this.find("history");
    /** The day under whose heading the list ends. */
    this.day = "";
    this.timer = 0;
    this.find("history-close").addEventListener("click", () => this.show(false));
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented || !this.isOpen) return;
      event.preventDefault();
      this.show(false);
    });
  }

  get isOpen() {
    return this.root.hasAttribute("data-history");
  }

  /** @param {boolean} open */
  show(open) {
    if (open === this.isOpen) return;
    this.root.toggleAttribute("data-history", open);
    for (const name of ["add", "groups", "history-open"]) this.find(name).hidden = open;
    for (const name of ["history", "history-close"]) this.find(name).hidden = !open;
    this.find("title").textContent = open ? "History" : "Tasks";
    this.find(open ? "history-close" : "history-open").focus();
    if (open) this.load();
  }

  /** Something was changed: what is shown is old. */
  refresh() {
    clearTimeout(this.timer);
    if (this.isOpen) this.timer = setTimeout(() => this.load(), AFTER_MS);
  }

  async load() {
    try {
      const page = await this.api.request("GET", `operations?limit=${PAGE}`);
      const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.closest("li")?.dataset.operationId;
      this.day = "";
      this.list.replaceChildren();
      this.append(page);
      if (!page.items.length)
        this.list.append(h("p", { class: "secondary history-empty" }, "Nothing was changed yet."));
      // The button that was pressed may be gone: the keyboard goes on at the newest entry.
      const button =
        focused &&
        (this.list.querySelector(`[data-operation-id="${focused}"] .take-back`) ??
          this.list.querySelector(".take-back"));
      if (button) /** @type {HTMLElement} */ (button).focus();
    } catch (error) {
      this.list.replaceChildren(
        h(
          "p",
          { class: "secondary history-empty" },
          `The history could not be loaded. ${/** @type {Error} */ (error).message}`,
        ),
      );
    }
  }

  /** @param {{items: Operation[], next_cursor: string | null}} page */
  append({ items, next_cursor: cursor }) {
    const now = new Date();
    for (const operation of items) {
      const day = isoDay(new Date(operation.at));
      if (day !== this.day) this.list.append(h("h3", {}, dayLabel(day, now)), h("ul", { class: "operations" }));
      this.day = day;
      this.list.lastElementChild?.append(this.entry(operation, now));
    }
    if (!cursor) return;
    const more = h(
      "button",
      {
        type: "button",
        class: "button",
        onclick: async () => {
          const page = await this.api.request("GET", `operations?limit=${PAGE}&cursor=${encodeURIComponent(cursor)}`);
          more.remove();
          this.append(page);
        },
      },
      "Show more",
    );
    this.list.append(more);
  }

  /** @param {Operation} operation @param {Date} now */
  entry(operation, now) {
    const { id, at, source, tool, summary, turn_id: turn, is_undone: isUndone } = operation;
    const who = whoDid(source);
    const label = tool === "undo" ? "Redo" : "Undo";
    const time = h(
      "time",
      { datetime: at, title: new Date(at).toLocaleString("en-GB") },
      isoDay(now) === isoDay(new Date(at))
        ? agoText(at, now).replace("today ", "")
        : (agoText(at, now).split(" ").at(-1) ?? ""),
    );
    return h(
      "li",
      { class: "operation", "data-undone": isUndone, "data-operation-id": id, "data-testid": "operation" },
      h(
        "div",
        { class: "operation-main" },
        this.details(summary, operation, now),
        h(
          "p",
          { class: "secondary" },
          `${who.charAt(0).toUpperCase()}${who.slice(1)} · `,
          time,
          ...(turn ? [" · ", messageLink(turn, this.showTurn)] : []),
        ),
      ),
      isUndone
        ? h("span", { class: "secondary undone" }, "Undone")
        : h(
            "button",
            {
              type: "button",
              class: "take-back",
              "data-testid": "operation-undo",
              "aria-label": `${label}: ${summary}`,
              onclick: () => this.take(operation),
            },
            label,
          ),
    );
  }

  /** One line that opens to the fields. @param {string} summary @param {Operation} operation @param {Date} now */
  details(summary, { changes }, now) {
    const lines = changes.slice(0, DETAILS).flatMap(({ title, before, after }) => {
      if (!before || !after)
        return changes.length > 1
          ? [h("p", { class: "difference" }, `${before ? "Deleted" : "Added"} “${title}”`)]
          : [];
      const found = differences(before, after, now).map(differenceLine);
      return changes.length > 1 && found.length ? [h("p", { class: "difference" }, `“${title}”`), ...found] : found;
    });
    if (!lines.length) return h("p", { class: "summary" }, summary);
    return h("details", {}, h("summary", { class: "summary" }, `${summary}\u00a0`, icon("chevron")), ...lines);
  }

  /** @param {Operation} operation */
  async take({ id, summary, tool, changes }) {
    const path = `operations/${id}/undo`;
    if (tool !== "undo") await this.undo.undo({ text: summary, path });
    else
      await this.undo.redo({
        text: `Done again: ${changes.length === 1 ? `“${changes[0].title}”` : `${changes.length} tasks`}`,
        path,
      });
    this.refresh();
  }
}
