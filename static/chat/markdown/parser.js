// @ts-check
// Markdown to tokens: CommonMark by markdown-it, and by rules of our own what GFM adds and what models write. HTML is
// not known: it stays the characters that it is.
import MarkdownIt from "../../vendor/markdown-it/markdown-it.js";
import { address, BEGINS } from "./addresses.js";

/**
 * @typedef {import("markdown-it").StateInline} StateInline @typedef {import("markdown-it").StateCore} StateCore
 * @typedef {import("markdown-it").Token} Token
 */

const TILDE = 0x7e;
/** Two tildes and one are different marks: markdown-it pairs those with the same number. */
const ONE_TILDE = -TILDE;
const SPECIAL = new RegExp(`[\\n!&*<[\\\\\\]_\`~]|${BEGINS}`, "giu");
const TASK = /^\[([ xX])\][ \t\n]+(?=\S)/;
/** Writing without spaces between words, and the marks of citations: next to them a mark needs no space either. */
const SPACELESS = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Co}]/u;
const SIGN = /[\p{P}\p{S}]/u;
const SPACE = /^$|\s/u;

/** Text up to where something may begin. @param {StateInline} state @param {boolean} silent */
function text(state, silent) {
  SPECIAL.lastIndex = state.pos;
  const end = Math.min(SPECIAL.exec(state.src)?.index ?? state.posMax, state.posMax);
  if (end === state.pos) return false;
  if (!silent) state.pending += state.src.slice(state.pos, end);
  state.pos = end;
  return true;
}

/**
 * A formula keeps its backslashes, `\(…\)` and `\[…\]`: nobody draws it here, but its source can be read.
 * @param {StateInline} state
 * @param {boolean} silent
 */
function formula(state, silent) {
  const { src, pos, posMax } = state;
  const close = { "\\(": "\\)", "\\[": "\\]" }[src.slice(pos, pos + 2)];
  const end = close ? src.indexOf(close, pos + 2) : -1;
  if (end < 0 || end + 2 > posMax || !/[\p{L}\p{N}]/u.test(src.slice(pos + 2, end))) return false;
  if (!silent) state.pending += src.slice(pos, end + 2);
  state.pos = end + 2;
  return true;
}

/** `~~gone~~` and `~gone~`, but no more tildes than two. @param {StateInline} state @param {boolean} silent */
function strikethrough(state, silent) {
  if (silent || state.src.charCodeAt(state.pos) !== TILDE) return false;
  const { length, can_open: open, can_close: close } = state.scanDelims(state.pos, true);
  state.push("text", "", 0).content = "~".repeat(length);
  const marker = length === 1 ? ONE_TILDE : TILDE;
  if (length < 3) state.delimiters.push({ marker, length, token: state.tokens.length - 1, end: -1, open, close });
  state.pos += length;
  return true;
}

/** Make marks of the tildes that found each other. @param {StateInline} state */
function struckThrough(state) {
  const nested = state.tokens_meta.flatMap((meta) => (meta?.delimiters ? [meta.delimiters] : []));
  for (const delimiters of [state.delimiters, ...nested]) {
    for (const { marker, token, end } of delimiters) {
      if (Math.abs(marker) !== TILDE || end < 0) continue;
      mark(state.tokens[token], "s_open", 1);
      mark(state.tokens[delimiters[end].token], "s_close", -1);
    }
  }
}

/** @param {Token} token @param {string} type @param {1 | -1} nesting */
function mark(token, type, nesting) {
  Object.assign(token, { type, tag: "del", nesting, content: "", markup: "~" });
}

/** `[ ]` and `[x]` at the beginning of an item. @param {StateCore} state */
function tasks({ tokens, Token }) {
  tokens.forEach((token, index) => {
    const [item, paragraph] = tokens.slice(Math.max(0, index - 2), index);
    const first = token.children?.[0];
    if (paragraph?.type !== "paragraph_open" || item.type !== "list_item_open" || first?.type !== "text") return;
    const found = TASK.exec(`${first.content}${token.children?.[1] ? "." : ""}`);
    if (!found) return;
    first.content = first.content.slice(found[0].length);
    const box = new Token("checkbox", "input", 0);
    box.meta = { checked: found[1] !== " " };
    token.children?.unshift(box);
  });
}

/** @param {string} letter whether a mark may stand between it and a sign */
const isApart = (letter) => SPACE.test(letter) || SIGN.test(letter) || SPACELESS.test(letter);

const parser = new MarkdownIt({ html: true, breaks: false });

/** Also next to writing that knows no spaces, `**` opens and closes as its reader expects. */
parser.inline.State = class extends parser.inline.State {
  /** @param {number} start @param {boolean} canSplitWord */
  scanDelims(start, canSplitWord) {
    const found = super.scanDelims(start, canSplitWord);
    const before = /.$/su.exec(this.src.slice(Math.max(0, start - 2), start))?.[0] ?? "";
    const after = /^./su.exec(this.src.slice(start + found.length, start + found.length + 2))?.[0] ?? "";
    if (!canSplitWord || !(SPACELESS.test(before) || SPACELESS.test(after))) return found;
    return {
      length: found.length,
      can_open: !SPACE.test(after) && (!SIGN.test(after) || isApart(before)),
      can_close: !SPACE.test(before) && (!SIGN.test(before) || isApart(after)),
    };
  }
};

// Which addresses may be followed is decided where they are drawn.
parser.validateLink = () => true;
parser.normalizeLinkText = (words) => words;
parser.block.ruler.disable("html_block");
parser.inline.ruler.at("text", text);
parser.inline.ruler.at("linkify", address);
parser.inline.ruler.before("escape", "formula", formula);
parser.inline.ruler.at("strikethrough", strikethrough);
parser.inline.ruler2.at("strikethrough", struckThrough);
parser.core.ruler.push("tasks", tasks);

export { parser };
