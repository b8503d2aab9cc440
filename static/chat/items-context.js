// @ts-check
// What items on screen can ask of the conversation around them.
import { adopt } from "./sheet.js";

/** @typedef {import("./chat.js").Chat} Chat @typedef {import("./items.js").Item} Item */

const requests = () => import("./requests.js");

/** @param {Chat} chat @returns {import("./items.js").Context} */
export function viewContext(chat) {
  const offers = () => chat.options.threadItemActions ?? {};
  return {
    strings: chat.strings,
    adopt: (sheet) => adopt(chat.root, sheet),
    onAction: async (action, values, item) => (await requests()).act(chat, action, values, item),
    onEdit: (item) => chat.turn || chat.composer.edit(item.id, /** @type {any} */ (item)),
    get onRetry() {
      return offers().retry
        ? (/** @type {HTMLElement} */ node) => chat.answerAgain(chat.view.questionOf(node))
        : undefined;
    },
    get onFeedback() {
      return offers().feedback
        ? async (/** @type {HTMLElement} */ node, /** @type {string} */ kind, /** @type {string} */ reason) =>
            (await requests()).giveFeedback(chat, node, kind, reason)
        : undefined;
    },
    onVersion: async (turnId) => (await requests()).chooseVersion(chat, turnId),
    onSource: (source) => {
      if (source.type === "entity") chat.options.entities?.onClick?.(/** @type {any} */ (source));
      return source.type === "entity" || (chat.options.errand?.onSource?.(source) ?? false);
    },
    onEntity: (entity) => chat.options.entities?.onClick?.(entity),
    preview: async (entity) => (await requests()).preview(chat, entity),
    onAnswer: (item, input) => answer(chat, item, input),
    picture: async (url) => (await import("./files.js")).picture(chat.client, url),
  };
}

/**
 * Send the answers to questions.
 * @param {Chat} chat
 * @param {Item} item
 * @param {import("./questions.js").Submission} input
 */
async function answer(chat, item, input) {
  if (!chat.thread || chat.turn) return;
  await chat.run({
    type: "threads.add_structured_input",
    params: { thread_id: chat.thread.id, item_id: item.id, input },
  });
  await chat.refresh();
}
