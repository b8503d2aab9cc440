// @ts-check
// Requests whose answers have not ended, kept so that a page that was reloaded, or opened anew, goes on with them: the
// server knows a repeated request by its key and streams the running turn, or what became of it.

/** @typedef {import("./turn.js").Request} Request @typedef {Record<string, {request: Request, at: number}>} Kept */

const KEY = "errand-chat.running";
/** A turn takes minutes at most; what is older than this has long been answered. */
const KEPT_MS = 15 * 60_000;

/** @returns {Kept} */
function read() {
  return JSON.parse(localStorage.getItem(KEY) ?? "{}");
}

/** @param {Kept} kept */
function write(kept) {
  const young = Object.entries(kept).filter(([, { at }]) => Date.now() - at < KEPT_MS);
  if (young.length) localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(young)));
  else localStorage.removeItem(KEY);
}

/** @param {string} threadId @param {Request} request */
export function keep(threadId, request) {
  if (!request.watch) write({ ...read(), [threadId]: { request, at: Date.now() } });
}

/**
 * Forget a request that was answered, unless another one has taken its place.
 * @param {string} threadId
 * @param {Request} request
 */
export function forget(threadId, request) {
  const { [threadId]: kept, ...others } = read();
  if (kept?.request.key === request.key) write(others);
}

/** @param {string} threadId @returns {Request | null} */
export function unanswered(threadId) {
  const kept = read()[threadId];
  return kept && Date.now() - kept.at < KEPT_MS ? kept.request : null;
}
