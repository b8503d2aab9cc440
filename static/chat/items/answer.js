// @ts-check
// What the assistant says: text that grows, its citations and sources, and what can be done with it.
import { copyText, h, icon } from "../dom.js";
import { decided, MarkdownView } from "../markdown/markdown.js";

/** @typedef {import("./items.js").Item} Item @typedef {import("./items.js").Context} Context */

/** @typedef {import("./citations.js").Sources} Sources */

/** One content part of an answer. While it grows it is drawn once a frame, however many words arrive. */
class TextPart {
  /** @param {() => Sources | null} sources `null` as long as nothing was cited anywhere */
  constructor(sources) {
    this.sources = sources;
    this.view = new MarkdownView();
    /** @type {import("./citations.js").Note[]} */
    this.notes = [];
    this.text = "";
    this.shown = "";
    this.shownNotes = 0;
    this.frame = 0;
  }

  /** @param {string} text @param {boolean} streaming */
  set(text, streaming) {
    this.text = text;
    if (!streaming) this.draw(text);
    else
      this.frame ||= requestAnimationFrame(() => {
        // A repeated stream starts over: what was read stays until the new text has caught up with it.
        const text = decided(this.text);
        this.draw(this.shown.startsWith(text) ? this.shown : text);
      });
  }

  /** @param {string} text */
  draw(text) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (text === this.shown && this.notes.length === this.shownNotes) return;
    this.shown = text;
    this.shownNotes = this.notes.length;
    const sources = this.notes.length ? this.sources() : null;
    if (!sources) return this.view.set(text);
    this.view.set(sources.marked(text, this.notes), (root) => sources.draw(root));
  }
}

export class AssistantMessage {
  /**
   * @param {Item} _item
   * @param {Context} context
   * @param {import("./items.js").Parts} optional
   */
  constructor(_item, { strings, onRetry, onFeedback, onSource }, optional) {
    this.optional = optional;
    this.strings = strings;
    this.onRetry = onRetry;
    this.onFeedback = onFeedback;
    this.onSource = onSource;
    /** Made when something is cited. @type {Sources | null} */
    this.sources = null;
    /** @type {TextPart[]} */
    this.parts = [];
    this.body = h("div", { class: "body" });
    this.footer = h("div", { class: "footer" });
    this.node = h(
      "div",
      { class: "row assistant", "data-role": "assistant", "data-testid": "message" },
      h("span", { class: "visually-hidden" }, strings.assistantSaid),
      this.body,
      this.footer,
    );
    this.streaming = false;
  }

  cited() {
    return (this.sources ??= this.optional.citations
      ? new this.optional.citations.Sources(this.strings, (source) => this.onSource?.(source) ?? false)
      : null);
  }

  /** @param {number} index */
  part(index) {
    while (this.parts.length <= index) {
      const part = new TextPart(() => this.cited());
      this.parts.push(part);
      this.body.append(part.view.node);
    }
    return this.parts[index];
  }

  /** @param {Item} item @param {boolean} streaming */
  set(item, streaming) {
    this.streaming = streaming;
    item.content.forEach((/** @type {any} */ content, /** @type {number} */ index) => {
      this.part(index).notes = [...(content.annotations ?? [])];
      this.part(index).set(content.text, streaming);
    });
    this.node.toggleAttribute("data-streaming", streaming);
    if (!streaming) this.finish();
  }

  /** @param {Record<string, any>} update */
  update(update) {
    const part = this.part(update.content_index ?? 0);
    switch (update.type) {
      case "assistant_message.content_part.added":
      case "assistant_message.content_part.done":
        part.notes = [...(update.content.annotations ?? [])];
        return part.set(update.content.text, true);
      case "assistant_message.content_part.text_delta":
        return part.set(part.text + update.delta, true);
      case "assistant_message.content_part.annotation_added":
        part.notes.push(update.annotation);
        return part.set(part.text, true);
    }
  }

  text() {
    return this.parts.map((part) => part.text).join("\n\n");
  }

  /** @param {string} [note] */
  finish(note) {
    const { strings } = this;
    const copy = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-testid": "copy",
        "aria-label": strings.copy,
        title: strings.copy,
        onclick: async () => {
          await copyText(this.text());
          copy.replaceChildren(icon("check"), strings.copied);
          setTimeout(() => copy.replaceChildren(icon("copy")), 1500);
        },
      },
      icon("copy"),
    );
    this.footer.replaceChildren();
    if (note) this.footer.append(h("span", { class: "mark", "data-testid": "stopped" }, note));
    if (this.text()) this.footer.append(copy);
    if (this.onRetry)
      this.footer.append(
        h(
          "button",
          {
            type: "button",
            class: "quiet",
            "data-testid": "ask-again",
            "aria-label": strings.askAgain,
            title: strings.askAgain,
            onclick: () => this.onRetry?.(this.node),
          },
          icon("repeat"),
        ),
      );
    const { onFeedback } = this;
    if (onFeedback)
      this.footer.append(...feedbackButtons(strings, (kind, reason) => onFeedback(this.node, kind, reason)));
    this.showSources();
  }

  showSources() {
    this.body.querySelector(".sources")?.remove();
    if (this.sources?.known.size) this.body.append(this.sources.list(this.strings.sources));
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

/** @typedef {(kind: "positive" | "negative", reason: string) => Promise<void>} Give */

/**
 * @param {import("../words/words.js").Strings} strings
 * @param {Give} give
 * @returns {HTMLElement[]} buttons, and the place for the rest
 */
export function feedbackButtons(strings, give) {
  const more = h("span", { class: "reason", role: "status" });
  /** @param {"positive" | "negative"} kind @param {string} label @param {string} sign */
  const thumb = (kind, label, sign) => {
    const button = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-testid": `feedback-${kind}`,
        "aria-label": label,
        title: label,
        "aria-pressed": "false",
        onclick: async () => {
          await give(kind, "");
          for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
          if (kind === "positive") more.replaceChildren(strings.thanks);
          else askWhy(strings, give, more);
        },
      },
      icon(sign),
    );
    return button;
  };
  const buttons = [thumb("positive", strings.good, "good"), thumb("negative", strings.bad, "bad")];
  return [...buttons, more];
}

/**
 * @param {import("../words/words.js").Strings} strings
 * @param {Give} give
 * @param {HTMLElement} place
 */
export function askWhy(strings, give, place) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      class: "field",
      maxlength: 2000,
      "aria-label": strings.reason,
      placeholder: strings.reason,
      "data-testid": "feedback-reason",
    })
  );
  place.replaceChildren(
    h(
      "form",
      {
        onsubmit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          await give("negative", input.value);
          place.replaceChildren(strings.thanks);
        },
      },
      input,
      h("button", { class: "button" }, strings.sendReason),
    ),
  );
  input.focus();
}
