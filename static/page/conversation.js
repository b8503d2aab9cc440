// @ts-check
// From a change to the message that asked for it.
import { isOurs } from "./chat-element.js";

/**
 * Open the conversation of a turn at the message that it answers.
 *
 * @param {import("./api.js").Api} api
 * @param {import("../chat/element.js").ErrandChat | import("@openai/chatkit").OpenAIChatKit} chat
 * @param {string} turnId
 */
export async function showTurn(api, chat, turnId) {
  const turn = await api.request("GET", `turns/${encodeURIComponent(turnId)}`);
  if (!isOurs(chat)) return chat.setThreadId(turn.conversation_id);
  if (chat.threadId !== turn.conversation_id) await chat.setThreadId(turn.conversation_id);
  if (turn.message_id) await chat.showItem(turn.message_id);
}
