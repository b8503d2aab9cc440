// @ts-check
// Citations: small raised numbers where an answer takes something from a source, and the sources below it. A source
// whose label stands in the text, such as "#4", is a link on those words instead.
import { h } from "../dom.js";

/**
 * @typedef {{type: string, title: string, url?: string, filename?: string, id?: string, description?: string,
 *   inline_label?: string, interactive?: boolean, icon?: string, group?: string, data?: Record<string, any>}} Source
 *   one of `chatkit.types.Source`
 * @typedef {{source: Source, index?: number | null}} Note an annotation of `chatkit.types`; `index` counts UTF-16 units
 */

// Letters that no text has: they carry a number through the Markdown parser.
const OPEN = "\uE000";
const CLOSE = "\uE001";
const NAMED = "\uE002";
const PLACED = /(\uE000[^\uE001]*\uE001)/;
const FOREIGN = /[\uE000-\uE002]/g;

/** Only what opens a page, here or elsewhere. @param {Source} source */
function address({ type, url = "" }) {
  return type === "url" && (/^https?:/i.test(url) || /^\/(?!\/)/.test(url)) ? url : "";
}

/** Numbers the sources of one answer, in the order in which they are cited. */
export class Sources {
  /**
   * @param {import("../words/words.js").Strings} strings
   * @param {(source: Source) => boolean} onOpen whether it opened the source itself
   */
  constructor(strings, onOpen) {
    this.strings = strings;
    this.onOpen = onOpen;
    /** @type {Map<string, {number: number, source: Source}>} */
    this.known = new Map();
    /** Those that are named in the text. @type {Source[]} */
    this.named = [];
  }

  /** @param {Source} source */
  number(source) {
    const key = source.url ?? source.id ?? source.filename ?? source.title;
    const known = this.known.get(key) ?? { number: this.known.size + 1, source };
    this.known.set(key, known);
    return known.number;
  }

  /** @param {Source} source @param {Record<string, any>} props @param {...string} words */
  link(source, props, ...words) {
    const href = address(source);
    if (!href && source.interactive)
      return h("button", { type: "button", class: "link", ...props, onclick: () => this.onOpen(source) }, ...words);
    if (!href) return h("span", { ...props, "aria-label": null }, ...words);
    return h(
      "a",
      {
        href,
        target: "_blank",
        rel: "noopener noreferrer",
        ...props,
        onclick: (/** @type {MouseEvent} */ event) => {
          const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
          if (plain && this.onOpen(source)) event.preventDefault();
        },
      },
      ...words,
    );
  }

  /**
   * @param {string} number
   * @param {string} [label] of what is named: it stands in the text, and `number` is its note's
   */
  mark(number, label) {
    if (label)
      return this.link(
        this.named[Number(number)],
        { title: words(this.named[Number(number)]), "data-testid": "citation" },
        label,
      );
    const found = [...this.known.values()][Number(number) - 1];
    if (!found) return "";
    return h(
      "sup",
      { class: "cite" },
      this.link(
        found.source,
        {
          title: words(found.source),
          "data-testid": "citation",
          "aria-label": this.strings.source(Number(number), words(found.source)),
        },
        number,
      ),
    );
  }

  /** The line of sources below an answer. @param {string} label */
  list(label) {
    return h(
      "ol",
      { class: "sources", "aria-label": label },
      ...[...this.known.values()].map(({ source }) =>
        h("li", {}, this.link(source, { "data-testid": "source" }, words(source))),
      ),
    );
  }

  /**
   * Put numbers into Markdown where the notes stand, and links on what they name. Notes without a place show in the
   * list only.
   * @param {string} text @param {Note[]} notes
   */
  marked(text, notes) {
    // Letter for letter, so that the places stay.
    const plain = text.replace(FOREIGN, " ");
    this.named = notes.map(({ source }) => source);
    const marks = notes.map(({ source, index }, place) => {
      const end = index ?? Infinity;
      const label = source.inline_label ?? "";
      const isNamed = Boolean(label) && plain.slice(0, end).endsWith(label) && end <= plain.length;
      return isNamed
        ? { start: end - label.length, end, mark: `${place}${NAMED}${label}` }
        : { start: end, end, mark: `${this.number(source)}` };
    });
    return marks
      .filter(({ end }) => end <= plain.length)
      .reduceRight(
        (marked, { start, end, mark }) => `${marked.slice(0, start)}${OPEN}${mark}${CLOSE}${marked.slice(end)}`,
        plain,
      );
  }

  /** Replace the numbers in what was drawn by links. @param {Node} root */
  draw(root) {
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode())
      if (PLACED.test(walker.currentNode.nodeValue ?? "")) texts.push(/** @type {Text} */ (walker.currentNode));
    for (const text of texts) {
      text.replaceWith(
        ...text.data.split(PLACED).map((part, index) => {
          const [number, label] = part.slice(1, -1).split(NAMED);
          return index % 2 ? this.mark(number, label) : part;
        }),
      );
    }
  }
}

/** @param {Source} source */
function words({ title, description }) {
  return description ? `${title} · ${description}` : title;
}
