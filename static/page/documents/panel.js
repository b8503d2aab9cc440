// @ts-check
// The documents panel: what answers may come from, and how it gets here.
import { h, icon, iconButton, uuid } from "../../chat/dom.js";
import { morph } from "../../chat/morph.js";
import { ApiError } from "../api.js";

/**
 * @param {import("../api.js").Api} api @param {File} file
 * @param {(share: number) => void} onProgress from 0 to 1
 * @returns {Promise<any>} the document, as the server answers
 */
export async function upload(api, file, onProgress) {
  const token = await api.session.token();
  const userId = encodeURIComponent(await api.session.userId());
  const body = new FormData();
  body.append("file", file);
  const request = new XMLHttpRequest();
  request.open("POST", `${api.apiUrl}/${userId}/documents`);
  request.setRequestHeader("Authorization", `Bearer ${token}`);
  request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
  await new Promise((resolve, reject) => {
    request.addEventListener("load", resolve);
    request.addEventListener("error", () => reject(new Error("The connection to the server was lost.")));
    request.send(body);
  });
  const answer = parsed(request.responseText);
  if (request.status >= 400) throw new ApiError(request.status, answer);
  return answer;
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * @typedef {{id: string, name: string, title: string, kind: string, bytes: number, state: "waiting" | "reading" |
 *   "ready" | "failed", problem: string | null, progress: number, pages: number | null, passages: number, shared_with:
 *   string | null, is_mine: boolean}} Document
 * @typedef {{file: File, key: string, share: number, problem: string}} Sending
 */

const PAGE = 100;
const AGAIN_MS = 700;
const KINDS = { pdf: "PDF", docx: "Word", html: "HTML", markdown: "Markdown", text: "Text" };

export class DocumentsPanel {
  /**
   * @param {HTMLElement} root @param {import("../api.js").Api} api
   * @param {{bytesLimit: number, open: (id: string) => void, onDeleted: (id: string) => void}} options
   */
  constructor(root, api, { bytesLimit, open, onDeleted }) {
    this.api = api;
    this.bytesLimit = bytesLimit;
    this.open = open;
    this.onDeleted = onDeleted;
    this.find = (/** @type {string} */ name) =>
      /** @type {HTMLElement} */ (root.querySelector(`[data-part="${name}"]`));
    /** @type {Document[]} */
    this.documents = [];
    /** @type {string | null} */
    this.cursor = null;
    /** @type {Sending[]} */
    this.sending = [];
    /** The document whose deletion was asked for once. @type {string | null} */
    this.sure = null;
    this.timer = 0;
  }

  /** One after the other, so that a folder of files does not fill the line. @param {File[]} files */
  async send(files) {
    const added = files.map((file) => ({ file, key: `sending ${uuid()}`, share: 0, problem: this.refusal(file) }));
    this.sending.unshift(...added);
    this.draw();
    for (const sending of added) {
      if (sending.problem) continue;
      try {
        await upload(this.api, sending.file, (share) => {
          sending.share = share;
          this.draw();
        });
        this.forget(sending);
      } catch (error) {
        sending.problem = /** @type {Error} */ (error).message;
      }
      await this.load();
    }
  }

  /** @param {File} file */
  refusal(file) {
    if (!file.size) return "The file is empty.";
    return file.size > this.bytesLimit ? `The file is larger than ${this.bytesLimit / 1_000_000} MB.` : "";
  }

  /** @param {Sending} sending */
  forget(sending) {
    this.sending = this.sending.filter((each) => each !== sending);
  }

  /** Fetch the list, and again for as long as something on it is being read. */
  async load() {
    clearTimeout(this.timer);
    try {
      const page = await this.api.request("GET", `documents?limit=${PAGE}`);
      this.documents = page.items;
      this.cursor = page.next_cursor;
      this.fail("");
    } catch (error) {
      this.fail(`The documents could not be loaded. ${/** @type {Error} */ (error).message}`);
    }
    this.draw();
    if (this.documents.some(({ state }) => state === "waiting" || state === "reading")) {
      this.timer = setTimeout(() => this.load(), AGAIN_MS);
    }
  }

  async loadMore() {
    const page = await this.api.request("GET", `documents?limit=${PAGE}&cursor=${this.cursor}`);
    this.documents.push(...page.items);
    this.cursor = page.next_cursor;
    this.draw();
  }

  /** @param {string} text */
  fail(text) {
    this.find("document-error").textContent = text;
    this.find("document-error").hidden = !text;
  }

  draw() {
    const list = this.find("document-list");
    const next = /** @type {HTMLElement} */ (list.cloneNode(false));
    next.append(...this.sending.map((each) => this.sendingRow(each)), ...this.documents.map((each) => this.row(each)));
    morph(list, next, () => {});
    this.find("document-none").hidden = this.sending.length + this.documents.length > 0;
    const more = this.find("document-more");
    more.hidden = !this.cursor;
    more.onclick = () => this.loadMore().catch((error) => this.fail(error.message));
  }

  /** @param {Sending} sending */
  sendingRow(sending) {
    const { file, key, share, problem } = sending;
    return h(
      "li",
      { class: "document", "data-key": key, "data-state": problem ? "failed" : "sending", "data-testid": "document" },
      h(
        "div",
        { class: "document-main" },
        h("p", { class: "document-title" }, file.name),
        ...(problem
          ? [failure(problem)]
          : [h("p", { class: "secondary" }, `Sending ${Math.round(share * 100)} %`), bar(share)]),
      ),
      problem
        ? iconButton("close", `Forget ${file.name}`, {
            onclick: () => {
              this.forget(sending);
              this.draw();
            },
          })
        : null,
    );
  }

  /** @param {Document} document */
  row(document) {
    const { id, title, name, state, problem, progress, is_mine: isMine } = document;
    const label = title || name;
    const canOpen = document.passages > 0;
    const heading = canOpen
      ? h(
          "button",
          { type: "button", class: "document-title", "data-testid": "open-document", onclick: () => this.open(id) },
          label,
        )
      : h("p", { class: "document-title" }, label);
    const again =
      state === "failed" && isMine
        ? h("button", { type: "button", class: "link", onclick: () => this.readAgain(id) }, "Try again")
        : null;
    return h(
      "li",
      { class: "document", "data-key": id, "data-state": state, "data-testid": "document" },
      h(
        "div",
        { class: "document-main" },
        heading,
        state === "failed" ? failure(problem ?? "", again) : h("p", { class: "secondary" }, facts(document)),
        state === "waiting" || state === "reading" ? bar(state === "reading" ? progress / 100 : 0) : null,
      ),
      isMine ? this.deleteButton(document, label) : null,
    );
  }

  /**
   * Cannot be taken back, so it asks: the button itself is the question.
   * @param {Document} document
   * @param {string} label
   */
  deleteButton({ id }, label) {
    const isSure = this.sure === id;
    const button = iconButton("trash", `${isSure ? "Really delete" : "Delete"} ${label}`, {
      "data-testid": "delete-document",
      class: isSure ? "icon-button sure" : "icon-button",
      onclick: () => (this.sure === id ? this.delete(id) : this.ask(id)),
      onblur: () => queueMicrotask(() => this.ask(null)),
    }); // drawing may be what took the focus
    if (isSure) button.replaceChildren("Delete");
    return button;
  }

  /** @param {string | null} id */
  ask(id) {
    if (this.sure === id) return;
    this.sure = id;
    this.draw();
  }

  /** @param {string} id */
  async delete(id) {
    await this.act("DELETE", `documents/${id}`);
    this.onDeleted(id);
  }

  /** @param {string} id */
  async readAgain(id) {
    await this.act("POST", `documents/${id}/read`);
  }

  /** @param {string} method @param {string} path */
  async act(method, path) {
    try {
      await this.api.request(method, path);
      await this.load();
    } catch (error) {
      this.fail(/** @type {Error} */ (error).message);
    }
  }
}

/** What is known of a document, in one line. @param {Document} document */
function facts({ kind, state, progress, pages, passages, shared_with: group, bytes }) {
  if (state === "waiting") return "Waiting to be read";
  if (state === "reading") return progress ? `Reading ${progress} %` : "Reading…";
  const size = pages
    ? `${pages} ${pages === 1 ? "page" : "pages"}`
    : `${passages} ${passages === 1 ? "passage" : "passages"}`;
  const known = KINDS[/** @type {keyof typeof KINDS} */ (kind)] ?? `${Math.ceil(bytes / 1000)} kB`;
  return [known, size, group ? `shared with ${group}` : ""].filter(Boolean).join(" · ");
}

/** @param {string} problem @param {HTMLElement | null} [action] */
function failure(problem, action = null) {
  return h(
    "p",
    { class: "document-problem", "data-testid": "document-problem" },
    icon("warn"),
    h("span", {}, problem, action ? " " : null, action),
  );
}

/** @param {number} share from 0 to 1 */
function bar(share) {
  return h("progress", { max: 1, value: share });
}
