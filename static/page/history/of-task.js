// @ts-check
// Who changed which field of one task, when, by which way: a fold in the opened row.
import { h, icon } from "../../chat/dom.js";
import { agoText, whoDid } from "../task-words.js";
import { differences } from "./differences.js";

/**
 * @typedef {{at: string, source: string, tool: string, turn_id: string | null, fields: {field: string, before: any,
 *   after: any}[]}} Entry
 */

/** @param {import("./differences.js").Difference} difference */
export function differenceLine({ label, before, after }) {
  if (label === "Done")
    return h("p", { class: "difference" }, h("span", {}, after === "yes" ? "Completed" : "Reopened"));
  const from = before ? [h("del", {}, before), " → "] : [];
  return h(
    "p",
    { class: "difference" },
    h("span", { class: "field-name" }, label),
    " ",
    ...from,
    h("span", {}, after || "none"),
  );
}

/** @param {string} turn @param {(turn: string) => void} showTurn */
export function messageLink(turn, showTurn) {
  return h(
    "button",
    { type: "button", class: "link", "data-testid": "show-message", onclick: () => showTurn(turn) },
    "Show message",
  );
}

export class TaskHistory {
  /** @param {import("../api.js").Api} api @param {number} id @param {(turn: string) => void} showTurn */
  constructor(api, id, showTurn) {
    this.api = api;
    this.id = id;
    this.showTurn = showTurn;
    this.node = h("div", { class: "task-history", hidden: true, "data-testid": "task-history" });
    this.button = h(
      "button",
      {
        type: "button",
        class: "quiet-button",
        "aria-expanded": "false",
        "data-testid": "task-history-toggle",
        onclick: () => this.toggle(),
      },
      icon("clock"),
      "History",
    );
  }

  async toggle() {
    this.node.hidden = !this.node.hidden;
    this.button.setAttribute("aria-expanded", String(!this.node.hidden));
    if (this.node.hidden) return;
    try {
      const { items } = await this.api.request("GET", `tasks/${this.id}/history`);
      this.node.replaceChildren(...items.map((/** @type {Entry} */ entry) => this.entry(entry)));
      this.node.scrollIntoView({ block: "nearest" });
    } catch (error) {
      this.node.replaceChildren(h("p", { class: "secondary" }, /** @type {Error} */ (error).message));
    }
  }

  /** @param {Entry} entry */
  entry({ at, source, turn_id: turn, tool, fields }) {
    const now = new Date();
    const side = (/** @type {"before" | "after"} */ when) =>
      Object.fromEntries(fields.map((field) => [field.field, field[when]]));
    const isNew = tool.startsWith("add_");
    const found = differences(side("before"), side("after"), now).filter(
      ({ after }) => !isNew || !["", "no", "P4"].includes(after),
    );
    const who = whoDid(source);
    return h(
      "div",
      { class: "history-entry" },
      ...(isNew ? [h("p", { class: "difference" }, "Added")] : []),
      ...found.map(differenceLine),
      h(
        "p",
        { class: "secondary" },
        `${who.charAt(0).toUpperCase()}${who.slice(1)}, `,
        h("time", { datetime: at, title: new Date(at).toLocaleString("en-GB") }, agoText(at, now)),
        ...(turn ? [" · ", messageLink(turn, this.showTurn)] : []),
      ),
    );
  }
}
