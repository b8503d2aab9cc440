// @ts-check
// Markdown to safe DOM. What a model writes is foreign text: it is parsed, cleaned, and may not load anything.
import { Marked } from "../vendor/marked.esm.js";
import DOMPurify from "../vendor/purify.js";
import { h } from "./dom.js";

const marked = new Marked({ gfm: true, breaks: true });

// HTML shows as the characters it is, except for the line break that tables need.
// An image would be fetched at once, and its address could carry what the model knows: show a link instead.
marked.use({
  renderer: {
    image(/** @type {{href: string, text: string}} */ { href, text }) {
      const link = h("a", { href });
      link.textContent = text || href;
      return link.outerHTML;
    },
    html(/** @type {{text: string}} */ { text }) {
      return /^<br\s*\/?>$/i.test(text) ? "<br>" : escape(text);
    },
  },
});

/** @param {string} text */
function escape(text) {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

const CLEAN = {
  ALLOWED_TAGS: ["a", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "input", "kbd",
    "li", "mark", "ol", "p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"],
  ALLOWED_ATTR: ["align", "checked", "disabled", "href", "start", "title", "type"],
  // DOMPurify holds every attribute that is not listed here against the pattern for addresses.
  ADD_URI_SAFE_ATTR: ["align", "checked", "disabled", "start", "type"],
  ALLOWED_URI_REGEXP: /^(?:(?:https?|mailto|tel):|[/#](?!\/))/i,
  RETURN_DOM_FRAGMENT: true,
};

const purify = /** @type {any} */ (DOMPurify)(window);

purify.addHook("afterSanitizeAttributes", (/** @type {Element} */ node) => {
  if (node.nodeName === "A") {
    node.setAttribute("target", "_blank");
    node.setAttribute("rel", "noopener noreferrer");
  }
  // Task lists are the only inputs Markdown knows.
  if (node.nodeName === "INPUT") {
    node.setAttribute("type", "checkbox");
    node.setAttribute("disabled", "");
  }
});

/** @param {string} html @returns {DocumentFragment} */
function clean(html) {
  const fragment = /** @type {DocumentFragment} */ (purify.sanitize(html, CLEAN));
  for (const table of fragment.querySelectorAll("table")) {
    // Wide tables scroll by themselves; the page never does. Focusable, so that the keyboard can scroll them.
    const frame = h("div", { class: "table", tabindex: "0" });
    table.replaceWith(frame);
    frame.append(table);
  }
  for (const pre of fragment.querySelectorAll("pre")) pre.setAttribute("tabindex", "0");
  return fragment;
}

/**
 * Markdown that grows. Only blocks whose source changed are drawn again, so a selection or a scrolled table in an earlier
 * paragraph survives the next word.
 */
export class MarkdownView {
  constructor() {
    this.node = h("div", { class: "markdown" });
    /** @type {string[]} */
    this.sources = [];
  }

  /** @param {string} text */
  set(text) {
    const blocks = marked.lexer(text).filter((token) => token.type !== "space" && token.type !== "def");
    blocks.forEach((token, index) => {
      if (this.sources[index] === token.raw) return;
      this.sources[index] = token.raw;
      const block = this.node.children[index] ?? this.node.appendChild(h("div"));
      block.className = `block ${token.type}`;
      block.replaceChildren(clean(marked.parser([token])));
    });
    this.sources.length = blocks.length;
    while (this.node.children.length > blocks.length) this.node.lastElementChild?.remove();
  }
}

/** Short Markdown at once, for notices and details. @param {string} text */
export function markdown(text) {
  const view = new MarkdownView();
  view.set(text);
  return view.node;
}
