// @ts-check
// Shows how the server would read what is being typed, a moment after the last key.
import { readingWords } from "../task-words.js";

const AFTER_MS = 250;

export class Reading {
  /**
   * @param {import("../api.js").Api} api @param {HTMLElement} node where it is shown
   * @param {"text" | "due" | "recurrence"} kind
   */
  constructor(api, node, kind) {
    this.api = api;
    this.node = node;
    this.kind = kind;
    this.timer = 0;
    this.asked = "";
  }

  /** @param {string} value empty: show nothing */
  ask(value) {
    clearTimeout(this.timer);
    this.asked = value.trim();
    if (!this.asked) this.node.textContent = "";
    else this.timer = setTimeout(() => this.read(this.asked), AFTER_MS);
  }

  /** @param {string} value */
  async read(value) {
    const text = await this.words(value);
    if (value === this.asked) this.node.textContent = text;
  }

  /** @param {string} value */
  async words(value) {
    try {
      const reading = await this.api.request("GET", `tasks/read?${this.kind}=${encodeURIComponent(value)}`);
      return readingWords(reading).join(" · ");
    } catch (error) {
      // A preview that fails for another reason is no news: saving will tell.
      return this.kind !== "text" && /** @type {any} */ (error).status === 422 ? "Not understood" : "";
    }
  }
}
