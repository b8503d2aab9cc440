// @ts-check
// The fields of an opened task. Each knows what it showed first, so that only what was changed is saved.
import { h, icon, iconButton } from "../../chat/dom.js";
import { Reading } from "./reading.js";

/** @typedef {string | string[]} Value */

/** Grow with the text. @param {HTMLTextAreaElement} area */
export function fit(area) {
  area.style.height = "auto";
  area.style.height = `${area.scrollHeight}px`;
}

class Field {
  /** @param {string} name as the server calls it */
  constructor(name) {
    this.name = name;
    /** Null until something was shown. @type {Value | null} */
    this.shown = null;
  }

  /** @returns {Value} */
  get value() {
    return "";
  }
  /** @param {Value} _value */
  set value(_value) {}

  get isChanged() {
    return this.shown !== null && String(this.value) !== String(this.shown);
  }

  /** What the task says now; what was typed over it stays. @param {Value} value */
  show(value) {
    const keep = this.isChanged;
    this.shown = value;
    if (!keep) this.value = value;
  }
}

export class TextField extends Field {
  /** @param {string} name @param {Record<string, any>} props */
  constructor(name, props) {
    super(name);
    this.input = /** @type {HTMLTextAreaElement} */ (
      h("textarea", { rows: 1, "data-testid": `edit-${name}`, ...props, oninput: () => fit(this.input) })
    );
    this.node = this.input;
  }

  get value() {
    return this.input.value;
  }
  set value(value) {
    this.input.value = String(value);
    if (this.input.isConnected) fit(this.input);
  }
}

/** Words that the server reads: a date, a repetition. */
export class WordsField extends Field {
  /**
   * @param {"due" | "recurrence"} name @param {string} iconName @param {Record<string, any>} props
   * @param {import("../api.js").Api} api @param {[string, string][]} suggestions what a button says and what it writes
   */
  constructor(name, iconName, props, api, suggestions) {
    super(name);
    const reading = h("output", { class: "reading", "data-testid": `reading-${name}` });
    this.reading = new Reading(api, reading, name);
    this.input = /** @type {HTMLInputElement} */ (
      h("input", {
        maxlength: 100,
        autocapitalize: "none",
        "data-testid": `edit-${name}`,
        ...props,
        oninput: () => this.typed(),
        onfocus: () => this.node.setAttribute("data-used", ""),
      })
    );
    const quick = suggestions.map(([label, words]) =>
      h(
        "button",
        {
          type: "button",
          class: "chip",
          onclick: () => {
            this.input.value = words;
            this.input.focus();
            this.typed();
          },
        },
        label,
      ),
    );
    this.node = h(
      "div",
      { class: "edit-line" },
      icon(iconName),
      h(
        "div",
        { class: "edit-words" },
        this.input,
        reading,
        quick.length ? h("div", { class: "quick" }, ...quick) : null,
      ),
    );
  }

  typed() {
    this.reading.ask(this.isChanged ? this.value : "");
  }

  get value() {
    return this.input.value.trim();
  }
  set value(value) {
    this.input.value = String(value);
    this.reading.ask("");
  }
}

export class PriorityField extends Field {
  constructor() {
    super("priority");
    const name = `priority-${Math.random()}`;
    this.radios = ["p1", "p2", "p3", "p4"].map(
      (value) =>
        /** @type {HTMLInputElement} */ (
          h("input", {
            type: "radio",
            name,
            value,
            "aria-label": value === "p4" ? "No priority" : `Priority ${value[1]}`,
            "data-testid": `edit-${value}`,
          })
        ),
    );
    this.node = h(
      "div",
      { class: "edit-line" },
      icon("flag"),
      h(
        "fieldset",
        { class: "segments", "aria-label": "Priority" },
        ...this.radios.map((radio) =>
          h("label", {}, radio, h("span", {}, radio.value === "p4" ? "None" : radio.value.toUpperCase())),
        ),
      ),
    );
  }

  get value() {
    return this.radios.find((radio) => radio.checked)?.value ?? "p4";
  }
  set value(value) {
    for (const radio of this.radios) radio.checked = radio.value === value;
  }
}

export class LabelsField extends Field {
  constructor() {
    super("labels");
    /** @type {string[]} */
    this.labels = [];
    this.input = /** @type {HTMLInputElement} */ (
      h("input", {
        "aria-label": "Add a label",
        placeholder: "Labels",
        maxlength: 50,
        autocapitalize: "none",
        "data-testid": "edit-labels",
        enterkeyhint: "done",
        onkeydown: (/** @type {KeyboardEvent} */ event) => this.keydown(event),
      })
    );
    this.chips = h("div", { class: "chips" }, this.input);
    this.node = h("div", { class: "edit-line" }, icon("tag"), this.chips);
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (event.isComposing) return;
    if ([" ", ",", "Enter"].includes(event.key) && this.input.value.trim()) {
      event.preventDefault();
      this.take();
    } else if (event.key === "Backspace" && !this.input.value && this.labels.length) {
      event.preventDefault();
      this.value = this.labels.slice(0, -1);
    }
  }

  /** Make chips of what is typed. */
  take() {
    const labels = this.value;
    this.input.value = "";
    if (labels.length > this.labels.length) this.value = labels;
  }

  /** With what is typed and no chip yet. */
  get value() {
    const typed = this.input.value
      .split(/[\s,#]+/)
      .filter(Boolean)
      .map((label) => label.toLowerCase());
    return [...new Set([...this.labels, ...typed])];
  }

  set value(labels) {
    this.labels = [.../** @type {string[]} */ (labels)];
    const hadFocus = document.activeElement === this.input;
    this.chips.replaceChildren(
      ...this.labels.map((label) =>
        h(
          "span",
          { class: "chip", "data-testid": "label-chip" },
          `#${label}`,
          iconButton("close", `Remove #${label}`, {
            class: "chip-remove",
            onclick: () => {
              this.value = this.labels.filter((other) => other !== label);
              this.input.focus();
            },
          }),
        ),
      ),
      this.input,
    );
    if (hadFocus) this.input.focus();
  }
}
