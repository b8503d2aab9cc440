// @ts-check
// The parts of the element around the messages: header, viewport, the space of the composer.
import { h, icon, iconButton } from "./dom.js";

/**
 * @param {import("./strings.js").Strings} strings
 * @param {{thread: Node, composer: Node, onHistory: () => void, onNew: () => void, onLatest: () => void}} parts
 */
export function buildFrame(strings, { thread, composer, onHistory, onNew, onLatest }) {
  const historyButton = iconButton("history", strings.openHistory, { "data-testid": "history-toggle", onclick: onHistory });
  const heading = h("h1", { class: "thread-title", "data-testid": "thread-title" });
  const newButton = iconButton("compose", strings.newConversation, { "data-testid": "new-thread", onclick: onNew });
  const header = h("header", { class: "bar" }, historyButton, heading,
    h("div", { class: "bar-end" }, newButton, h("slot", { name: "header-end" })));

  const start = h("div", { class: "start", hidden: true });
  const skeleton = h("div", { class: "skeleton", hidden: true, "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
  const column = h("div", { class: "column" }, skeleton, start, thread);
  const viewport = h("div", { class: "viewport" }, column);

  const latest = h("button", { type: "button", class: "latest", hidden: true, "data-testid": "latest", onclick: onLatest },
    icon("down"), strings.latest);
  const network = h("div", { class: "network", role: "status", hidden: true, "data-testid": "network" });
  const disclaimer = h("div", { class: "disclaimer", hidden: true });
  const foot = h("div", { class: "foot" }, h("div", { class: "column" }, latest, network, composer, disclaimer));

  const main = h("div", { class: "main" }, header, viewport, foot);
  const live = h("div", { class: "visually-hidden", "aria-live": "polite", "data-testid": "live-region" });
  return { main, header, historyButton, heading, newButton, start, skeleton, viewport, column, latest, network, disclaimer, live };
}
