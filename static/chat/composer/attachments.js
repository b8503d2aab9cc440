// @ts-check
// The files of the next message: taken in, sent ahead, shown with what went wrong.

import { h, icon, iconButton } from "../dom.js";
import { upload } from "../files.js";
import { addingSheet } from "./styles.js";

/**
 * @typedef {import("@openai/chatkit").Attachment} Attachment
 * @typedef {NonNullable<NonNullable<import("@openai/chatkit").ChatKitOptions["composer"]>["attachments"]>} Limits
 * @typedef {{name: string, file: File | null, attachment: Attachment | null, problem: string, controller:
 *   AbortController}} Entry
 */

const MAX_BYTES = 100 * 1024 * 1024;
const MAX_COUNT = 10;

/** Whether a file is of a kind such as "image/*" or "text/plain". @param {string} pattern @param {File} file */
const matches = (pattern, { type }) =>
  pattern === "*" ||
  pattern === "*/*" ||
  pattern === "" ||
  type === pattern ||
  (pattern.endsWith("/*") && type.startsWith(pattern.slice(0, -1)));

/** @param {Limits} limits @param {File} file */
function bytesLimit({ maxSize }, file) {
  if (typeof maxSize !== "object") return maxSize ?? MAX_BYTES;
  const found = Object.entries(maxSize).find(([pattern]) => !["*", ""].includes(pattern) && matches(pattern, file));
  return found?.[1] ?? maxSize["*"] ?? maxSize[""] ?? MAX_BYTES;
}

/** @param {Limits} limits @param {File} file */
function isAccepted({ accept }, file) {
  return (
    !accept ||
    Object.entries(accept).some(
      ([pattern, endings]) =>
        matches(pattern, file) || endings.some((ending) => file.name.toLowerCase().endsWith(ending.toLowerCase())),
    )
  );
}

export class Attachments {
  /**
   * @param {{strings: import("../words/words.js").Strings, client: () => import("../protocol.js").Client, limits: () =>
   *   Limits, onChange: () => void, adopt: (sheet: CSSStyleSheet) => void}} context
   */
  constructor(context) {
    this.context = context;
    context.adopt(addingSheet);
    /** @type {Entry[]} */
    this.entries = [];
    this.node = h("ul", { class: "chips" });
    this.picker = /** @type {HTMLInputElement} */ (
      h("input", {
        type: "file",
        multiple: true,
        hidden: true,
        "data-testid": "attach-files",
        onchange: () => {
          this.add([...(this.picker.files ?? [])]);
          this.picker.value = "";
        },
      })
    );
  }

  get isSending() {
    return this.entries.some(({ attachment, problem }) => !attachment && !problem);
  }

  /** Those that have arrived. @returns {Attachment[]} */
  get ready() {
    return this.entries.flatMap(({ attachment }) => attachment ?? []);
  }

  choose() {
    const { accept } = this.context.limits();
    this.picker.accept = Object.entries(accept ?? {})
      .flatMap(([type, endings]) => [type, ...endings])
      .join(",");
    this.picker.click();
  }

  /** @param {File[]} files */
  async add(files) {
    await Promise.all(
      files.map((file) => {
        /** @type {Entry} */
        const entry = {
          name: file.name,
          file,
          attachment: null,
          problem: this.refusal(file),
          controller: new AbortController(),
        };
        this.entries.push(entry);
        return entry.problem ? null : this.send(entry, file);
      }),
    );
    this.changed();
  }

  /** @param {Attachment[]} attachments that are on the server already */
  set(attachments) {
    this.entries = attachments.map((attachment) => ({
      name: attachment.name,
      file: null,
      attachment,
      problem: "",
      controller: new AbortController(),
    }));
    this.changed();
  }

  /** @param {File} file */
  refusal(file) {
    const { strings, limits } = this.context;
    const { maxCount = MAX_COUNT } = limits();
    const most = bytesLimit(limits(), file);
    if (!isAccepted(limits(), file)) return strings.fileKind;
    if (!file.size) return strings.fileEmpty;
    if (file.size > most)
      return strings.fileTooLarge(most >= 1e6 ? `${Math.floor(most / 1e6)} MB` : `${Math.floor(most / 1e3)} kB`);
    return this.entries.filter(({ problem }) => !problem).length >= maxCount ? strings.filesTooMany(maxCount) : "";
  }

  /** @param {Entry} entry @param {File} file */
  async send(entry, file) {
    const { client, strings } = this.context;
    this.changed();
    try {
      entry.attachment = await upload(client(), file, entry.controller.signal);
    } catch (error) {
      entry.problem = /** @type {Error} */ (error).message || strings.fileFailed;
    }
    this.changed();
  }

  /** @param {Entry} entry */
  async remove(entry) {
    this.entries = this.entries.filter((each) => each !== entry);
    entry.controller.abort();
    this.changed();
    if (entry.attachment && entry.file)
      await this.context.client().request("attachments.delete", { attachment_id: entry.attachment.id });
  }

  /** The message has gone, and its files with it. */
  clear() {
    this.entries = [];
    this.changed();
  }

  changed() {
    this.node.replaceChildren(...this.entries.map((entry) => this.chip(entry)));
    this.context.onChange();
  }

  /** @param {Entry} entry */
  chip(entry) {
    const { strings } = this.context;
    const { name, file, attachment, problem } = entry;
    const picture = file?.type.startsWith("image/") ? this.picture(file) : icon("file");
    const state = problem || (attachment ? "" : strings.sending);
    return h(
      "li",
      {
        class: "chip",
        "data-state": problem ? "failed" : attachment ? "ready" : "sending",
        "data-testid": "attachment",
      },
      attachment || problem ? picture : h("span", { class: "spinner" }),
      h(
        "span",
        { class: "chip-words" },
        h("span", { class: "chip-name" }, name),
        state && h("span", { class: "chip-state", role: problem ? "alert" : "status" }, state),
      ),
      iconButton("close", strings.removeFile(name), {
        "data-testid": "remove-attachment",
        onclick: () => this.remove(entry).catch(() => {}),
      }),
    );
  }

  /** @param {File} file */
  picture(file) {
    const source = URL.createObjectURL(file);
    return h("img", { src: source, alt: "", onload: () => URL.revokeObjectURL(source) });
  }
}
