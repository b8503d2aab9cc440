// @ts-check
// What the composer consists of.
import { h, icon, iconButton } from "./dom.js";

/** @typedef {import("./composer.js").Composer} Composer */

/** @param {import("./strings.js").Strings} strings @param {Composer} composer */
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
