// @ts-check
// How each kind of thread item looks. A view is `{node, set(item, streaming), update(update), stop()}`; a new kind is one
// more entry in RENDERERS, and a kind that is not there shows nothing instead of failing.
import { copyText, h, icon } from "./dom.js";
import { MarkdownView, markdown } from "./markdown.js";
import { WorkflowView, taskDetails } from "./workflow.js";

/**
 * @typedef {Record<string, any>} Item one of `chatkit.types.ThreadItem`
 * @typedef {{strings: import("./strings.js").Strings}} Context
 * @typedef {{node: HTMLElement, set(item: Item, streaming: boolean): void, update?(update: Record<string, any>): void,
 *   stop?(): void, isLive?(): boolean}} View
 */

/** The text of a user message; tags show as their words. @param {Item} item */
export function userText(item) {
  return item.content.map((/** @type {any} */ part) => part.text).join("");
}

class UserMessage {
  /** @param {Item} item @param {Context} context */
  constructor(item, { strings }) {
    this.bubble = h("div", { class: "bubble" });
    this.node = h("div", { class: "row user", "data-role": "user", "data-testid": "message" },
      h("span", { class: "visually-hidden" }, strings.youSaid), this.bubble);
  }

  /** @param {Item} item */
  set(item) {
    const attachments = item.attachments ?? [];
    this.bubble.replaceChildren();
    if (item.quoted_text) this.bubble.append(h("blockquote", {}, item.quoted_text));
    this.bubble.append(h("div", { class: "text" }, userText(item)));
    for (const attachment of attachments) this.bubble.append(h("div", { class: "attachment" }, attachment.name));
  }
}

/** One content part of an answer. While it grows it is drawn once a frame, however many words arrive. */
class TextPart {
  constructor() {
    this.view = new MarkdownView();
    this.text = "";
    this.shown = "";
    this.frame = 0;
  }

  /** @param {string} text @param {boolean} streaming */
  set(text, streaming) {
    this.text = text;
    if (!streaming) this.draw(text);
    else this.frame ||= requestAnimationFrame(() => {
      // A repeated stream starts over: what was read stays until the new text has caught up with it.
      this.draw(this.shown.startsWith(this.text) ? this.shown : this.text);
    });
  }

  /** @param {string} text */
  draw(text) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (text === this.shown) return;
    this.shown = text;
    this.view.set(text);
  }
}

class AssistantMessage {
  /** @param {Item} item @param {Context} context */
  constructor(item, { strings }) {
    this.strings = strings;
    /** @type {TextPart[]} */
    this.parts = [];
    /** @type {Record<string, any>[]} */
    this.annotations = [];
    this.body = h("div", { class: "body" });
    this.footer = h("div", { class: "footer" });
    this.node = h("div", { class: "row assistant", "data-role": "assistant", "data-testid": "message" },
      h("span", { class: "visually-hidden" }, strings.assistantSaid), this.body, this.footer);
    this.streaming = false;
  }

  /** @param {number} index */
  part(index) {
    while (this.parts.length <= index) {
      const part = new TextPart();
      this.parts.push(part);
      this.body.append(part.view.node);
    }
    return this.parts[index];
  }

  /** @param {Item} item @param {boolean} streaming */
  set(item, streaming) {
    this.streaming = streaming;
    item.content.forEach((/** @type {any} */ content, /** @type {number} */ index) => {
      this.part(index).set(content.text, streaming);
    });
    this.annotations = item.content.flatMap((/** @type {any} */ content) => content.annotations ?? []);
    this.node.toggleAttribute("data-streaming", streaming);
    if (!streaming) this.finish();
  }

  /** @param {Record<string, any>} update */
  update(update) {
    const part = this.part(update.content_index ?? 0);
    switch (update.type) {
      case "assistant_message.content_part.added":
      case "assistant_message.content_part.done":
        return part.set(update.content.text, true);
      case "assistant_message.content_part.text_delta":
        return part.set(part.text + update.delta, true);
      case "assistant_message.content_part.annotation_added":
        this.annotations.push(update.annotation);
    }
  }

  text() {
    return this.parts.map((part) => part.text).join("\n\n");
  }

  /** @param {string} [note] */
  finish(note) {
    const { strings } = this;
    const copy = h("button", { type: "button", class: "quiet", "data-testid": "copy", "aria-label": strings.copy,
      title: strings.copy, onclick: async () => {
        await copyText(this.text());
        copy.replaceChildren(icon("check"), strings.copied);
        setTimeout(() => copy.replaceChildren(icon("copy")), 1500);
      } }, icon("copy"));
    this.footer.replaceChildren();
    if (note) this.footer.append(h("span", { class: "mark", "data-testid": "stopped" }, note));
    if (this.text()) this.footer.append(copy);
    this.showSources();
  }

  showSources() {
    this.body.querySelector(".sources")?.remove();
    const sources = new Map(this.annotations.map(({ source }) => [source.url ?? source.filename ?? source.id, source]));
    if (!sources.size) return;
    const list = h("ol", { class: "sources", "aria-label": this.strings.sources });
    for (const source of sources.values()) {
      const isLink = source.type === "url" && /^https?:/i.test(source.url);
      list.append(h("li", {}, isLink
        ? h("a", { href: source.url, target: "_blank", rel: "noopener noreferrer" }, source.title)
        : h("span", {}, source.title)));
    }
    this.body.append(list);
  }

  isLive() {
    return this.streaming;
  }

  stop() {
    if (!this.streaming) return;
    this.streaming = false;
    this.node.removeAttribute("data-streaming");
    for (const part of this.parts) part.draw(part.text);
    this.finish(this.strings.stopped);
  }
}

/** A single task outside a workflow: one quiet line. This is how a conversation keeps saying why an answer is missing. */
class TaskView {
  constructor() {
    this.node = h("div", { class: "row task-line", "data-testid": "task-item" });
  }

  /** @param {Item} item */
  set(item) {
    this.node.replaceChildren(icon(item.task.icon === "info" ? "info" : "check"), taskDetails(item.task));
  }
}

/** What cannot be drawn (yet), but brings words that say the same. */
class CopyTextView {
  constructor() {
    this.node = h("div", { class: "row assistant" });
  }

  /** @param {Item} item */
  set(item) {
    this.node.replaceChildren(markdown(item.copy_text));
  }
}

/** @type {Record<string, (item: Item, context: Context) => View | null>} */
export const RENDERERS = {
  user_message: (item, context) => new UserMessage(item, context),
  assistant_message: (item, context) => new AssistantMessage(item, context),
  workflow: (item, context) => new WorkflowView(item, context),
  task: () => new TaskView(),
  widget: (item) => (item.copy_text ? new CopyTextView() : null),
};

/** @param {Item} item @param {Context} context @returns {View | null} */
export function createView(item, context) {
  return RENDERERS[item.type]?.(item, context) ?? null;
}
