// @ts-check
// Puts the page together: session, chat element, task panel, live connection.
import "../chat/element.js";
import { Api } from "./api.js";
import { showTurn } from "./conversation.js";
import { bindData } from "./data.js";
import { HistoryView } from "./history-view.js";
import { Live } from "./live.js";
import { bindAccount, bindModelNote, bindTheme } from "./menus.js";
import { Session } from "./session.js";
import { bindShortcuts } from "./shortcuts.js";
import { TaskStore } from "./task-store.js";
import { TaskPanel } from "./tasks.js";
import { Toast } from "./toast.js";
import { TokensDialog } from "./tokens.js";
import { Undo } from "./undo.js";

/** @typedef {import("../chat/element.js").ErrandChat} ErrandChat */

const PROMPTS = [
  { label: "What do I have today?", icon: "calendar" },
  { label: "Remind me to call the dentist tomorrow at 10am", icon: "clock" },
  { label: "What is overdue?", icon: "warn" },
  { label: "Add buy milk #shopping", icon: "plus" },
].map((prompt) => ({ ...prompt, prompt: prompt.label }));

/** After this long in the background the tasks are fetched again: a sleeping machine misses messages without noticing. */
const STALE_MS = 60_000;

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));
const config = JSON.parse(byId("errand-config").textContent ?? "{}");
const narrow = matchMedia("(max-width: 899px)");
const page = document.body;

const session = new Session(config.authUrl);
const api = new Api(config.apiUrl, session);
const chat = /** @type {ErrandChat} */ (byId("chat"));
const toast = new Toast(byId("toast"));
const undo = new Undo(api, toast);
/** What the assistant does in these turns was asked for here. @type {Set<string>} */
const turns = new Set();

/** Phones show one of the two; wide pages show the chat always and the panel unless it was put away. @param {"chat" | "tasks"} view */
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

/** @param {string} userId */
function startChat(userId) {
  const threadKey = `errand.thread.${userId}`;
  chat.addEventListener("chatkit.thread.change", (event) => {
    const { threadId } = /** @type {CustomEvent} */ (event).detail;
    if (threadId) localStorage.setItem(threadKey, threadId);
    else localStorage.removeItem(threadKey);
  });
  chat.addEventListener("chatkit.effect", (event) => {
    const { name, data } = /** @type {CustomEvent} */ (event).detail;
    if (name === "turn.started") turns.add(data.turn_id);
  });
  chat.setOptions({
    api: {
      url: config.chatUrl,
      domainKey: "local",
      fetch: api.fetch,
      stop: (turnId) => api.request("POST", `turns/${encodeURIComponent(turnId)}/stop`, {}),
    },
    initialThread: localStorage.getItem(threadKey),
    history: { enabled: true, showDelete: true, showRename: true },
    startScreen: { greeting: "What needs doing?", prompts: PROMPTS },
    composer: { placeholder: "Add, ask or change something" },
  });
  if (matchMedia("(pointer: fine)").matches) chat.focusComposer();
}

function startTasks() {
  const store = new TaskStore(api);
  const toMessage = (/** @type {string} */ turn) => {
    show("chat");
    showTurn(api, chat, turn).catch((error) => toast.show(error.status === 404 ? "That conversation was deleted." : error.message));
  };
  const panel = new TaskPanel(byId("tasks"), store, undo, { showTurn: toMessage, onCount: (due) => {
    byId("task-count").textContent = due ? String(due) : "";
    byId("task-count").hidden = !due;
  } });
  const history = new HistoryView(byId("tasks"), api, undo, toMessage);
  const live = new Live(config.socketPath, session, {
    onChange: (message) => {
      panel.receive(/** @type {any} */ (message));
      history.refresh();
      if (turns.has(message.turn_id)) undo.turnDid(message.turn_id, message.summary);
    },
    onReady: (again) => again && panel.load(),
    onState: (connected) => panel.setConnected(connected),
  });
  let hiddenAt = 0;
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") hiddenAt = Date.now();
    else if (hiddenAt && Date.now() - hiddenAt > STALE_MS) panel.load();
  });
  byId("show-history").addEventListener("click", () => {
    byId("account-menu").hidePopover();
    show("tasks");
    showPanel(true);
    history.show(true);
  });
  bindData(api, toast, () => panel.load());
  panel.load();
  live.start();
}

/** The server says "today" by the person's clock, so it has to know where that clock hangs. */
async function syncTimeZone() {
  const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const me = await api.request("GET", "me");
  if (timezone && me.timezone !== timezone) await api.request("PATCH", "me", { timezone });
}

async function signOut() {
  await session.signOut();
  location.assign("/sign-in");
}

async function boot() {
  bindTheme();
  bindModelNote(config.model);
  const current = await session.get();
  if (!current) return location.replace("/sign-in");
  session.addEventListener("ended", () => { byId("ended").hidden = false; });
  bindAccount(current.user, signOut);
  for (const button of document.querySelectorAll("[data-show]")) {
    button.addEventListener("click", () => show(/** @type {"chat"} */ (/** @type {HTMLElement} */ (button).dataset.show)));
  }
  bindShortcuts({
    "/": () => { show("chat"); chat.focusComposer(); },
    t: togglePanel,
    "?": () => /** @type {HTMLDialogElement} */ (byId("shortcuts")).showModal(),
  });
  const tokens = new TokensDialog(/** @type {HTMLDialogElement} */ (byId("tokens")), api);
  byId("show-tokens").addEventListener("click", () => {
    byId("account-menu").hidePopover();
    tokens.open();
  });
  byId("show-shortcuts").addEventListener("click", () => {
    byId("account-menu").hidePopover();
    /** @type {HTMLDialogElement} */ (byId("shortcuts")).showModal();
  });
  page.toggleAttribute("data-panel-hidden", localStorage.getItem("errand.panel") === "hidden");
  startChat(current.user.id);
  startTasks();
  page.removeAttribute("data-booting");
  // Nothing on the page waits for this.
  await syncTimeZone().catch((error) => console.warn("The time zone was not stored:", error.message));
}

boot().catch((error) => {
  byId("boot-error").hidden = false;
  byId("boot-error-text").textContent = error.message;
});
byId("boot-retry").addEventListener("click", () => location.reload());
