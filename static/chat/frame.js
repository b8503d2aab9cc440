// @ts-check
// The nodes that are always there: header, viewport and start screen, the composer's field and buttons.
import { h, icon, iconButton } from "./dom.js";

/**
 * @param {import("./words/words.js").Strings} strings
 * @param {{thread: Node, composer: Node, onHistory: () => void, onNew: () => void, onLatest: () => void}} parts
 */
export function buildFrame(strings, { thread, composer, onHistory, onNew, onLatest }) {
  const historyButton = iconButton("history", strings.openHistory, {
    "data-testid": "history-toggle",
    onclick: onHistory,
  });
  const heading = h("h1", { class: "thread-title", "data-testid": "thread-title" });
  const newButton = iconButton("compose", strings.newConversation, { "data-testid": "new-thread", onclick: onNew });
  const left = h("div", { class: "bar-action" });
  const right = h("div", { class: "bar-action" });
  const header = h(
    "header",
    { class: "bar" },
    left,
    historyButton,
    heading,
    h("div", { class: "bar-end" }, right, newButton, h("slot", { name: "header-end" })),
  );

  const start = h("div", { class: "start", hidden: true });
  const skeleton = h("div", { class: "skeleton", hidden: true, "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
  const column = h("div", { class: "column" }, skeleton, start, thread);
  const viewport = h("div", { class: "viewport" }, column);

  const latest = h(
    "button",
    { type: "button", class: "latest", hidden: true, "data-testid": "latest", onclick: onLatest },
    icon("down"),
    strings.latest,
  );
  const network = h("div", { class: "network", role: "status", hidden: true, "data-testid": "network" });
  const disclaimer = h("div", { class: "disclaimer", hidden: true });
  const foot = h("div", { class: "foot" }, h("div", { class: "column" }, latest, network, composer, disclaimer));

  const main = h("div", { class: "main" }, header, viewport, foot);
  const live = h("div", { class: "visually-hidden", "aria-live": "polite", "data-testid": "live-region" });
  return {
    main,
    header,
    left,
    right,
    historyButton,
    heading,
    newButton,
    start,
    skeleton,
    viewport,
    column,
    latest,
    network,
    disclaimer,
    live,
  };
}

/** What the options say about all this. @param {import("./conversation/conversation.js").Conversation} chat */
export function drawFrame({ options, strings, frame, thread, turn }) {
  const { header = {}, history, disclaimer } = options;
  frame.header.hidden = header.enabled === false;
  frame.historyButton.hidden = history?.enabled === false;
  const title = header.title?.text ?? (thread?.title || (thread && !turn ? strings.untitled : strings.newConversation));
  frame.heading.textContent = header.title?.enabled === false ? "" : title;
  frame.heading.toggleAttribute("data-new", !thread?.title);
  frame.newButton.hidden = !thread;
  drawAction(frame.left, header.leftAction);
  drawAction(frame.right, header.rightAction);
  frame.disclaimer.hidden = !disclaimer?.text;
  frame.disclaimer.toggleAttribute("data-strong", Boolean(disclaimer?.highContrast));
}

/** @param {HTMLElement} place @param {{icon: string, onClick: () => void}} [action] a button of the page's own */
function drawAction(place, action) {
  place.hidden = !action;
  if (!action || place.dataset.icon === action.icon) return;
  place.dataset.icon = action.icon;
  place.replaceChildren(
    iconButton(action.icon, action.icon.replaceAll("-", " "), {
      "data-testid": "header-action",
      onclick: () => action.onClick(),
    }),
  );
}

/**
 * What a new conversation shows: a greeting, and things to say.
 * @param {{greeting?: string, prompts?: {label: string, prompt: any, icon?: string}[]} | undefined} options
 * @param {import("./words/words.js").Strings} strings
 * @param {(prompt: any) => void} onPick
 */
export function startScreen(options, strings, onPick) {
  const prompts = (options?.prompts ?? []).map(({ label, prompt, icon: name }) =>
    h(
      "button",
      {
        type: "button",
        class: "prompt",
        "data-testid": "start-prompt",
        onclick: () => onPick(prompt),
      },
      icon(name ?? "chevron"),
      h("span", {}, label),
    ),
  );
  return [
    h("h2", { class: "greeting", "data-testid": "greeting" }, options?.greeting ?? strings.greeting),
    h("div", { class: "prompts" }, ...prompts),
  ];
}

const NEAR_PX = 40;

/** Keeps the end in view while somebody reads there, and leaves everybody else alone. */
export class Scroller {
  /** @param {HTMLElement} viewport @param {HTMLElement} content @param {(away: boolean) => void} onAway */
  constructor(viewport, content, onAway) {
    this.viewport = viewport;
    this.stuck = true;
    this.top = 0;
    this.onAway = onAway;
    this.onNearTop = () => {};
    viewport.addEventListener("scroll", () => this.read(), { passive: true });
    // Content grows with the text, the viewport shrinks with the composer or a phone's keyboard.
    const observer = new ResizeObserver(() => {
      // Where scroll bars take room, the text must still stand above the composer's edges.
      viewport.style.setProperty("--gutter", `${(viewport.offsetWidth - viewport.clientWidth) / 2}px`);
      if (this.stuck) this.toEnd();
      else this.read();
    });
    observer.observe(content);
    observer.observe(viewport);
  }

  read() {
    const { scrollTop, scrollHeight, clientHeight } = this.viewport;
    // Who leaves moves up; else more came since.
    this.stuck = scrollHeight - scrollTop - clientHeight < NEAR_PX || (this.stuck && scrollTop >= this.top);
    this.top = scrollTop;
    this.onAway(!this.stuck);
    if (scrollTop < 200) this.onNearTop();
  }

  toEnd() {
    this.stuck = true;
    this.viewport.scrollTop = this.viewport.scrollHeight;
    this.onAway(false);
  }

  /** Change something above without moving what is on screen. @param {() => void} change */
  keep(change) {
    const before = this.viewport.scrollHeight;
    const top = this.viewport.scrollTop;
    change();
    this.viewport.scrollTop = top + this.viewport.scrollHeight - before;
  }
}

/** @typedef {import("./composer/composer.js").Composer} Composer */

/** @param {import("./words/words.js").Strings} strings @param {Composer} composer */
export function buildComposer(strings, composer) {
  const input = /** @type {HTMLTextAreaElement} */ (
    h("textarea", {
      rows: 1,
      dir: "auto",
      "aria-label": strings.composer,
      "data-testid": "composer",
      enterkeyhint: "send",
      oninput: () => composer.typed(),
      onkeydown: (/** @type {KeyboardEvent} */ event) => composer.keydown(event),
      onpaste: (/** @type {ClipboardEvent} */ event) => composer.pasted(event),
      onblur: () => composer.suggest?.isOpen && composer.suggest.close(),
      onscroll: () => {
        mirror.scrollTop = input.scrollTop;
      },
    })
  );
  // The same text behind the field, where what is mentioned can be marked.
  const mirror = h("div", { class: "mirror", dir: "auto", "aria-hidden": "true" });
  const send = /** @type {HTMLButtonElement} */ (
    h(
      "button",
      { type: "submit", class: "send", "data-testid": "send", "aria-label": strings.send, title: strings.sendHint },
      icon("send"),
    )
  );
  const stop = /** @type {HTMLButtonElement} */ (
    h(
      "button",
      {
        type: "button",
        class: "send stop",
        "data-testid": "stop",
        "aria-label": strings.stop,
        title: strings.stopHint,
        hidden: true,
        onclick: () => composer.context.onStop(),
      },
      icon("stop"),
    )
  );
  const quote = h("blockquote", { "data-testid": "quote" });
  const quoted = h(
    "div",
    { class: "quoted", hidden: true },
    quote,
    iconButton("close", strings.removeQuote, {
      "data-testid": "remove-quote",
      onclick: () => {
        composer.reply = "";
        input.focus();
      },
    }),
  );
  const files = h("div", { class: "files" });
  const tools = h("div", { class: "tools" });
  const frame = h(
    "div",
    { class: "composer" },
    quoted,
    files,
    h("div", { class: "field-frame" }, mirror, input),
    tools,
    send,
    stop,
  );
  const notice = h(
    "div",
    { class: "editing", hidden: true, role: "status", "data-testid": "editing" },
    h("span", {}, strings.editing),
    iconButton("close", strings.cancelEdit, { onclick: () => composer.cancelEdit() }),
  );
  const node = h(
    "form",
    {
      novalidate: true,
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        composer.submit();
      },
    },
    notice,
    frame,
  );
  frame.addEventListener("pointerdown", (event) => {
    if (event.target === frame || event.target === tools) {
      event.preventDefault();
      input.focus();
    }
  });
  return { input, mirror, send, stop, quote, quoted, files, frame, tools, notice, node };
}

/**
 * Files that are dropped on the conversation go with the next message.
 * @param {import("./conversation/conversation.js").Conversation} chat
 */
export function bindDrop({ host, composer, listeners, frame, strings }) {
  frame.main.append(h("div", { class: "dropping", "aria-hidden": "true" }, strings.drop));
  const show = () => host.toggleAttribute("data-dropping", true);
  /** @param {string} type @param {(event: DragEvent) => void} act */
  const listen = (type, act) =>
    host.addEventListener(
      type,
      (event) => {
        const drag = /** @type {DragEvent} */ (event);
        if (!composer.takesFiles || !drag.dataTransfer?.types.includes("Files")) return;
        drag.preventDefault();
        drag.stopPropagation();
        act(drag);
      },
      listeners,
    );
  listen("dragenter", show);
  listen("dragover", show);
  listen("dragleave", (event) => {
    if (!host.contains(/** @type {Node | null} */ (event.relatedTarget))) host.removeAttribute("data-dropping");
  });
  listen("drop", (event) => {
    host.removeAttribute("data-dropping");
    composer.addFiles([...(event.dataTransfer?.files ?? [])]);
  });
}
