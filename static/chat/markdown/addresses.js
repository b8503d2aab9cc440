// @ts-check
// Addresses that stand in a text as they are, without brackets (GFM, "Autolinks (extension)").

/** @typedef {import("markdown-it").StateInline} StateInline */

const WEB = /(?<![\p{L}\p{N}])(?:(?:https?|ftp):\/\/|www\.)(?=[^\s<])[^\s<\uE000-\uE002]+/iuy;
const MAIL = /(?<![\w.+-])(?:mailto:|xmpp:)?[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+(?:(?<=xmpp:.*)\/[\w.@]+)?/iuy;
/** Where one may begin: what makes the reader of a text stop. */
export const BEGINS =
  "(?<![\\p{L}\\p{N}])(?:(?:https?|ftp):\\/\\/|www\\.|mailto:|xmpp:)(?=[^\\s<])|(?<![\\w.+-])[\\w.+-]{1,64}@(?=\\w)";
/** The name of a letter, such as `&copy;`, at the end. */
const LETTER = /&[a-z\d]+;$/i;
const LETTER_LENGTH = 40;

/**
 * What an address does not end with: punctuation, a letter's name, brackets that no other one opened.
 * @param {string} text
 */
function trimmed(text) {
  const bracket = text.indexOf("]");
  if (bracket >= 0 && !text.slice(0, bracket).includes("[")) return trimmed(text.slice(0, bracket));
  let unopened = text.split(")").length - text.split("(").length;
  let end = text.length;
  for (;;) {
    const last = text.charAt(end - 1);
    if (last === ";") end -= LETTER.exec(text.slice(Math.max(0, end - LETTER_LENGTH), end))?.[0].length ?? 1;
    else if (last === ")" ? unopened-- > 0 : /[?!.,:*_~'"]/.test(last)) end -= 1;
    else return text.slice(0, end);
  }
}

/** Whether a host can be one: parts between dots, no low line in the last two of them. @param {string} address */
function hasHost(address) {
  const parts = address
    .replace(/^\w+:\/\//, "")
    .split(/[/?#:]/, 1)[0]
    .split(".");
  return parts.every(Boolean) && !parts.slice(-2).some((part) => part.includes("_"));
}

/** @param {RegExp} pattern @param {StateInline} state */
function found(pattern, { src, pos }) {
  pattern.lastIndex = pos;
  return pattern.exec(src)?.[0] ?? "";
}

/** @param {StateInline} state @returns {[text: string, href: string] | null} */
function addressAt(state) {
  const web = trimmed(found(WEB, state));
  if (web) return hasHost(web) ? [web, web.replace(/^www\./i, "http://$&")] : null;
  const mail = found(MAIL, state);
  if (!mail || /[-_]$/.test(mail)) return null;
  return [mail, /^(?:mailto|xmpp):/i.test(mail) ? mail : `mailto:${mail}`];
}

/** A rule of markdown-it's. @param {StateInline} state @param {boolean} silent */
export function address(state, silent) {
  // Silent is who looks for the end of a link's words: within these there is no other link.
  const [text, href] = (silent || state.linkLevel ? null : addressAt(state)) ?? [];
  if (!text || !href) return false;
  state.push("link_open", "a", 1).attrs = [["href", state.md.normalizeLink(href)]];
  state.push("text", "", 0).content = text;
  state.push("link_close", "a", -1);
  state.pos += text.length;
  return true;
}
