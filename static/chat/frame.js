// @ts-check
// The parts of the element around the messages: header, viewport, the space of the composer.
import { h, icon, iconButton } from "./dom.js";

/**
 * @param {import("./strings.js").Strings} strings
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

/** What the options say about all this. @param {import("./chat.js").Chat} chat */
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
  if (disclaimer?.text)
    import("./markdown.js").then(({ markdown }) => frame.disclaimer.replaceChildren(markdown(disclaimer.text)));
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
