// @ts-check
// Where the person writes. Typing is always possible; sending is not while an answer is under way.

import { iconButton } from "../dom.js";
import { buildComposer } from "../frame.js";
import { adopt } from "../look/styles.js";

// What was typed survives a reload and a new sign-in. One tab, one draft.
const DRAFT_KEY = "errand-chat.words";
const MENTION = /(?:^|\s)@([^\s@]{0,40})$/;
const COMMAND = /^\/(\S{0,40})$/;

/**
 * @typedef {import("@openai/chatkit").Entity} Entity @typedef {import("@openai/chatkit").UserMessageContent} Content
 * @typedef {{content: Content[], reply: string, replaces: string | null, attachments:
 *   import("@openai/chatkit").Attachment[], toolChoice?: {id: string}, model?: string}} Draft what is sent; `replaces`
 *   is the message that was edited
 * @typedef {{content: Content[], quoted_text?: string | null, attachments?: import("@openai/chatkit").Attachment[]}}
 *   Message as it was sent
 * @typedef {{strings: import("../words/words.js").Strings, options: () => import("../types.js").Options, client: () =>
 *   import("../protocol.js").Client, onSend: (draft: Draft) => void, onStop: () => void, recall: () => {id: string,
 *   message: Message} | null, emit: import("../types.js").Emit, fail: (message: string) => void}} Context
 */

export class Composer {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.busy = false;
    this.canStop = true;
    this.offline = false;
    this.lock = "";
    /** The message that is edited. @type {string | null} */
    this.editing = null;
    /** What was mentioned, by the words that stand for it in the text. @type {Map<string, Entity>} */
    this.tags = new Map();
    /** @type {string | null} */
    this.tool = null;
    /** @type {string | null} */
    this.model = null;
    /** Both are fetched when they are first needed. @type {import("./suggest.js").Suggest | null} */
    this.suggest = null;
    /** The list that is being fetched. @type {Promise<void> | null} */
    this.listing = null;
    /** @type {import("./attachments.js").Attachments | null} */
    this.files = null;
    this.parts = buildComposer(context.strings, this);
    this.input = this.parts.input;
    this.node = this.parts.node;
    this.content = JSON.parse(sessionStorage.getItem(DRAFT_KEY) || "[]");
  }

  get value() {
    return this.input.value;
  }

  set value(text) {
    this.content = [{ type: "input_text", text }];
  }

  /** The text, in pieces where something is mentioned in it. @returns {Content[]} */
  get content() {
    const { value } = this;
    const words = [...this.tags.keys()]
      .filter((word) => value.includes(word))
      .sort((one, other) => other.length - one.length);
    if (!words.length) return [{ type: "input_text", text: value }];
    const pattern = new RegExp(`(${words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|")})`);
    return value
      .split(pattern)
      .filter(Boolean)
      .map((text) => {
        const entity = this.tags.get(text);
        if (!entity) return { type: "input_text", text };
        const { id, group, data, interactive } = entity;
        return { type: "input_tag", id, text, group, data, interactive };
      });
  }

  set content(parts) {
    for (const part of parts) {
      if (part.type === "input_tag")
        this.tags.set(part.text, {
          ...part,
          title: part.text,
          data: /** @type {Record<string, string>} */ (part.data),
        });
    }
    this.input.value = parts.map((part) => part.text).join("");
    this.changed();
  }

  /** The text that the next message asks about. */
  get reply() {
    return this.parts.quote.textContent ?? "";
  }

  set reply(text) {
    this.parts.quote.textContent = text;
    this.parts.quoted.hidden = !text;
  }

  changed() {
    sessionStorage.setItem(DRAFT_KEY, this.value ? JSON.stringify(this.content) : "");
    this.parts.mirror.replaceChildren(
      ...this.content.map(({ type, text }) => {
        if (type !== "input_tag") return text;
        const mark = document.createElement("mark");
        mark.textContent = text;
        return mark;
      }),
    );
    this.fit();
    this.draw();
  }

  /** Grow with the text; the style sheet sets the limit. */
  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight}px`;
  }

  /** Put words where the caret is. @param {string} text */
  insert(text) {
    const { input } = this;
    const before = input.value.slice(0, input.selectionStart);
    const gap = before && !/\s$/.test(before) ? " " : "";
    input.focus();
    input.setRangeText(`${gap}${text}`, input.selectionStart, input.selectionEnd, "end");
    this.typed();
  }

  /** @param {Entity} entity in place of what was typed to find it */
  insertEntity(entity) {
    this.cutTrigger();
    const word = `@${entity.title}`;
    this.tags.set(word, entity);
    this.insert(`${word} `);
  }

  /** @param {Partial<{busy: boolean, canStop: boolean, offline: boolean, lock: string}>} state */
  set(state) {
    Object.assign(this, state);
    this.draw();
  }

  draw() {
    const { send, stop } = this.parts;
    const hadFocus = send.matches(":focus") || stop.matches(":focus");
    send.hidden = this.busy;
    stop.hidden = !this.busy || !this.canStop;
    const isEmpty = !this.value.trim() && !this.files?.ready.length;
    send.disabled = this.offline || Boolean(this.lock) || isEmpty || Boolean(this.files?.isSending);
    this.input.disabled = Boolean(this.lock);
    this.drawTools();
    // A button that vanishes under the keyboard's focus would throw it to the top of the page.
    if (hadFocus && !this.lock) this.input.focus();
  }

  drawTools() {
    const { composer: { tools = [], models = [], attachments, dictation, placeholder } = {}, entities } =
      this.context.options();
    const tool = tools.find(({ id }) => id === this.tool);
    this.input.placeholder = tool?.placeholderOverride ?? placeholder ?? this.context.strings.placeholder;
    const isOffered =
      tools.length || models.length || attachments?.enabled || dictation?.enabled || entities?.showComposerMenu;
    if (isOffered || this.parts.tools.hasChildNodes()) drawTools(this);
  }

  /**
   * Say which choice of the list is marked; a text field is a combobox only as long as there is a list.
   * @param {string | null} id `null` once it is closed
   */
  describeList(id) {
    const said = {
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "true",
      "aria-controls": "suggest",
      "aria-activedescendant": id ?? "",
    };
    for (const [name, value] of Object.entries(said)) {
      if (id === null || !value) this.input.removeAttribute(name);
      else this.input.setAttribute(name, value);
    }
  }

  submit() {
    if (this.busy || this.parts.send.disabled) return;
    const text = this.value.trim();
    if (text !== this.value) this.input.value = text;
    const { editing, reply, content } = this;
    const toolChoice = this.tool ? { id: this.tool } : undefined;
    const draft = {
      content: text ? content : [],
      reply,
      replaces: editing,
      attachments: this.files?.ready ?? [],
      toolChoice,
      model: this.model ?? undefined,
    };
    this.value = "";
    this.reply = "";
    this.tags.clear();
    this.files?.clear();
    this.setEditing(null);
    if (!this.context.options().composer?.tools?.find(({ id }) => id === this.tool)?.persistent) this.chooseTool(null);
    this.context.onSend(draft);
  }

  /** Take up a message that was sent, with its quote and its files. @param {Message} message */
  fill({ content, quoted_text: quote, attachments = [] }) {
    this.content = content;
    this.reply = quote ?? "";
    if (attachments.length || this.files) this.withFiles().then((files) => files.set(attachments));
  }

  /** @param {string} id @param {Message} message */
  edit(id, message) {
    this.setEditing(id);
    this.fill(message);
    this.input.focus();
    this.input.setSelectionRange(this.value.length, this.value.length);
  }

  cancelEdit() {
    this.setEditing(null);
    this.fill({ content: [] });
    this.input.focus();
  }

  /** @param {string | null} id */
  setEditing(id) {
    this.editing = id;
    this.parts.notice.hidden = id === null;
  }

  /** @param {string | null} id */
  chooseTool(id) {
    if (this.tool === id) return;
    this.tool = id;
    this.context.emit("tool.change", { toolId: id });
    this.draw();
  }

  /** @param {string} id */
  chooseModel(id) {
    this.model = id;
    this.draw();
  }

  async withFiles() {
    const { Attachments } = await import("./attachments.js");
    if (!this.files) {
      const { strings, client, options } = this.context;
      this.files = new Attachments({
        strings,
        client,
        limits: () => options().composer?.attachments ?? { enabled: false },
        onChange: () => this.draw(),
        adopt: (sheet) => adopt(this.node.getRootNode(), sheet),
      });
      this.parts.files.append(this.files.node, this.files.picker);
    }
    return this.files;
  }

  get takesFiles() {
    return Boolean(this.context.options().composer?.attachments?.enabled);
  }

  async chooseFiles() {
    (await this.withFiles()).choose();
  }

  /** @param {File[]} files */
  async addFiles(files) {
    await (await this.withFiles()).add(files);
  }

  async toggleMenu() {
    const list = await this.withList();
    if (list.isOpen) list.close();
    else await list.add();
    this.input.focus();
  }

  async withList() {
    const { Suggest } = await import("./suggest.js");
    if (!this.suggest) {
      this.suggest = new Suggest(this);
      this.parts.frame.append(this.suggest.node);
    }
    return this.suggest;
  }

  /** What stands before the caret, if it asks for a list. */
  trigger() {
    const before = this.value.slice(0, this.input.selectionStart);
    const { entities, commands } = this.context.options();
    const mention = entities?.onTagSearch && MENTION.exec(before);
    if (mention) return { kind: /** @type {const} */ ("mention"), query: mention[1], length: mention[1].length + 1 };
    const command = commands?.enabled && COMMAND.exec(before);
    return command ? { kind: /** @type {const} */ ("command"), query: command[1], length: command[0].length } : null;
  }

  /** Take away what was typed to open the list. */
  cutTrigger() {
    const found = this.trigger();
    const end = this.input.selectionStart;
    if (found) this.input.setRangeText("", end - found.length, end, "end");
    this.changed();
  }

  async typed() {
    this.changed();
    const found = this.trigger();
    if (!found) return this.suggest?.isOpen ? this.suggest.close() : undefined;
    const listing = (this.listing = this.list(found.kind, found.query));
    await listing;
    if (this.listing === listing) this.listing = null;
  }

  /** @param {"mention" | "command"} kind @param {string} query */
  async list(kind, query) {
    const list = await this.withList();
    if (this.trigger()?.query !== query) return; // more was typed meanwhile, and asked for
    await list[kind](query).catch((error) => this.context.emit("error", { error }));
  }

  /** Enter came before the list that it is meant for. @param {Promise<void>} listing */
  async enterLater(listing) {
    await listing;
    if (this.suggest?.isOpen && this.suggest.choices.length) await this.suggest.pick(0);
    else this.submit();
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    // While an input method composes, Enter picks a word.
    if (event.isComposing) return;
    if (this.suggest?.isOpen && this.suggest.keydown(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      if (this.listing) this.enterLater(this.listing);
      else this.submit();
    } else if (event.key === "ArrowUp" && !this.value) {
      const last = this.context.recall();
      if (!last) return;
      event.preventDefault();
      this.edit(last.id, last.message);
    } else if (event.key === "Escape" && this.editing) {
      event.preventDefault();
      this.cancelEdit();
    }
  }

  /** @param {ClipboardEvent} event */
  pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !this.takesFiles) return;
    event.preventDefault();
    this.addFiles(files);
  }
}

/**
 * What the composer offers beside the text. Draws them anew only when something about them changed: a menu that is open
 * must not vanish.
 * @param {Composer} composer
 */
async function drawTools(composer) {
  const {
    parts: { tools: place },
    context: { strings, options },
  } = composer;
  const { composer: offered = {}, entities } = options();
  const { tools = [], models = [], attachments, dictation } = offered;
  const canDictate = Boolean(dictation?.enabled && navigator.mediaDevices);
  const hasMenu =
    attachments?.enabled || tools.length > 0 || Boolean(entities?.showComposerMenu && entities.onTagSearch);
  const state = JSON.stringify([tools, models, canDictate, hasMenu, composer.tool, composer.model]);
  if (state === place.dataset.state) return;
  place.dataset.state = state;
  const hasChoices = composer.tool || tools.some(({ pinned }) => pinned) || models.length > 1 || canDictate;
  const more = hasChoices ? (await import("./choices.js")).choices(composer, canDictate) : [];
  if (state !== place.dataset.state) return; // something changed meanwhile
  const menu =
    hasMenu &&
    iconButton("plus", strings.add, { "data-testid": "composer-menu", onclick: () => composer.toggleMenu() });
  place.replaceChildren(...[menu, ...more].filter((node) => node !== false && node !== undefined));
}
