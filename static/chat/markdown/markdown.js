// @ts-check
// Markdown to DOM. What a model writes is foreign text: its tokens become nodes one by one and nothing of it is ever
// read as HTML, so there is nothing to clean, and nothing that is fetched without a click.
import { h } from "../dom.js";
import { parser } from "./parser.js";

/** @typedef {import("markdown-it").Token} Token */

/** Where a link may lead: out, or to a place on this site. */
const ADDRESS = /^(?:(?:https?|mailto|tel):|[/#](?!\/))/i;
/**
 * What the end of a text that still grows may become, and does not look like yet: a line of marks that underlines,
 * rules off or closes what is above it, and an address that is not whole.
 */
const UNDECIDED = /(?:\n[ \t>]*[-=`~|:+*][-=`~|:+* \t]*|\]\([^()\s]*)$/;

/** @param {string} tag @returns {() => HTMLElement} */
const plain = (tag) => () => h(tag);
/** @param {Token} token @param {string} name */
const attribute = (token, name) => String(token.attrGet(name) ?? "");
/** @param {Token} token */
const cell = (token) => h(token.tag, { align: /\w+$/.exec(attribute(token, "style"))?.[0] });

/** @param {string} href @param {string} title @param {...string} words */
function link(href, title, ...words) {
  if (!ADDRESS.test(href)) return h("span", {}, ...words);
  return h("a", { href, title: title || null, target: "_blank", rel: "noopener noreferrer" }, ...words);
}

/** What begins, each with a node of its own. @type {Record<string, (token: Token) => HTMLElement>} */
const OPENING = {
  paragraph_open: plain("p"),
  heading_open: (token) => h(token.tag),
  blockquote_open: plain("blockquote"),
  bullet_list_open: plain("ul"),
  ordered_list_open: (token) => h("ol", { start: token.attrGet("start") }),
  list_item_open: plain("li"),
  table_open: plain("table"),
  thead_open: plain("thead"),
  tbody_open: plain("tbody"),
  tr_open: plain("tr"),
  th_open: cell,
  td_open: cell,
  strong_open: plain("strong"),
  em_open: plain("em"),
  s_open: plain("del"),
  link_open: (token) => link(attribute(token, "href"), attribute(token, "title")),
};

/** @param {Token} token */
const code = ({ content, info }) =>
  h(
    "pre",
    { tabindex: "0", "data-language": info.trim().split(/\s/)[0] || null },
    h("code", {}, content.replace(/\n$/, "")),
  );

/** What stands for itself. @type {Record<string, (token: Token) => Node | string>} */
const ALONE = {
  text: ({ content }) => content,
  code_inline: ({ content }) => h("code", {}, content),
  fence: code,
  code_block: code,
  hr: () => h("hr"),
  // A line that ends in the source ends on screen.
  softbreak: () => h("br"),
  hardbreak: () => h("br"),
  checkbox: ({ meta }) =>
    h("input", { type: "checkbox", disabled: true, checked: meta?.checked, "aria-label": meta?.checked ? "☑" : "☐" }),
  // An image would be fetched at once, and its address could carry what the model knows: a link instead.
  image: (token) => {
    const href = attribute(token, "src");
    return link(href, attribute(token, "title"), wordsOf(token.children ?? []) || href);
  },
  // HTML shows as the characters it is, except for the line break that tables need.
  html_inline: ({ content }) => (/^<br\s*\/?>$/i.test(content) ? h("br") : content),
};

/** @param {Token[]} tokens @returns {string} */
function wordsOf(tokens) {
  return tokens.map(({ children, content }) => (children ? wordsOf(children) : content)).join("");
}

/** Draw tokens: they come flat, what opens, what is inside, what closes. @param {Token[]} tokens @param {Node} root */
function draw(tokens, root) {
  const places = [root];
  for (const token of tokens) {
    const place = /** @type {Element} */ (places.at(-1));
    if (token.children && token.type === "inline") draw(token.children, place);
    else if (token.nesting < 0) places.pop();
    else if (token.nesting > 0) places.push(opened(token, place));
    else if (ALONE[token.type]) place.append(ALONE[token.type](token));
  }
}

/** @param {Token} token @param {Element} place @returns {Element} where what is inside goes */
function opened(token, place) {
  if (token.hidden) return place; // the paragraphs of a tight list
  const node = OPENING[token.type]?.(token) ?? h("span");
  // Wide tables scroll by themselves; the page never does. Focusable, so that the keyboard can scroll them.
  place.append(token.type === "table_open" ? h("div", { class: "table", tabindex: "0", role: "group" }, node) : node);
  return node;
}

/** Tokens of one block after the other, with its source. @param {string} text */
function blocksOf(text) {
  const lines = text.split("\n");
  /** @type {{type: string, source: string, tokens: Token[]}[]} */
  const blocks = [];
  for (const token of parser.parse(text, {})) {
    if (token.level === 0 && token.nesting >= 0 && token.type !== "inline") {
      const type = token.type.replace(/_open$/, "");
      blocks.push({ type, source: `${token.type}\n${lines.slice(...(token.map ?? [])).join("\n")}`, tokens: [] });
    }
    blocks.at(-1)?.tokens.push(token);
  }
  return blocks;
}

/**
 * What of a text that still grows can be shown: nothing of it turns into something else with the next letters.
 * @param {string} text
 */
export function decided(text) {
  return text.replace(UNDECIDED, "");
}

/**
 * Markdown that grows. Only blocks whose source changed are drawn again, so a selection or a scrolled table in an
 * earlier paragraph survives the next word.
 */
export class MarkdownView {
  constructor() {
    this.node = h("div", { class: "markdown" });
    /** @type {string[]} */
    this.sources = [];
  }

  /** @param {string} text @param {(root: Node) => void} [finish] is given each block that was drawn */
  set(text, finish) {
    const found = blocksOf(text);
    found.forEach(({ type, source, tokens }, index) => {
      if (this.sources[index] === source) return;
      this.sources[index] = source;
      const block = this.node.children[index] ?? this.node.appendChild(h("div", { dir: "auto" }));
      block.className = `block ${type}`;
      block.replaceChildren();
      draw(tokens, block);
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
