// @ts-check
// <errand-chat>: a chat element with the surface of OpenAI's ChatKit element, served from here.
// It knows the ChatKit protocol and nothing about tasks, sign-in or the page around it.
import { Conversation } from "./conversation/conversation.js";
import { sheets } from "./look/styles.js";
import { languageOf, stringsIn } from "./words/words.js";

/** @typedef {import("./types.js").Options} Options */

export class ErrandChat extends HTMLElement {
  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = sheets;
    /** @type {Conversation | null} */
    this.chat = null;
    /**
     * Resolves once the words are there, which for English they are at once.
     * @type {PromiseWithResolvers<Conversation>}
     */
    this.opening = Promise.withResolvers();
    this.language = "";
    this.onNetwork = () => this.chat?.drawNetwork();
    // What happened in another tab meanwhile, such as a decision on an approval.
    this.onVisible = () => {
      if (document.visibilityState === "visible") this.chat?.refresh();
    };
  }

  connectedCallback() {
    addEventListener("online", this.onNetwork);
    addEventListener("offline", this.onNetwork);
    document.addEventListener("visibilitychange", this.onVisible);
    this.chat?.composer.fit();
  }

  disconnectedCallback() {
    removeEventListener("online", this.onNetwork);
    removeEventListener("offline", this.onNetwork);
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  /** The inside, once it is there. */
  get inside() {
    return this.chat ? Promise.resolve(this.chat) : this.opening.promise;
  }

  /** Replaces all options, never merges. @param {Options} options */
  setOptions(options) {
    this.dress(options);
    const locale = options.locale ?? navigator.language;
    const language = languageOf(locale);
    if (this.chat && language === this.language) return this.chat.setOptions(options);
    this.language = language;
    const strings = stringsIn(language);
    if (strings instanceof Promise) strings.then((words) => this.language === language && this.build(options, words));
    else this.build(options, strings);
  }

  /** @param {Options} options */
  dress({ theme }) {
    const scheme = typeof theme === "string" ? theme : theme?.colorScheme;
    if (scheme) this.dataset.theme = scheme;
    else delete this.dataset.theme;
    if (typeof theme === "object") import("./look/theme.js").then(({ dress }) => dress(this, theme));
  }

  /**
   * Once, and again when another language is chosen.
   * @param {Options} options
   * @param {import("./words/words.js").Strings} strings
   */
  build(options, strings) {
    const before = this.chat;
    const initialThread = before ? (before.thread?.id ?? null) : options.initialThread;
    before?.leave();
    this.dir = strings.dir;
    this.lang = this.language;
    this.chat = new Conversation(
      /** @type {ShadowRoot} */ (this.shadowRoot),
      { ...options, initialThread },
      strings,
      (name, ...[detail]) => {
        this.dispatchEvent(new CustomEvent(`chatkit.${name}`, { detail, bubbles: true, composed: true }));
      },
    );
    this.chat.start();
    this.opening.resolve(this.chat);
  }

  async focusComposer() {
    (await this.inside).composer.input.focus();
  }

  /** @param {string | null} threadId `null` for a new conversation */
  async setThreadId(threadId) {
    await (await this.inside).open(threadId);
  }

  get threadId() {
    return this.chat?.thread?.id ?? null;
  }

  /** Scroll to an item of the open conversation. @param {string} itemId */
  async showItem(itemId) {
    return (await this.inside).pages.showItem(itemId);
  }

  /** @param {import("./types.js").Message} message */
  async sendUserMessage(message) {
    await (await this.inside).send(message);
  }

  /** @param {{type: string, payload?: Record<string, any>}} action @param {string} [itemId] */
  async sendCustomAction(action, itemId) {
    await (await this.inside).sendAction(action, itemId);
  }

  /** What is not given stays. @param {import("./types.js").ComposerValue} value */
  async setComposerValue({ text, content, reply, attachments, files, selectedToolId, selectedModelId }) {
    const { composer } = await this.inside;
    if (content || text !== undefined) composer.content = content ?? [{ type: "input_text", text: text ?? "" }];
    if (reply !== undefined) composer.reply = reply;
    if (attachments) (await composer.withFiles()).set(attachments);
    if (files) await composer.addFiles(files);
    if (selectedToolId !== undefined) composer.chooseTool(selectedToolId);
    if (selectedModelId) composer.chooseModel(selectedModelId);
  }

  async showHistory() {
    await (await this.inside).showHistory();
  }

  async hideHistory() {
    (await this.inside).hideHistory();
  }

  /** Bring the open conversation up to date with the server; called often, it asks once. */
  async fetchUpdates() {
    (await this.inside).refresh();
  }
}

customElements.define("errand-chat", ErrandChat);
