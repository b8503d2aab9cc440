// @ts-check
// Every word the element says, in one place: another language is another table.

const en = {
  newConversation: "New conversation",
  untitled: "Untitled conversation",
  history: "Conversations",
  openHistory: "Show conversations",
  closeHistory: "Close conversations",
  noHistory: "No conversations yet",
  showMore: "Show more",
  rename: "Rename",
  renameField: "New name",
  remove: "Delete",
  removeQuestion: "Delete this conversation?",
  keep: "Keep",
  today: "Today",
  yesterday: "Yesterday",
  lastWeek: "Last 7 days",
  earlier: "Earlier",
  greeting: "What can I help with today?",
  placeholder: "Message the assistant",
  composer: "Message",
  send: "Send",
  sendHint: "Send (Enter)",
  stop: "Stop",
  stopHint: "Stop (Esc)",
  stopped: "Stopped",
  youSaid: "You said:",
  assistantSaid: "The assistant said:",
  working: "Working…",
  steps: (/** @type {number} */ count) => (count === 1 ? "1 step" : `${count} steps`),
  workedFor: (/** @type {number} */ seconds) => `Worked for ${seconds} s`,
  copy: "Copy",
  copied: "Copied",
  sources: "Sources",
  latest: "Jump to latest",
  loading: "Loading…",
  reconnecting: "Connection lost. Reconnecting…",
  offline: "You are offline. You can keep typing; sending works again once you are back.",
  retry: "Try again",
  failed: "The answer could not be finished.",
  loadFailed: "The conversation could not be loaded.",
  historyFailed: "The conversations could not be loaded.",
  threadGone: "That conversation no longer exists.",
  locked: "This conversation is closed.",
};

/** @typedef {typeof en} Strings */

/** @type {Record<string, Strings>} */
const LANGUAGES = { en };

/** @param {string | undefined} locale such as "de-AT"; falls back to English @returns {Strings} */
export function stringsFor(locale) {
  return LANGUAGES[(locale ?? navigator.language).split("-")[0]] ?? en;
}
