// @ts-check
// Puts the page together: session, chat element, task panel, live connection. What is not seen at first is fetched
// later.
import { Api, keepPlace, Session } from "./api.js";
import { chatAdditions, chatOptions, chooseElement, isOurs, showTurn } from "./chat-setup.js";
import {
  bindAccount,
  bindApprovalPolicy,
  bindFiles,
  bindModelNote,
  bindShortcuts,
  bindTheme,
  chosenZone,
  later,
  Toast,
} from "./controls.js";
import { TaskPanel } from "./tasks/panel.js";
import { Live, TaskStore } from "./tasks/store.js";

/**
 * @typedef {import("../chat/element.js").ErrandChat} ErrandChat
 * @typedef {import("@openai/chatkit").OpenAIChatKit} OpenAIChatKit
 */

/**
 * After this long in the background the tasks are fetched again: a sleeping machine misses messages without noticing.
 */
const STALE_MS = 60_000;
/** So long the list of tasks waits for the connection that tells of changes. */
const CONNECTED_MS = 500;

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const config = JSON.parse(byId("errand-config").textContent ?? "{}");
const narrow = matchMedia("(max-width: 899px)");
const page = document.body;

const session = new Session(config.authUrl);
const api = new Api(config.apiUrl, session);
const choosing = chooseElement(byId("chat"), config.domainKey);
choosing.catch(() => {}); // `boot` waits for it and says what is wrong
const toast = new Toast(byId("toast"));
/** What can be taken back; there is nothing before the first change. */
const undo = later(async () => new (await import("./undo.js")).Undo(api, toast));
/** What the assistant does in these turns was asked for here. @type {Set<string>} */
const turns = new Set();
/**
 * The conversation on screen, and whether it is being answered in this tab.
 * @type {{thread: string | null, isAnswering: boolean}}
 */
const conversation = { thread: null, isAnswering: false };

/**
 * Phones show one of these; wide pages show the chat always and the panel unless it was put away.
 * @param {"chat" | "tasks" | "document"} view
 */
function show(view) {
  page.dataset.view = view;
  for (const button of document.querySelectorAll("[data-show]")) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.show === view));
  }
}

function togglePanel() {
  if (narrow.matches) return show(page.dataset.view === "tasks" ? "chat" : "tasks");
  showPanel(page.hasAttribute("data-panel-hidden"));
}

/** @param {boolean} shown */
function showPanel(shown) {
  page.toggleAttribute("data-panel-hidden", !shown);
  localStorage.setItem("errand.panel", page.hasAttribute("data-panel-hidden") ? "hidden" : "shown");
}

/** Show one of the panels beside the chat. @param {"tasks" | "documents"} panel */
function showSide(panel) {
  page.dataset.panel = panel;
  show("tasks");
  showPanel(true);
}

/**
 * The view of documents, and the list of them, each fetched when it is first wanted.
 * @param {ErrandChat | OpenAIChatKit} chat
 */
function startDocuments(chat) {
  const reader = later(async () => {
    const { Reader } = await import("./documents/reader.js");
    return new Reader(byId("reader"), api, {
      onShow: (shown) => {
        page.toggleAttribute("data-reader", shown);
        if (narrow.matches)
          show(
            shown ? "document" : page.dataset.view === "document" ? "chat" : /** @type {"chat"} */ (page.dataset.view),
          );
      },
      onAsk: async (quote) => {
        if (narrow.matches) (await reader()).close();
        chat.setComposerValue({ reply: quote });
        chat.focusComposer();
      },
    });
  });
  const visit = async (/** @type {string} */ address) => (await reader()).visit(address);
  const list = later(async () => {
    const { DocumentsPanel } = await import("./documents/panel.js");
    return new DocumentsPanel(byId("documents"), api, {
      bytesLimit: config.documentBytesLimit,
      open: (id) => visit(`/documents/${id}`),
      onDeleted: async (id) => (await reader()).forget(id),
    });
  });
  const open = async (/** @type {"tasks" | "documents"} */ name) => {
    if (page.hasAttribute("data-reader")) (await reader()).close();
    showSide(name);
    if (name === "documents") (await list()).load();
  };
  for (const button of document.querySelectorAll("[data-panel-tab]")) {
    button.addEventListener("click", () =>
      open(/** @type {"tasks"} */ (/** @type {HTMLElement} */ (button).dataset.panelTab)),
    );
  }
  bindFiles(byId("documents"), async (files) => {
    await open("documents");
    (await list()).send(files);
  });
  if (location.pathname.startsWith("/documents/")) reader().then((view) => view.follow());
  return { visit, open };
}

/** @typedef {ReturnType<typeof startDocuments>} Documents @typedef {ReturnType<typeof startTasks>} Tasks */

/** @param {ErrandChat | OpenAIChatKit} chat @param {string} userId @param {Documents} documents @param {Tasks} tasks */
function startChat(chat, userId, documents, tasks) {
  const threadKey = `errand.thread.${userId}`;
  // One signature for both elements: theirs is an HTMLElement too.
  const events = /** @type {HTMLElement} */ (chat);
  events.addEventListener("chatkit.thread.change", (event) => {
    const { threadId } = /** @type {CustomEvent} */ (event).detail;
    conversation.thread = threadId;
    if (threadId) localStorage.setItem(threadKey, threadId);
    else localStorage.removeItem(threadKey);
  });
  events.addEventListener("chatkit.response.start", () => {
    conversation.isAnswering = true;
  });
  events.addEventListener("chatkit.response.end", () => {
    conversation.isAnswering = false;
  });
  events.addEventListener("chatkit.effect", (event) => {
    const { name, data } = /** @type {CustomEvent} */ (event).detail;
    if (name === "turn.started") turns.add(data.turn_id);
  });
  /** A source or something mentioned, shown beside the chat. @param {string} address */
  const visit = (address) => {
    if (!address.startsWith("/documents/")) return false;
    documents.visit(address);
    return true;
  };
  const options = chatOptions(config, {
    api,
    initialThread: localStorage.getItem(threadKey),
    onEntity: (entity) => {
      if (entity.data?.type === "task") documents.open("tasks").then(() => tasks.reveal(Number(entity.data?.number)));
      else visit(`/documents/${entity.id.replace(/^document:/, "")}`);
    },
  });
  if (isOurs(chat)) chat.setOptions({ ...options, errand: chatAdditions(api, (source) => visit(source.url ?? "")) });
  else chat.setOptions(options);
  if (matchMedia("(pointer: fine)").matches) chat.focusComposer();
}

/** @param {ErrandChat | OpenAIChatKit} chat */
function startTasks(chat) {
  const store = new TaskStore(api);
  const toMessage = (/** @type {string} */ turn) => {
    show("chat");
    showTurn(api, chat, turn).catch((error) =>
      toast.show(error.status === 404 ? "That conversation was deleted." : error.message),
    );
  };
  const panel = new TaskPanel(byId("tasks"), store, undo, {
    showTurn: toMessage,
    onCount: (due) => {
      byId("task-count").textContent = due ? String(due) : "";
      byId("task-count").hidden = !due;
    },
  });
  const history = later(async () => {
    const { HistoryView } = await import("./history/panel.js");
    return new HistoryView(byId("tasks"), api, await undo(), toMessage);
  });
  const live = new Live(config.socketPath, session, {
    onChange: async (message) => {
      panel.receive(/** @type {any} */ (message));
      chat.fetchUpdates();
      if (turns.has(message.turn_id)) (await undo()).turnDid(message.turn_id, message.summary);
      if (byId("tasks").hasAttribute("data-history")) (await history()).refresh();
    },
    onConversation: ({ conversation_id: id, turn_id: turn }) => {
      // What was asked for here is told here, by the answer itself.
      if (id === conversation.thread && !(turn && conversation.isAnswering)) chat.fetchUpdates();
    },
    onReady: () => {
      // What changed before was told to nobody here.
      clearTimeout(waiting);
      panel.load();
      chat.fetchUpdates();
    },
    onState: (connected) => panel.setConnected(connected),
  });
  let hiddenAt = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hiddenAt = Date.now();
    else if (hiddenAt && Date.now() - hiddenAt > STALE_MS) panel.load();
  });
  const showHistory = async () => (await history()).show(true);
  /** @type {HTMLElement} */ (byId("tasks").querySelector('[data-part="history-open"]')).addEventListener(
    "click",
    showHistory,
  );
  byId("show-history").addEventListener("click", () => {
    byId("account-menu").hidePopover();
    showSide("tasks");
    showHistory();
  });
  // Once changes are told, one list is enough. Where the connection takes its time the list does not wait for it.
  const waiting = setTimeout(() => panel.load(), CONNECTED_MS);
  live.start();
  return panel;
}

/** What the account menu opens. @param {TaskPanel} tasks */
function bindMenu(tasks) {
  const menu = byId("account-menu");
  /** @param {string} id @param {() => unknown} act */
  const bind = (id, act) =>
    byId(id).addEventListener("click", () => {
      menu.hidePopover();
      act();
    });
  const tokens = later(async () => {
    const { TokensDialog } = await import("./account/tokens.js");
    return new TokensDialog(/** @type {HTMLDialogElement} */ (byId("tokens")), api);
  });
  const account = later(async () => {
    const { AccountDialog } = await import("./account/account.js");
    return new AccountDialog(/** @type {HTMLDialogElement} */ (byId("account")), api, session, () =>
      location.assign("/sign-in"),
    );
  });
  bind("show-tokens", async () => (await tokens()).open());
  bind("show-account", async () => (await account()).open());
  bind("show-shortcuts", () => /** @type {HTMLDialogElement} */ (byId("shortcuts")).showModal());
  // Bound before anybody can reach what is in the menu.
  const data = later(async () => (await import("./account/export-import.js")).bindData(api, toast, () => tasks.load()));
  menu.addEventListener("beforetoggle", data, { once: true });
}

/**
 * The server says "today" by the person's clock, so it has to know where that clock hangs. A browser that never told it
 * tells it; one that did looks first whether that still stands.
 * @param {string} userId
 */
async function syncAccount(userId) {
  const timezone = chosenZone() ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
  const toldKey = `errand.told-zone.${userId}`;
  const read = () => api.request("GET", "me");
  const tell = () => api.request("PATCH", "me", { timezone });
  const isTold = !timezone || localStorage.getItem(toldKey) === timezone;
  const me = isTold ? await read() : await tell().catch(read);
  bindApprovalPolicy(
    me.approval_policy,
    (approval_policy) => api.request("PATCH", "me", { approval_policy }),
    (text) => toast.show(text),
  );
  if (timezone && me.timezone !== timezone) await tell();
  if (timezone) localStorage.setItem(toldKey, timezone);
}

async function signOut() {
  await session.signOut();
  location.assign("/sign-in");
}

async function boot() {
  bindTheme();
  bindModelNote(config.model);
  const user = await session.user();
  if (!user) {
    keepPlace();
    return location.replace("/sign-in");
  }
  session.addEventListener("ended", () => {
    byId("ended").hidden = false;
  });
  bindAccount(user, signOut);
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () =>
      show(/** @type {"chat"} */ (/** @type {HTMLElement} */ (button).dataset.show)),
    );
  }
  page.toggleAttribute("data-panel-hidden", localStorage.getItem("errand.panel") === "hidden");
  const chat = await choosing;
  const documents = startDocuments(chat);
  const tasks = startTasks(chat);
  startChat(chat, user.id, documents, tasks);
  bindMenu(tasks);
  bindShortcuts({
    d: () => documents.open(page.dataset.panel === "documents" ? "tasks" : "documents"),
    "/": () => {
      show("chat");
      chat.focusComposer();
    },
    t: togglePanel,
    "?": () => /** @type {HTMLDialogElement} */ (byId("shortcuts")).showModal(),
  });
  page.removeAttribute("data-booting");
  // Nothing on the page waits for this.
  await syncAccount(user.id).catch((error) =>
    console.warn("The account's settings were not read or stored:", error.message),
  );
}

// A part that is fetched when it is first used cannot come now; whoever asked for it is told.
addEventListener("unhandledrejection", (event) => {
  if (navigator.onLine || !(event.reason instanceof TypeError)) return;
  event.preventDefault();
  toast.show("You are offline. This can be opened once you are back.");
});
boot().catch((error) => {
  byId("boot-error").hidden = false;
  byId("boot-error-text").textContent = error.message;
});
byId("boot-retry").addEventListener("click", () => location.reload());
