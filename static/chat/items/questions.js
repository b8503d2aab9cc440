// @ts-check
// Questions that the assistant asks (`structured_input`): choices, an answer in own words, or none.
import { h } from "../dom.js";
import { widgetSheet } from "../widgets/styles.js";

/**
 * @typedef {Record<string, any>} Question one of `chatkit.types.StructuredInput`
 * @typedef {{status: "answered" | "skipped", answers: Record<string, {values: string[], skipped: boolean}>}} Submission
 */

let count = 0;

export class QuestionsView {
  /** @param {import("./items.js").Item} item @param {import("./items.js").Context} context */
  constructor(item, { strings, onAnswer, adopt }) {
    adopt(widgetSheet);
    this.strings = strings;
    this.onAnswer = onAnswer;
    this.item = item;
    this.name = `q${(count += 1)}`;
    this.node = h("div", { class: "row widget", "data-testid": "questions" });
  }

  /** @param {import("./items.js").Item} item */
  set(item) {
    this.item = item;
    this.node.replaceChildren(item.status === "pending" ? this.form() : this.answered());
  }

  form() {
    const { strings, item } = this;
    const skip = h(
      "button",
      { type: "button", class: "button", "data-testid": "questions-skip", onclick: () => this.submit("skipped") },
      strings.skip,
    );
    return h(
      "form",
      {
        class: "w-card questions",
        "aria-label": strings.question,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          this.submit("answered");
        },
      },
      ...item.inputs.map((/** @type {Question} */ each, /** @type {number} */ index) => this.question(each, index)),
      h(
        "div",
        { class: "w-buttons" },
        skip,
        h("button", { class: "button primary", "data-testid": "questions-answer" }, strings.answer),
      ),
    );
  }

  /** @param {Question} question @param {number} index */
  question({ id, type, question, description, options, multiple }, index) {
    const { strings } = this;
    const note = description && h("span", { class: "w-caption", dir: "auto" }, description);
    if (type === "freeform") {
      return h(
        "label",
        { class: "w-col" },
        h("span", { class: "w-title", dir: "auto" }, question),
        note,
        h("textarea", { class: "field", rows: 2, "data-question": id, dir: "auto" }),
      );
    }
    return h(
      "fieldset",
      { class: "w-col" },
      h("legend", { class: "w-title", dir: "auto" }, question),
      ...options.map((/** @type {{value: string}} */ option) =>
        h(
          "label",
          { class: "w-check" },
          h("input", {
            type: multiple ? "checkbox" : "radio",
            name: `${this.name}-${index}`,
            value: option.value,
            "data-question": id,
          }),
          h("span", { dir: "auto" }, option.value),
        ),
      ),
      h("input", {
        class: "field",
        "data-question": id,
        placeholder: strings.ownAnswer,
        "aria-label": strings.ownAnswer,
        dir: "auto",
      }),
    );
  }

  /**
   * What was chosen and written for a question; own words take the place of a single choice.
   * @param {Question} question
   */
  valuesOf({ id, multiple }) {
    const fields = /** @type {NodeListOf<HTMLInputElement>} */ (this.node.querySelectorAll("[data-question]"));
    const own = [...fields].filter((field) => field.dataset.question === id);
    const isChoice = (/** @type {HTMLInputElement} */ field) => field.type === "radio" || field.type === "checkbox";
    const chosen = own.filter((field) => isChoice(field) && field.checked).map((field) => field.value);
    const written = own
      .filter((field) => !isChoice(field))
      .map((field) => field.value.trim())
      .filter(Boolean);
    return written.length && !multiple ? written : [...chosen, ...written];
  }

  /** @param {Submission["status"]} status */
  async submit(status) {
    const answers = Object.fromEntries(
      this.item.inputs.map((/** @type {Question} */ question) => {
        const values = status === "answered" ? this.valuesOf(question) : [];
        return [question.id, { values, skipped: !values.length }];
      }),
    );
    const isEmpty = Object.values(answers).every(({ skipped }) => skipped);
    await this.onAnswer?.(this.item, { status: isEmpty ? "skipped" : status, answers });
  }

  answered() {
    const { strings, item } = this;
    return h(
      "dl",
      { class: "w-card questions" },
      ...item.inputs.flatMap((/** @type {Question} */ { question, answer }) => [
        h("dt", {}, question),
        h("dd", { dir: "auto" }, answer?.values.length ? answer.values.join(", ") : strings.skipped),
      ]),
    );
  }
}
