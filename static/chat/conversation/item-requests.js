// @ts-check
// What is asked when something on an item is used; fetched with the first time.
import { createView, prepare } from "../items/items.js";

/** @typedef {import("./conversation.js").Conversation} Conversation @typedef {import("../items/items.js").Item} Item */

/**
 * Do what a control of a widget says, with the values of its form.
 * @param {Conversation} chat
 * @param {import("../widgets/widget.js").Action} action
 * @param {Record<string, any>} values
 * @param {Item} item
 */
export async function act(chat, action, values, item) {
  const { type } = action;
  const payload = merged(action.payload, values);
  if (action.handler === "client")
    return chat.options.widgets?.onAction?.({ type, payload }, /** @type {any} */ (item));
  if (!chat.thread) return;
  if (action.streaming !== false) {
    chat.view.asking.delete(item.id); // it is answered, or the server says that somebody else was first
    return chat.sendAction({ type, payload }, item.id);
  }
  await tried(chat, async () => {
    const params = { thread_id: chat.thread?.id, item_id: item.id, action: { type, payload } };
    const { updated_item: reply } = await chat.client.request("threads.sync_custom_action", params, chat.pages.signal);
    if (!reply) return;
    await prepare([reply]);
    chat.view.showReply(reply);
  });
}

/**
 * What an action carries, with the values of fields put into it, also deep inside.
 * @param {Record<string, any>} payload
 * @param {Record<string, any>} values
 */
function merged(payload = {}, values) {
  const both = { ...payload };
  for (const [name, value] of Object.entries(values)) {
    const isInner = value && typeof value === "object" && both[name] && typeof both[name] === "object";
    both[name] = isInner ? merged(both[name], value) : value;
  }
  return both;
}

/**
 * Tell the server whether an answer was good.
 * @param {Conversation} chat
 * @param {HTMLElement} node
 * @param {string} kind
 * @param {string} reason
 */
export async function giveFeedback(chat, node, kind, reason) {
  const params = { thread_id: chat.thread?.id, item_ids: [node.dataset.itemId], kind };
  await tried(chat, () => chat.client.request("items.feedback", params, chat.pages.signal, reason ? { reason } : {}));
}

/** Show another version, with what followed it. @param {Conversation} chat @param {string} turnId */
export async function chooseVersion(chat, turnId) {
  const { thread, turn, options } = chat;
  if (turn || !thread) return;
  await tried(chat, async () => {
    await options.errand?.activate?.(turnId);
    await chat.open(thread.id);
  });
}

/** Say it in the conversation if something fails. @param {Conversation} chat @param {() => Promise<unknown>} act */
async function tried(chat, act) {
  try {
    await act();
  } catch (error) {
    chat.report(error);
    chat.view.addNotice({ level: "danger", message: /** @type {Error} */ (error).message });
  }
}

/**
 * A small widget about a thing that was mentioned.
 * @param {Conversation} chat
 * @param {import("../items/items.js").Entity} entity
 */
export async function preview(chat, entity) {
  const found = await chat.options.entities?.onRequestPreview?.(entity).catch((error) => chat.report(error));
  if (!found?.preview) return null;
  const item = { type: "widget", id: "", widget: found.preview };
  await prepare([item]);
  const view = createView(item, chat.view.context);
  view?.set(item, false);
  return view?.node ?? null;
}
