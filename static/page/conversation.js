// @ts-check
// From a change to the message that asked for it.

const PAGE = 100;
const MOST_PAGES = 20;
/** A turn and its message are stored together; their ids carry the same moment, give or take. */
const SLACK_MS = 250;

/** @param {string} id such as `turn_0197…`: a UUIDv7 begins with milliseconds */
function moment(id) {
  return Number.parseInt(id.slice(id.indexOf("_") + 1).replaceAll("-", "").slice(0, 12), 16);
}

/**
 * Open the conversation of a turn at the message that it answers.
 *
 * @param {import("./api.js").Api} api @param {import("../chat/element.js").ErrandChat} chat @param {string} turnId
 */
export async function showTurn(api, chat, turnId) {
  const { conversation_id: conversation } = await api.request("GET", `turns/${encodeURIComponent(turnId)}`);
  if (chat.threadId !== conversation) await chat.setThreadId(conversation);
  const id = await messageOf(api, conversation, turnId);
  if (id) await chat.showItem(id);
}

/** @param {import("./api.js").Api} api @param {string} conversation @param {string} turnId @returns {Promise<string | null>} */
async function messageOf(api, conversation, turnId) {
  const until = moment(turnId) + SLACK_MS;
  let found = null;
  let after = "";
  for (let page = 0; page < MOST_PAGES; page++) {
    const { items, next_cursor: next } = await api.request("GET", `conversations/${conversation}/messages?limit=${PAGE}${after && `&after=${after}`}`);
    for (const item of items) {
      if (moment(item.id) > until) return found;
      if (item.role === "user") found = item.id;
    }
    if (!next) break;
    after = encodeURIComponent(next);
  }
  return found;
}
