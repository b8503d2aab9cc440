// @ts-check
// <errand-chat>: a chat element with the surface of OpenAI's ChatKit element, served from here.
// It knows the ChatKit protocol and nothing about tasks, sign-in or the page around it.
import { Chat } from "./chat.js";
import { sheets } from "./styles.js";

/**
 * The options of OpenAI's element that are understood so far. `api.stop` is our addition: the protocol has no request
 * that stops a turn, it only knows a client that hangs up.
 *
 * @typedef {object} Options
 * @property {{url: string, domainKey?: string, fetch?: typeof fetch, stop?: (turnId: string) => Promise<void>}} api
 * @property {string} [locale]
 * @property {string | {colorScheme?: string}} [theme] without it the tokens of the page decide
 * @property {string | null} [initialThread]
 * @property {{enabled?: boolean, title?: {enabled?: boolean, text?: string}}} [header]
 * @property {{enabled?: boolean, showDelete?: boolean, showRename?: boolean}} [history]
 * @property {{greeting?: string, prompts?: {label: string, prompt: string | Record<string, any>[], icon?: string}[]}} [startScreen]
 * @property {{placeholder?: string}} [composer]
 * @property {{text: string}} [disclaimer]
 * @property {(call: {name: string, params: Record<string, any>}) => any} [onClientTool]
 *
 * @typedef {object} Message as in OpenAI's `sendUserMessage`
 * @property {string} [text]
 * @property {Record<string, any>[]} [content] in place of `text`
 * @property {string} [reply]
 * @property {{id: string}[]} [attachments]
 * @property {boolean} [newThread]
 * @property {{id: string}} [toolChoice]
 * @property {string} [model]
 */

export class ErrandChat extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = sheets;
    /** @type {Chat | null} */
    this.chat = null;
    this.onNetwork = () => this.chat?.drawNetwork();
  }

  connectedCallback() {
    addEventListener("online", this.onNetwork);
    addEventListener("offline", this.onNetwork);
    this.chat?.composer.fit();
  }

  disconnectedCallback() {
    removeEventListener("online", this.onNetwork);
    removeEventListener("offline", this.onNetwork);
  }

  get inside() {
    if (!this.chat) throw new Error("Call setOptions first.");
    return this.chat;
  }

  /** Replaces all options, never merges. @param {Options} options */
  setOptions(options) {
    const scheme = typeof options.theme === "string" ? options.theme : options.theme?.colorScheme;
    if (scheme) this.dataset.theme = scheme;
    else delete this.dataset.theme;
    if (this.chat) return this.chat.setOptions(options);
    this.chat = new Chat(/** @type {ShadowRoot} */ (this.shadowRoot), options, (name, detail) => {
      this.dispatchEvent(new CustomEvent(`chatkit.${name}`, { detail, bubbles: true, composed: true }));
    });
    this.chat.start();
  }

  async focusComposer() {
    this.inside.composer.input.focus();
  }

  /** @param {string | null} threadId `null` for a new conversation */
  async setThreadId(threadId) {
    await this.inside.open(threadId);
  }

  get threadId() {
    return this.chat?.thread?.id ?? null;
  }

  /** Scroll to an item of the open conversation. @param {string} itemId */
  async showItem(itemId) {
    return this.inside.showItem(itemId);
  }

  /** @param {Message} message */
  async sendUserMessage(message) {
    await this.inside.send(message);
  }

  /** @param {{type: string, payload?: Record<string, any>}} action @param {string} [itemId] */
  async sendCustomAction(action, itemId) {
    await this.inside.sendAction(action, itemId);
  }

  /** @param {{text?: string, content?: {text: string}[]}} value */
  async setComposerValue({ text, content }) {
    this.inside.composer.value = text ?? (content ?? []).map((part) => part.text).join("");
  }

  async showHistory() {
    this.inside.showHistory();
  }

  async hideHistory() {
    this.inside.hideHistory();
  }

  /** Bring the open conversation up to date with the server. */
  async fetchUpdates() {
    await this.inside.fetchUpdates();
  }
}

customElements.define("errand-chat", ErrandChat);
