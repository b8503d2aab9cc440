// @ts-check
// Which chat element the page shows, our own or OpenAI's where the installation has a domain key for it, and how it is
// set up: the same options for both, and what only ours understands.

/**
 * @typedef {import("../chat/element.js").ErrandChat} ErrandChat
 * @typedef {import("@openai/chatkit").OpenAIChatKit} OpenAIChatKit
 */

const OFFICIAL = "https://cdn.platform.openai.com/deployments/chatkit/chatkit.js";

/** @param {string} source */
function script(source) {
  return new Promise((resolve, reject) => {
    const node = document.createElement("script");
    node.src = source;
    node.onload = resolve;
    node.onerror = () =>
      reject(
        new Error(
          "OpenAI's chat element could not be loaded. Unset CHATKIT_DOMAIN_KEY to use the one that comes with Errand.",
        ),
      );
    document.head.append(node);
  });
}

/**
 * @param {HTMLElement} ours `<errand-chat>`, as it stands in the page @param {string | null} [domainKey]
 * @returns {Promise<ErrandChat | OpenAIChatKit>}
 */
export async function chooseElement(ours, domainKey) {
  if (!domainKey) {
    await import("../chat/element.js");
    return /** @type {ErrandChat} */ (ours);
  }
  await script(OFFICIAL);
  await customElements.whenDefined("openai-chatkit");
  const theirs = /** @type {OpenAIChatKit} */ (document.createElement("openai-chatkit"));
  theirs.id = ours.id;
  ours.replaceWith(theirs);
  return /** @type {OpenAIChatKit} */ (theirs);
}

/**
 * Whether it is our own, which can do a few things more.
 * @param {ErrandChat | OpenAIChatKit} chat
 * @returns {chat is ErrandChat}
 */
export function isOurs(chat) {
  return "showItem" in chat;
}

/** @typedef {import("@openai/chatkit").ChatKitOptions} ChatKitOptions @typedef {import("./api.js").Api} Api */

/** @type {import("@openai/chatkit").StartScreenPrompt[]} */
const PROMPTS = [
  { label: "What do I have today?", prompt: "What do I have today?", icon: "calendar" },
  {
    label: "Remind me to call the dentist tomorrow at 10am",
    prompt: "Remind me to call the dentist tomorrow at 10am",
    icon: "clock",
  },
  { label: "What is overdue?", prompt: "What is overdue?", icon: "info" },
  { label: "Add buy milk #shopping", prompt: "Add buy milk #shopping", icon: "plus" },
];

/**
 * @param {Record<string, any>} config what the server tells the page (`config/views.py`)
 * @param {{api: Api, initialThread: string | null, onEntity: (entity: import("@openai/chatkit").Entity) => void}} page
 * @returns {ChatKitOptions}
 */
export function chatOptions(config, { api, initialThread, onEntity }) {
  return {
    api: {
      url: config.chatUrl,
      domainKey: config.domainKey ?? "local",
      fetch: api.chatFetch,
      uploadStrategy: { type: "two_phase" },
    },
    locale: config.locale || undefined,
    initialThread,
    history: { enabled: true, showDelete: true, showRename: true },
    startScreen: { greeting: "What needs doing?", prompts: PROMPTS },
    composer: composerOptions(config),
    commands: { enabled: Boolean(config.attachments?.enabled || config.tools?.length) },
    entities: config.entitiesUrl ? entityOptions(api, onEntity) : undefined,
    thread: { autoScroll: true },
    threadItemActions: { feedback: true, retry: true },
  };
}

/** @param {Record<string, any>} config @returns {ChatKitOptions["composer"]} */
function composerOptions({ attachments, tools = [], models = [], dictation }) {
  return {
    placeholder: "Add, ask or change something",
    attachments: attachments?.enabled
      ? { enabled: true, maxSize: attachments.maxBytes, maxCount: attachments.maxCount, accept: attachments.accept }
      : undefined,
    tools: tools.length
      ? tools.map((/** @type {{icon?: string}} */ tool) => ({ ...tool, icon: tool.icon ?? "bolt" }))
      : undefined,
    models: models.length ? models : undefined,
    dictation: { enabled: Boolean(dictation) },
  };
}

/**
 * What "@" finds, and what is told of it.
 * @param {Api} api
 * @param {(entity: import("@openai/chatkit").Entity) => void} onClick
 * @returns {ChatKitOptions["entities"]}
 */
function entityOptions(api, onClick) {
  return {
    showComposerMenu: true,
    onTagSearch: async (query) => (await api.request("GET", `entities?q=${encodeURIComponent(query)}`)).items,
    onRequestPreview: ({ id }) => api.request("GET", `entities/${encodeURIComponent(id)}`),
    onClick,
  };
}

/**
 * @param {Api} api @param {(source: import("../chat/items/citations.js").Source) => boolean} onSource
 * @returns {import("../chat/types.js").Additions}
 */
export function chatAdditions(api, onSource) {
  return {
    stop: (turnId) => api.request("POST", `turns/${encodeURIComponent(turnId)}/stop`, {}),
    watch: (turnId, signal) =>
      api.call("GET", `turns/${encodeURIComponent(turnId)}/events`, undefined, undefined, signal),
    versions: async (threadId) =>
      (await api.request("GET", `conversations/${encodeURIComponent(threadId)}/versions`)).items,
    activate: (turnId) => api.request("POST", `turns/${encodeURIComponent(turnId)}/activate`, {}),
    search: async (query) => (await api.request("GET", `conversations?q=${encodeURIComponent(query)}`)).items,
    onSource,
  };
}

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
