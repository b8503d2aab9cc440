// @ts-check
// Every word the element says, in the language of the reader. English is always there; another language is another
// table of the same words, fetched when it is needed.

const english = {
  dir: "ltr",
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
  removeQuote: "Remove the quote",
  latest: "Jump to latest",
  loading: "Loading…",
  reconnecting: "Connection lost. Reconnecting…",
  offline: "You are offline. You can keep typing; sending works again once you are back.",
  retry: "Try again",
  askAgain: "Answer again",
  good: "Good answer",
  bad: "Bad answer",
  reason: "What was wrong with it?",
  sendReason: "Send",
  thanks: "Noted, thank you.",
  edit: "Edit this message",
  editing: "You are editing an earlier message. What followed it is kept, and can be shown again.",
  cancelEdit: "Cancel editing",
  previousVersion: "Previous version",
  nextVersion: "Next version",
  version: (/** @type {number} */ number, /** @type {number} */ count) => `${number} / ${count}`,
  failed: "The answer could not be finished.",
  loadFailed: "The conversation could not be loaded.",
  historyFailed: "The conversations could not be loaded.",
  threadGone: "That conversation no longer exists.",
  locked: "This conversation is closed.",
  add: "Add files or choose a tool",
  attach: "Add files",
  drop: "Drop files to send them with your message",
  mention: "Mention something",
  sending: "Sending…",
  removeFile: (/** @type {string} */ name) => `Remove ${name}`,
  fileEmpty: "The file is empty.",
  fileTooLarge: (/** @type {string} */ size) => `The file is larger than ${size}.`,
  fileKind: "Files of this kind cannot be sent.",
  filesTooMany: (/** @type {number} */ count) => `A message takes ${count} files at most.`,
  fileFailed: "The file could not be sent.",
  model: "Model",
  noTool: (/** @type {string} */ name) => `Stop using ${name}`,
  suggestions: "Suggestions",
  nothingFound: "Nothing found",
  dictate: "Dictate",
  stopDictating: "Stop dictating",
  transcribing: "Writing down what you said…",
  noMicrophone: "The microphone cannot be used. Allow it for this page in your browser.",
  search: "Search conversations",
  nothingSaysThat: "No conversation says that.",
  question: "A question for you",
  ownAnswer: "Another answer",
  answer: "Answer",
  skip: "Skip",
  skipped: "Skipped",
  chart: "Chart",
  source: (/** @type {number} */ number, /** @type {string} */ title) => `Source ${number}: ${title}`,
};

/** @typedef {typeof english} Strings */

/** @type {Record<string, () => Promise<{strings: Strings}>>} */
const OTHERS = {
  de: () => import("./de.js"),
  ur: () => import("./ur.js"),
};

/** The language that is spoken for a locale such as "de-AT"; English where there is no table. @param {string} locale */
export function languageOf(locale) {
  const language = locale.split("-")[0].toLowerCase();
  return language in OTHERS ? language : "en";
}

/**
 * @param {string} language as `languageOf` gives it
 * @returns {Strings | Promise<Strings>} English at once, without waiting
 */
export function stringsIn(language) {
  return OTHERS[language]?.().then(({ strings }) => strings) ?? english;
}
