// @ts-check
// Markdown to DOM. What a model writes is foreign text: its tokens become nodes one by one and nothing of it is ever
// read as HTML, so there is nothing to clean, and nothing that is fetched without a click.
import { h } from "../dom.js";
import { blocks } from "./blocks.js";

/** @typedef {import("./blocks.js").Token} Token @typedef {(token: Token) => Node | string} Draw */

/** Where a link may lead: out, or to a place on this site. */
const ADDRESS = /^(?:(?:https?|mailto|tel):|[/#](?!\/))/i;

/** @param {Token[]} [tokens] */
const all = (tokens = []) => tokens.map((token) => DRAW[token.type](token));

/** @param {string} tag @returns {Draw} */
const around = (tag) => (token) => h(tag, {}, ...all(token.tokens));

/** @param {Token} token @param {(Node | string)[]} words */
function link({ href, title }, words) {
  if (!ADDRESS.test(href)) return h("span", {}, ...words);
  return h("a", { href, title, target: "_blank", rel: "noopener noreferrer" }, ...words);
}

/**
 * Wide tables scroll by themselves; the page never does. Focusable, so that the keyboard can scroll them.
 * @param {Token} table
 */
function table({ header, rows }) {
  const cell = (/** @type {string} */ tag) => (/** @type {Token} */ each) =>
    h(tag, { align: each.align }, ...all(each.tokens));
  return h(
    "div",
    { class: "table", tabindex: "0", role: "group" },
    h(
      "table",
      {},
      h("thead", {}, h("tr", {}, ...header.map(cell("th")))),
      h("tbody", {}, ...rows.map((/** @type {Token[]} */ row) => h("tr", {}, ...row.map(cell("td"))))),
    ),
  );
}

/** @type {Record<string, Draw>} one for each kind of token */
const DRAW = {
  def: () => "",
  paragraph: around("p"),
  heading: (token) => around(`h${token.depth}`)(token),
  blockquote: around("blockquote"),
  hr: () => h("hr"),
  code: ({ text, lang }) =>
    h("pre", { tabindex: "0", "data-language": lang?.split(/\s/)[0] || null }, h("code", {}, text)),
  list: ({ ordered, start, items }) =>
    h(ordered ? "ol" : "ul", { start: ordered && start !== 1 ? start : null }, ...items.map(around("li"))),
  checkbox: ({ checked }) =>
    h("input", { type: "checkbox", disabled: true, checked, "aria-label": checked ? "☑" : "☐" }),
  table,
  text: ({ tokens, text = "" }) => (tokens ? h("span", {}, ...all(tokens)) : text),
  strong: around("strong"),
  em: around("em"),
  del: around("del"),
  codespan: ({ text }) => h("code", {}, text),
  br: () => h("br"),
  link: (token) => link(token, all(token.tokens)),
  // An image would be fetched at once, and its address could carry what the model knows: a link instead.
  image: (token) => link(token, [token.text || token.href]),
  // HTML shows as the characters it is, except for the line break that tables need.
  html: ({ raw = "" }) => (/^<br\s*\/?>$/i.test(raw) ? h("br") : raw),
};

/**
 * Markdown that grows. Only blocks whose source changed are drawn again, so a selection or a scrolled table in an
 * earlier
 * paragraph survives the next word.
 */
export class MarkdownView {
  constructor() {
    this.node = h("div", { class: "markdown" });
    /** @type {string[]} */
    this.sources = [];
  }

  /** @param {string} text @param {(root: Node) => void} [finish] is given each block that was drawn */
  set(text, finish) {
    const found = blocks(text).filter((token) => token.type !== "def");
    found.forEach((token, index) => {
      if (this.sources[index] === token.raw) return;
      this.sources[index] = token.raw ?? "";
      const block = this.node.children[index] ?? this.node.appendChild(h("div", { dir: "auto" }));
      block.className = `block ${token.type}`;
      block.replaceChildren(...all([token]));
      finish?.(block);
    });
    this.sources.length = found.length;
    while (this.node.children.length > found.length) this.node.lastElementChild?.remove();
  }
}

/** Short Markdown at once, for notices and details. @param {string} text */
export function markdown(text) {
  const view = new MarkdownView();
  view.set(text);
  return view.node;
}
