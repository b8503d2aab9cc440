// @ts-check
// Markdown (CommonMark with GFM's tables, task lists, strikethrough and bare addresses) to tokens: the blocks, line by
// line. HTML is not known: it stays the characters that it is.
import { inline, labelOf, plain } from "./inline.js";

/**
 * @typedef {{type: string, raw?: string, text?: string, tokens?: Token[], [member: string]: any}} Token `raw` is the
 *   source of
 *   a block
 * @typedef {Map<string, {href: string, title?: string}>} Links by their labels
 */

/** So deep lists and quotes stand in each other; what is deeper is text. */
const DEPTH = 24;
const BLANK = /^[ \t]*$/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))??(?:[ \t]+#+)?[ \t]*$/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const FENCE = /^( {0,3})(`{3,}|~{3,})[ \t]*(.*)$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([*+-]|(\d{1,9})[.)])(?:([ \t]+)(.*)|$)/;
const TASK = /^\[([ xX])\][ \t]+(?=\S)/;
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const COLUMNS = /^ {0,3}(?:\|[ \t]*)?:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const DEFINITION =
  /^ {0,3}\[((?:\\.|[^\\[\]])+)\]:[ \t]*(?:<([^<>]*)>|(\S+))(?:[ \t]+(?:"(.*)"|'(.*)'|\((.*)\)))?[ \t]*$/;

/** How far a line is indented; tabs lead to the next fourth column. @param {string} line */
function indentOf(line) {
  let width = 0;
  for (const letter of line) {
    if (letter === " ") width += 1;
    else if (letter === "\t") width += 4 - (width % 4);
    else break;
  }
  return width;
}

/** Take so many columns of indentation away. @param {string} line @param {number} columns */
function outdent(line, columns) {
  const width = indentOf(line);
  return " ".repeat(Math.max(0, width - columns)) + line.trimStart();
}

/** @param {string} line */
function fenceOf(line) {
  const found = FENCE.exec(line);
  return found && !(found[2][0] === "`" && found[3].includes("`")) ? found : null;
}

/** Whether a line ends the paragraph before it. @param {string} line */
function interrupts(line) {
  const item = ITEM.exec(line);
  return (
    HEADING.test(line) ||
    RULE.test(line) ||
    QUOTE.test(line) ||
    Boolean(fenceOf(line)) ||
    Boolean(item?.[5] && (item[3] ?? "1") === "1")
  );
}

/** @param {string} row @returns {string[]} */
function cellsOf(row) {
  const inner = row.trim().replace(/^\||(?<!\\)\|$/g, "");
  return inner.split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll("\\|", "|"));
}

/**
 * Reads lines from `at` on, one kind of block a method. What stands in a list or a quote is read by a reader of its
 * own.
 */
class Reader {
  /** @param {string[]} lines @param {Links} links @param {number} [depth] */
  constructor(lines, links, depth = 0) {
    this.lines = lines;
    this.links = links;
    this.depth = depth;
    this.at = 0;
  }

  get line() {
    return this.lines[this.at] ?? "";
  }

  blocks() {
    /** @type {Token[]} */
    const found = [];
    for (; this.at < this.lines.length; ) {
      const from = this.at;
      const token = BLANK.test(this.line)
        ? this.blank()
        : (this.code() ??
          this.fence() ??
          this.heading() ??
          this.rule() ??
          this.quote() ??
          this.list() ??
          this.definition() ??
          this.table() ??
          this.paragraph());
      if (token) found.push({ ...token, raw: this.lines.slice(from, this.at).join("\n"), from });
    }
    return found;
  }

  /** What stands in a list or a quote. @param {string[]} lines */
  inside(lines) {
    return new Reader(lines, this.links, this.depth + 1).blocks();
  }

  blank() {
    this.at += 1;
    return null;
  }

  /** The lines from here on that pass. @param {(line: string, index: number) => boolean} test */
  take(test) {
    const from = this.at;
    while (this.at < this.lines.length && test(this.line, this.at - from)) this.at += 1;
    return this.lines.slice(from, this.at);
  }

  code() {
    if (indentOf(this.line) < 4) return null;
    const lines = this.take((line) => indentOf(line) >= 4 || BLANK.test(line));
    return {
      type: "code",
      text: lines
        .map((line) => outdent(line, 4))
        .join("\n")
        .trimEnd(),
    };
  }

  fence() {
    const found = fenceOf(this.line);
    if (!found) return null;
    const [, indent, mark, lang] = found;
    const end = new RegExp(`^ {0,3}\\${mark[0]}{${mark.length},}[ \\t]*$`);
    this.at += 1;
    const lines = this.take((line) => !end.test(line));
    this.at += 1;
    return {
      type: "code",
      lang: lang.trim(),
      text: lines.map((line) => line.replace(new RegExp(`^ {0,${indent.length}}`), "")).join("\n"),
    };
  }

  heading() {
    const found = HEADING.exec(this.line);
    if (!found) return null;
    this.at += 1;
    return { type: "heading", depth: found[1].length, text: found[2] ?? "" };
  }

  rule() {
    if (!RULE.test(this.line)) return null;
    this.at += 1;
    return { type: "hr" };
  }

  quote() {
    if (this.depth > DEPTH || !QUOTE.test(this.line)) return null;
    let isOpen = false; // a paragraph goes on without the mark
    const lines = this.take((line) => {
      const isQuoted = QUOTE.test(line);
      if (!isQuoted && !(isOpen && !BLANK.test(line) && !interrupts(line))) return false;
      const inner = line.replace(QUOTE, "");
      isOpen =
        !BLANK.test(inner) &&
        (!isQuoted || indentOf(inner) < 4) &&
        !fenceOf(inner) &&
        !HEADING.test(inner) &&
        !RULE.test(inner);
      return true;
    });
    return { type: "blockquote", tokens: this.inside(lines.map((line) => line.replace(QUOTE, ""))) };
  }

  list() {
    const first = ITEM.exec(this.line);
    if (this.depth > DEPTH || !first) return null;
    const kind = first[2].at(-1);
    /** @type {(Token & {lines: string[], tokens: Token[]})[]} */
    const items = [];
    for (;;) {
      const found = RULE.test(this.line) ? null : ITEM.exec(this.line);
      if (found?.[2].at(-1) !== kind) break;
      items.push(this.item(/** @type {RegExpExecArray} */ (found)));
    }
    // Blank lines after the last one belong to nobody.
    const loose = items.some(
      ({ lines, tokens }, index) =>
        (index < items.length - 1 && lines.length > 1 && !lines.at(-1)) || hasGap(lines, tokens),
    );
    for (const item of items) settle(item, loose);
    return { type: "list", ordered: first[3] !== undefined, start: Number(first[3]), items };
  }

  /** @param {RegExpExecArray} found */
  item([, indent, mark, , gap = " ", rest = ""]) {
    // Code begins four columns after the space that follows the mark.
    const room = rest && gap.length <= 4 ? gap.length : 1;
    const column = indent.length + mark.length + room;
    const lines = [rest && gap.length > 4 ? gap.slice(1) + rest : rest];
    this.at += 1;
    let isAfterBlank = !rest;
    while (this.at < this.lines.length) {
      const { line } = this;
      const isBlank = BLANK.test(line);
      if (isBlank && lines.length === 1 && !rest) break;
      const isInner = isBlank || indentOf(line) >= column;
      if (!isInner && (isAfterBlank || interrupts(line) || ITEM.test(line))) break;
      lines.push(isBlank ? "" : outdent(line, isInner ? column : 0));
      isAfterBlank = isBlank;
      this.at += 1;
    }
    const task = TASK.exec(lines[0]);
    if (task) lines[0] = lines[0].slice(task[0].length);
    return {
      type: "item",
      task: Boolean(task),
      checked: task?.[1].toLowerCase() === "x",
      lines,
      tokens: this.inside(lines),
    };
  }

  definition() {
    const found = DEFINITION.exec(this.line);
    if (!found) return null;
    const [, label, bare, href, ...titles] = found;
    const key = labelOf(label);
    if (!this.links.has(key))
      this.links.set(key, {
        href: plain(bare ?? href),
        title: plain(titles.find((title) => title !== undefined) ?? ""),
      });
    this.at += 1;
    return { type: "def" };
  }

  table() {
    const columns = this.lines[this.at + 1] ?? "";
    if (!this.line.includes("|") || !COLUMNS.test(columns)) return null;
    const aligns = cellsOf(columns).map(
      (cell) => ({ ":-": "left", "-:": "right", "::": "center" })[cell.length > 1 ? cell[0] + cell.at(-1) : ""] ?? null,
    );
    const header = cellsOf(this.line);
    if (header.length !== aligns.length) return null;
    this.at += 2;
    const rows = this.take((line) => !BLANK.test(line) && !interrupts(line)).map(cellsOf);
    const cells = (/** @type {string[]} */ row) => aligns.map((align, index) => ({ align, text: row[index] ?? "" }));
    return { type: "table", header: cells(header), rows: rows.map(cells) };
  }

  paragraph() {
    const isTable = () => Boolean(new Reader(this.lines.slice(this.at, this.at + 2), this.links).table());
    const lines = this.take(
      (line, index) => !BLANK.test(line) && !(index && (interrupts(line) || UNDERLINE.test(line) || isTable())),
    );
    const text = lines
      .map((line) => line.trimStart())
      .join("\n")
      .trimEnd();
    const underline = UNDERLINE.exec(this.line);
    if (!underline) return { type: "paragraph", text };
    this.at += 1;
    return { type: "heading", depth: underline[1][0] === "=" ? 1 : 2, text };
  }
}

/** Whether a blank line stands between two blocks. @param {string[]} lines @param {Token[]} tokens */
function hasGap(lines, tokens) {
  return tokens.slice(1).some(({ from }) => BLANK.test(lines[from - 1]));
}

/** Paragraphs of a list without blank lines are mere text. @param {Token} item @param {boolean} loose */
function settle(item, loose) {
  const { task, checked, tokens = [] } = item;
  if (!loose) for (const token of tokens) if (token.type === "paragraph") token.type = "text";
  if (!task) return;
  const box = { type: "checkbox", checked };
  if (tokens[0]?.type === "paragraph") tokens[0].box = box;
  else tokens.unshift(box);
}

/** Read what stands in the lines; links may be defined below their use. @param {Token[]} tokens @param {Links} links */
function fill(tokens, links) {
  for (const token of tokens) {
    if (token.type === "code") continue;
    if (token.text !== undefined) token.tokens = [...(token.box ? [token.box] : []), ...inline(token.text, links)];
    else for (const inner of [token.tokens, token.items, token.header, ...(token.rows ?? [])]) fill(inner ?? [], links);
  }
}

/** @param {string} source @returns {Token[]} */
export function blocks(source) {
  /** @type {Links} */
  const links = new Map();
  const tokens = new Reader(source.replace(/\r\n?/g, "\n").split("\n"), links).blocks();
  fill(tokens, links);
  return tokens;
}
