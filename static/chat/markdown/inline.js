// @ts-check
// What stands within a block of Markdown: emphasis, links, code. Left to right, each letter looked at once; what
// emphasis means is decided at the end (CommonMark 0.31, "A parsing strategy").

/**
 * @typedef {import("./blocks.js").Token} Token @typedef {import("./blocks.js").Links} Links
 * @typedef {{at: number, image: boolean, place: number, active: boolean}} Bracket `at`: behind it in the text; `place`:
 *   among the tokens
 */

const SPECIAL =
  /[\\`<[\]&\n]|!\[|\*+|_+|~+|(?<![\p{L}\p{N}])(?:https?:\/\/|www\.)(?=[^\s<])|(?<![\w.+-])[\w.+-]{1,64}@(?=\w)/giu;
const ESCAPED = /\\([!-/:-@[-`{-~])/y;
const ADDRESS = /<((?:[a-z][a-z\d+.-]{1,31}:[^\s<>]*)|([\w.+-]+@[\w.-]+))>/iy;
const HTML = /<(?:\/?[a-z][^<>]*|!--[\s\S]*?--)>/iy;
const LETTER = /&(?:#\d{1,7}|#x[\da-f]{1,6}|[a-z][a-z\d]{1,31});/iy;
const BARE = /(?:https?:\/\/|www\.)[^\s<\uE000-\uE002]+/iy;
const MAIL = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/y;
const TARGET = new RegExp(
  [
    /\([ \n]*(?:<([^<>\n]*)>|((?:\\.|[^\s()\\]|\((?:\\.|[^\s()\\])*\))*))/,
    /(?:[ \n]+(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|\(((?:\\.|[^()\\])*)\)))?[ \n]*\)/,
  ]
    .map(({ source }) => source)
    .join(""),
  "y",
);
const LABEL = /\[((?:\\.|[^\\[\]])*)\]/y;
/** The marks of citations stand for signs, too. */
const SIGN = /^[\p{P}\p{S}\p{Co}]$/u;
const SPACE = /^\s?$/;

/** HTML has two thousand names of letters, such as `&copy;`: only a parser knows them. @param {string} text */
function letters(text) {
  const area = document.createElement("textarea");
  area.innerHTML = text.replaceAll("<", "&lt;");
  return area.value;
}

/** @param {string} label of a link that is defined elsewhere */
export const labelOf = (label) => label.trim().replace(/\s+/g, " ").toLowerCase();

/** @param {string} text of an address or a title */
export const plain = (text) => text.replace(/\\([!-/:-@[-`{-~])/g, "$1").replace(/&[#\w]+;/g, letters);

/**
 * What a bare address does not end with: punctuation, and brackets that were opened before it.
 * @param {string} address
 */
function trimmed(address) {
  let extra = address.split(")").length - address.split("(").length;
  let end = address.length;
  for (; end > 0; end -= 1) {
    const last = address[end - 1];
    if (last === ")" ? extra-- <= 0 : !/[?!.,:;*_~'"]/.test(last)) break;
  }
  return address.slice(0, end);
}

class Line {
  /** @param {string} text @param {Links} links */
  constructor(text, links) {
    this.text = text;
    this.links = links;
    this.at = 0;
    /** @type {Token[]} */
    this.tokens = [];
    /** @type {Bracket[]} */
    this.brackets = [];
  }

  read() {
    const { text } = this;
    for (;;) {
      SPECIAL.lastIndex = this.at;
      const found = SPECIAL.exec(text);
      this.say(text.slice(this.at, found?.index));
      if (!found) return emphasized(this.tokens);
      this.at = found.index;
      this.special(found[0]);
    }
  }

  /** What a pattern finds here, which is passed then. @param {RegExp} pattern */
  match(pattern) {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text);
    if (found) this.at = pattern.lastIndex;
    return found;
  }

  /** @param {string} text */
  say(text) {
    if (text) this.tokens.push({ type: "text", text });
  }

  /** @param {string} mark */
  special(mark) {
    const { at } = this;
    switch (mark[0]) {
      case "\\":
        if (this.escape()) return;
        break;
      case "`":
        return this.code();
      case "<":
        if (this.address() || this.html()) return;
        break;
      case "&":
        if (this.letter()) return;
        break;
      case "\n":
        return this.lineEnd();
      case "]":
        if (this.bracketEnd()) return;
        break;
      case "*":
      case "_":
      case "~":
        return this.delimiter(mark);
      case "[":
      case "!":
        this.at += mark.length;
        this.brackets.push({ at: this.at, image: mark.length > 1, place: this.tokens.length, active: true });
        return this.say(mark);
      default:
        if (this.bare(mark)) return;
    }
    this.at = at + mark.length;
    this.say(mark);
  }

  escape() {
    const found = this.match(ESCAPED);
    if (found) this.say(found[1]);
    return found;
  }

  code() {
    const [fence] = /** @type {RegExpExecArray} */ (this.match(/`+/y));
    const end = new RegExp(`(?<!\`)\`{${fence.length}}(?!\`)`, "g");
    end.lastIndex = this.at;
    const found = end.exec(this.text);
    if (!found) return this.say(fence);
    const text = this.text.slice(this.at, found.index).replaceAll("\n", " ");
    this.tokens.push({
      type: "codespan",
      text: /^ .*[^ ].* $/.test(text) || /^ [^ ] $/.test(text) ? text.slice(1, -1) : text,
    });
    this.at = end.lastIndex;
  }

  address() {
    const found = this.match(ADDRESS);
    if (found) this.link(found[2] ? `mailto:${found[2]}` : found[1], [{ type: "text", text: found[1] }]);
    return found;
  }

  html() {
    const found = this.match(HTML);
    if (found) this.tokens.push({ type: "html", raw: found[0] });
    return found;
  }

  letter() {
    const found = this.match(LETTER);
    if (found) this.say(letters(found[0]));
    return found;
  }

  /** A line that ends in the source ends on screen. */
  lineEnd() {
    this.at += 1;
    const last = this.tokens.at(-1);
    if (last?.type === "text") last.text = last.text?.replace(/ +$|\\$/, "");
    this.match(/ +/y);
    this.tokens.push({ type: "br" });
  }

  /** An address that stands in the text as it is. @param {string} mark */
  bare(mark) {
    const { at } = this;
    const isMail = mark.endsWith("@");
    const found = this.match(isMail ? MAIL : BARE);
    if (!found) return false;
    const address = isMail ? found[0] : trimmed(found[0]);
    this.at = at + address.length;
    this.link(isMail ? `mailto:${address}` : address.replace(/^www\./i, "http://$&"), [
      { type: "text", text: address },
    ]);
    return true;
  }

  /** @param {string} href @param {Token[]} tokens @param {string} [title] */
  link(href, tokens, title) {
    this.tokens.push({ type: "link", href, title, tokens });
  }

  /** @param {string} mark */
  delimiter(mark) {
    const before = this.text.slice(0, this.at).match(/.$/su)?.[0] ?? "";
    this.at += mark.length;
    const after = this.text.slice(this.at).match(/^./su)?.[0] ?? "";
    const left = !SPACE.test(after) && (!SIGN.test(after) || SPACE.test(before) || SIGN.test(before));
    const right = !SPACE.test(before) && (!SIGN.test(before) || SPACE.test(after) || SIGN.test(after));
    const inWord = mark[0] === "_" && left && right;
    this.tokens.push({
      type: "delimiter",
      sign: mark[0],
      count: mark.length,
      length: mark.length,
      opens: left && (!inWord || SIGN.test(before)),
      closes: right && (!inWord || SIGN.test(after)),
    });
  }

  /** Make a link or an image of what stands in the brackets, if it is followed by where it leads. */
  bracketEnd() {
    const open = this.brackets.pop();
    if (!open?.active) return false;
    const target = this.target(open);
    if (!target) return false;
    const [, ...inner] = this.tokens.splice(open.place);
    if (open.image) {
      this.tokens.push({ type: "image", ...target, text: emphasized(inner).map(wordsOf).join("") });
    } else {
      // No links in links.
      this.link(
        target.href,
        emphasized(inner.flatMap((token) => (token.type === "link" ? (token.tokens ?? []) : token))),
        target.title,
      );
      for (const bracket of this.brackets) bracket.active &&= bracket.image;
    }
    return true;
  }

  /** @param {Bracket} open */
  target(open) {
    const words = this.text.slice(open.at, this.at);
    this.at += 1;
    const found = this.match(TARGET);
    if (found) return { href: plain(found[1] ?? found[2]), title: plain(found[3] ?? found[4] ?? found[5] ?? "") };
    const label = this.match(LABEL)?.[1] || words;
    return this.links.get(labelOf(label));
  }
}

/** @param {Token} token @returns {string} */
function wordsOf({ text, tokens }) {
  return text ?? (tokens ?? []).map(wordsOf).join("");
}

/**
 * Turn pairs of delimiters into emphasis, and what is left of them into text.
 * @param {Token[]} tokens
 * @returns {Token[]}
 */
function emphasized(tokens) {
  /** Below these there is no partner for a closing delimiter of that kind. @type {Map<string, number>} */
  const bottoms = new Map();
  for (let close = 0; close < tokens.length; close += 1) {
    const closer = tokens[close];
    if (closer.type !== "delimiter" || !closer.closes) continue;
    const kind = `${closer.sign}${closer.opens}${closer.length % 3}`;
    const open = openerOf(tokens, close, bottoms.get(kind) ?? 0);
    if (open < 0) {
      bottoms.set(kind, close);
      continue;
    }
    close = wrap(tokens, open, close);
  }
  return merged(tokens);
}

/** @param {Token[]} tokens @param {number} close @param {number} bottom @returns {number} */
function openerOf(tokens, close, bottom) {
  const closer = tokens[close];
  for (let open = close - 1; open >= bottom; open -= 1) {
    const { type, sign, opens, closes, count, length } = tokens[open];
    if (type !== "delimiter" || sign !== closer.sign || !opens || !count) continue;
    if (
      sign === "~"
        ? count === closer.count && count < 3
        : !(closes || closer.opens) || (length + closer.length) % 3 || !(length % 3 || closer.length % 3)
    )
      return open;
  }
  return -1;
}

/** @param {Token[]} tokens @param {number} open @param {number} close @returns {number} where to look on */
function wrap(tokens, open, close) {
  const [opener, closer] = [tokens[open], tokens[close]];
  const size = opener.sign === "~" ? opener.count : Math.min(2, opener.count, closer.count);
  const type = opener.sign === "~" ? "del" : size > 1 ? "strong" : "em";
  opener.count -= size;
  closer.count -= size;
  const inner = merged(tokens.slice(open + 1, close));
  const kept = (/** @type {Token} */ token) => (token.count ? [token] : []);
  const left = kept(opener);
  tokens.splice(open, close - open + 1, ...left, { type, tokens: inner }, ...kept(closer));
  return open + left.length;
}

/** @param {Token[]} tokens */
function merged(tokens) {
  /** @type {Token[]} */
  const found = [];
  for (const token of tokens) {
    const text =
      token.type === "delimiter" ? token.sign.repeat(token.count) : token.type === "text" ? token.text : null;
    const last = found.at(-1);
    if (text === null) found.push(token);
    else if (last?.type === "text") last.text += text;
    else found.push({ type: "text", text });
  }
  return found;
}

/** @param {string} text @param {Links} links @returns {Token[]} */
export function inline(text, links) {
  return new Line(text, links).read();
}
