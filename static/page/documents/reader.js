// @ts-check
// The document view: the text that was read, with its headings, and the passage that a citation points to.
import { h } from "../../chat/dom.js";

/**
 * @typedef {{start: number, end: number, kind: string, level: number, page: number | null}} Block
 * @typedef {{id: string, title: string, text: string, blocks: Block[], passages: {key: string, start: number, end:
 *   number}[]}} Content
 * @typedef {{start: number, end: number, key: string}} Place characters of the text, and the passage that stood there
 */

const QUOTE_LENGTH = 1_500;
const ADDRESS = /^\/documents\/(doc_[0-9a-f]{32})$/;
const SPAN = /^#(\d+)-(\d+)(?:~([a-z2-7]+))?$/;

/**
 * What an address shows.
 * @param {string} path
 * @param {string} hash
 * @returns {{id: string, place: Place | null} | null}
 */
export function readAddress(path, hash) {
  const found = ADDRESS.exec(path);
  const span = SPAN.exec(hash);
  return found
    ? { id: found[1], place: span ? { start: Number(span[1]), end: Number(span[2]), key: span[3] ?? "" } : null }
    : null;
}

export class Reader {
  /**
   * @param {HTMLElement} root @param {import("../api.js").Api} api
   * @param {{onShow: (shown: boolean) => void, onAsk: (quote: string) => void}} options
   */
  constructor(root, api, { onShow, onAsk }) {
    this.root = root;
    this.api = api;
    this.onShow = onShow;
    this.onAsk = onAsk;
    this.find = (/** @type {string} */ name) =>
      /** @type {HTMLElement} */ (root.querySelector(`[data-part="${name}"]`));
    this.body = this.find("reader-body");
    this.ask = this.find("reader-ask");
    /** @type {Content | null} */
    this.content = null;
    /** Aborted when another document is asked for. */
    this.asked = "";
    this.find("reader-close").addEventListener("click", () => this.close());
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || event.defaultPrevented) return;
      event.preventDefault();
      this.close();
    });
    document.addEventListener("selectionchange", () => this.offer());
    this.body.addEventListener("scroll", () => this.offer(), { passive: true });
    // The button must not take the selection away before the click.
    this.ask.addEventListener("pointerdown", (event) => event.preventDefault());
    this.ask.addEventListener("click", () => this.quote());
    addEventListener("popstate", () => this.follow());
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** Show what the address says. */
  follow() {
    const found = readAddress(location.pathname, location.hash);
    if (found) this.show(found.id, found.place);
    else this.hide();
  }

  /** Open an address of a document, as citations have it. @param {string} url @returns {boolean} whether it is one */
  visit(url) {
    const { pathname, hash, origin } = new URL(url, location.origin);
    const found = origin === location.origin ? readAddress(pathname, hash) : null;
    if (!found) return false;
    if (location.pathname + location.hash !== pathname + hash) history.pushState(null, "", pathname + hash);
    this.show(found.id, found.place);
    return true;
  }

  close() {
    if (readAddress(location.pathname, "")) history.pushState(null, "", "/");
    this.hide();
  }

  hide() {
    this.asked = "";
    this.content = null; // it may be read anew until it is opened again
    this.root.hidden = true;
    this.ask.hidden = true;
    this.onShow(false);
  }

  /** @param {string} id @param {Place | null} place */
  async show(id, place) {
    this.root.hidden = false;
    this.onShow(true);
    this.asked = id;
    if (this.content?.id !== id) {
      this.content = null;
      this.find("reader-title").textContent = "";
      this.body.replaceChildren();
      const content = await this.load(id);
      if (this.asked !== id || !content) return;
      this.content = content;
      this.find("reader-title").textContent = content.title;
    }
    this.draw(/** @type {Content} */ (this.content), place);
  }

  /** @param {string} id @returns {Promise<Content | null>} */
  async load(id) {
    try {
      return await this.api.request("GET", `documents/${id}/text`);
    } catch (error) {
      const { status, message } = /** @type {any} */ (error);
      const text =
        status === 404
          ? "There is no such document. It may have been deleted."
          : `The document could not be loaded. ${message}`;
      if (this.asked === id)
        this.body.replaceChildren(h("p", { class: "secondary", "data-testid": "reader-error" }, text));
      return null;
    }
  }

  /** A document that was deleted is not shown. @param {string} id */
  forget(id) {
    if (this.asked === id) this.close();
  }

  /** @param {Content} content @param {Place | null} place */
  draw({ text, blocks, passages }, place) {
    const cut = cutter(text);
    // The document may have been read anew since it was cited: the passage stands elsewhere, or not at all.
    const span = place?.key ? (passages.find(({ key }) => key === place.key) ?? null) : place;
    let page = /** @type {number | null} */ (null);
    const nodes = [];
    for (const block of blocks) {
      if (block.page !== null && block.page !== page) {
        page = block.page;
        nodes.push(h("p", { class: "page-mark" }, `Page ${page}`));
      }
      nodes.push(drawn(block, cut, span));
    }
    this.body.replaceChildren(
      h(
        "div",
        { class: "reader-text" },
        place && !span
          ? h(
              "p",
              { class: "secondary", role: "status", "data-testid": "reader-changed" },
              "The document was changed since it was cited: the passage does not stand in it any more.",
            )
          : null,
        ...nodes,
      ),
    );
    const mark = this.body.querySelector("mark");
    if (mark) mark.scrollIntoView({ block: "center" });
    else this.body.scrollTop = 0;
    this.body.focus({ preventScroll: true });
  }

  /** Offer to ask about what is selected. */
  offer() {
    const selection = getSelection();
    const range = selection?.rangeCount && !selection.isCollapsed ? selection.getRangeAt(0) : null;
    const inside =
      range && this.isOpen && this.body.contains(range.commonAncestorContainer) && String(selection).trim();
    this.ask.hidden = !inside;
    if (!inside) return;
    const box = range.getBoundingClientRect();
    const frame = this.body.getBoundingClientRect();
    const top = box.top - this.ask.offsetHeight - 8;
    this.ask.style.top = `${Math.max(frame.top + 8, Math.min(top, frame.bottom - 48))}px`;
    const left = box.left + box.width / 2 - this.ask.offsetWidth / 2;
    this.ask.style.left = `${Math.max(frame.left + 8, Math.min(left, frame.right - this.ask.offsetWidth - 8))}px`;
  }

  quote() {
    const words = String(getSelection()).trim().slice(0, QUOTE_LENGTH);
    if (!words) return;
    getSelection()?.removeAllRanges();
    this.ask.hidden = true;
    this.onAsk(`${words}\n– ${this.content?.title ?? ""}`);
  }
}

/**
 * A function that cuts by the server's places: those count characters, JavaScript counts UTF-16 units.
 * @param {string} text @returns {(start: number, end: number) => string}
 */
function cutter(text) {
  if (!/[\ud800-\udbff]/.test(text)) return (start, end) => text.slice(start, end);
  const characters = Array.from(text);
  return (start, end) => characters.slice(start, end).join("");
}

/**
 * @param {Block} block
 * @param {(start: number, end: number) => string} cut
 * @param {{start: number, end: number} | null} span
 */
function drawn({ start, end, kind, level }, cut, span) {
  const tag = kind === "heading" ? `h${Math.min(level + 1, 6)}` : kind === "code" ? "pre" : "p";
  const node = h(tag, { class: kind === "item" ? `item depth-${Math.min(level, 4)}` : kind });
  const [from, to] = span ? [clamp(span.start, start, end), clamp(span.end, start, end)] : [start, start];
  if (from >= to) node.append(cut(start, end));
  else node.append(cut(start, from), h("mark", {}, cut(from, to)), cut(to, end));
  return node;
}

/** @param {number} value @param {number} low @param {number} high */
function clamp(value, low, high) {
  return Math.max(low, Math.min(value, high));
}
