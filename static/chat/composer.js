// @ts-check
// Where the person writes. Typing is always possible; sending is not while an answer is under way.
import { h, icon } from "./dom.js";

// What was typed survives a reload and a new sign-in. One tab, one draft.
const DRAFT_KEY = "errand-chat.draft";

export class Composer {
  /**
   * @param {{strings: import("./strings.js").Strings, onSend: (text: string) => void, onStop: () => void,
   *   recall: () => string}} context
   */
  constructor({ strings, onSend, onStop, recall }) {
    this.onSend = onSend;
    this.onStop = onStop;
    this.recall = recall;
    this.busy = false;
    this.canStop = true;
    this.offline = false;
    this.lock = "";
    this.input = /** @type {HTMLTextAreaElement} */ (h("textarea", {
      rows: 1, "aria-label": strings.composer, "data-testid": "composer", enterkeyhint: "send",
      oninput: () => this.changed(), onkeydown: (/** @type {KeyboardEvent} */ event) => this.keydown(event),
    }));
    this.send = /** @type {HTMLButtonElement} */ (h("button", { type: "submit", class: "send", "data-testid": "send",
      "aria-label": strings.send, title: strings.sendHint }, icon("send")));
    this.stop = /** @type {HTMLButtonElement} */ (h("button", { type: "button", class: "send stop", "data-testid": "stop",
      "aria-label": strings.stop, title: strings.stopHint, hidden: true, onclick: onStop }, icon("stop")));
    // Attachments and tools will stand in the same frame, before the buttons.
    this.node = h("form", { class: "composer", novalidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.submit();
    } }, this.input, this.send, this.stop);
    this.node.addEventListener("pointerdown", (event) => {
      if (event.target === this.node) { event.preventDefault(); this.input.focus(); }
    });
    this.value = sessionStorage.getItem(DRAFT_KEY) ?? "";
  }

  get value() {
    return this.input.value;
  }

  set value(text) {
    this.input.value = text;
    this.changed();
  }

  /** @param {Partial<{busy: boolean, canStop: boolean, offline: boolean, lock: string}>} state */
  set(state) {
    Object.assign(this, state);
    this.draw();
  }

  changed() {
    sessionStorage.setItem(DRAFT_KEY, this.value);
    this.fit();
    this.draw();
  }

  /** Grow with the text; the style sheet sets the limit. */
  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
  }

  draw() {
    const focused = this.node.contains(/** @type {ShadowRoot} */ (this.node.getRootNode()).activeElement ?? null);
    this.send.hidden = this.busy;
    this.stop.hidden = !this.busy || !this.canStop;
    this.send.disabled = this.offline || Boolean(this.lock) || !this.value.trim();
    this.input.disabled = Boolean(this.lock);
    // A button that vanishes under the keyboard's focus would throw it to the top of the page.
    if (focused && !this.lock) this.input.focus();
  }

  submit() {
    const text = this.value.trim();
    if (!text || this.busy || this.offline || this.lock) return;
    this.value = "";
    this.onSend(text);
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    // While an input method composes, Enter picks a word.
    if (event.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.submit();
    } else if (event.key === "ArrowUp" && !this.value) {
      const text = this.recall();
      if (!text) return;
      event.preventDefault();
      this.value = text;
      this.input.setSelectionRange(text.length, text.length);
    }
  }
}
