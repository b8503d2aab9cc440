// @ts-check
// The ChatKit protocol: one POST endpoint, answers as JSON or as server-sent events; and one sent message until its
// answer has ended, also when the connection breaks or the page is reloaded meanwhile.
import { delay } from "./dom.js";

// The ChatKit protocol on the wire: one POST endpoint, answers as JSON or as server-sent events.

/** A request that failed; `repeatable` when sending it again under the same key is right without asking anybody. */
export class RequestError extends Error {
  /** @param {string} message @param {{status?: number, repeatable?: boolean, cause?: unknown}} [details] */
  constructor(message, { status = 0, repeatable = false, cause } = {}) {
    super(message, { cause });
    this.name = "RequestError";
    this.status = status;
    this.repeatable = repeatable;
  }
}

/**
 * Events of a `text/event-stream` body (WHATWG HTML, "Server-sent events"), reduced to what ChatKit sends: `data`
 * fields with JSON. Comments (": ping") and other fields are skipped.
 *
 * @param {ReadableStream<Uint8Array>} body
 * @returns {AsyncGenerator<Record<string, any>>}
 */
export async function* readEvents(body) {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let buffer = "";
  /** @type {string[]} */
  let data = [];
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      buffer += decoder.decode(value, { stream: true });
      const lines = buffer.split(/\r\n|\n|\r(?!$)/);
      buffer = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("data:")) data.push(line.slice(5).trimStart());
        else if (line === "" && data.length) {
          yield JSON.parse(data.join("\n"));
          data = [];
        }
      }
    }
  } finally {
    // Also when the consumer leaves early: the connection must not stay open.
    reader.cancel().catch(() => {});
  }
}

/** Says in words what the server answered: RFC 9457 problem details where there are any. @param {Response} response */
export async function failure(response) {
  const problem = await response.json().catch(() => null);
  const message = problem?.detail || problem?.title || problem?.message || `The server answered ${response.status}.`;
  return new RequestError(message, { status: response.status, repeatable: [502, 503, 504].includes(response.status) });
}

export class Client {
  /** @param {import("@openai/chatkit").CustomApiConfig} api */
  constructor(api) {
    this.url = api.url;
    this.strategy = api.uploadStrategy ?? { type: "two_phase" };
    this.fetch = api.fetch ?? ((input, init) => fetch(input, init));
  }

  /**
   * @param {string} type @param {object} params
   * @param {{key?: string, signal?: AbortSignal, accept: string, metadata?: object}} options
   */
  async post(type, params, { key, signal, accept, metadata = {} }) {
    /** @type {Record<string, string>} */
    const headers = { "Content-Type": "application/json", Accept: accept };
    if (key) headers["Idempotency-Key"] = key;
    let response;
    try {
      response = await this.fetch(this.url, {
        method: "POST",
        headers,
        signal,
        body: JSON.stringify({ type, params, metadata }),
      });
    } catch (error) {
      throw broken(error, signal);
    }
    if (!response.ok) throw await failure(response);
    return response;
  }

  /**
   * A request that is answered with one JSON document.
   * @param {string} type @param {object} params @param {AbortSignal} [signal] @param {object} [metadata]
   */
  async request(type, params, signal, metadata) {
    const response = await this.post(type, params, { signal, metadata, accept: "application/json" });
    return response.json();
  }

  /**
   * A request that is answered with events.
   * @param {string} type @param {object} params @param {{key: string, signal: AbortSignal, metadata?: object}} options
   * @returns {AsyncGenerator<Record<string, any>>}
   */
  async *stream(type, params, { key, signal, metadata }) {
    yield* this.read(this.post(type, params, { key, signal, metadata, accept: "text/event-stream" }), signal);
  }

  /**
   * The events of an answer.
   * @param {Promise<Response>} asked
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<Record<string, any>>}
   */
  async *read(asked, signal) {
    try {
      const response = await asked;
      if (!response.ok) throw await failure(response);
      if (response.body) yield* readEvents(response.body);
    } catch (error) {
      throw broken(error, signal);
    }
  }
}

/**
 * `fetch` rejects with a bare TypeError when the connection fails; everything else keeps its name.
 * @param {unknown} error @param {AbortSignal} [signal]
 */
export function broken(error, signal) {
  if (signal?.aborted || !(error instanceof TypeError)) return error;
  return new RequestError("The connection to the server was lost.", { repeatable: true, cause: error });
}

const REPEAT_AFTER_MS = [500, 1500, 4000];

/** @param {AbortSignal} signal resolves once the browser believes to be online */
function online(signal) {
  if (navigator.onLine) return Promise.resolve();
  return new Promise((resolve, reject) => {
    addEventListener("online", resolve, { once: true, signal });
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

/**
 * What is asked for; or, with `turnId` and `watch`, a turn that began elsewhere, whose events are only listened to.
 * @typedef {{type: string, params: object, key: string, metadata?: object, turnId?: string, watch?: (signal:
 *   AbortSignal) => AsyncIterable<Record<string, any>>}} Request
 */

/** One sent message until its answer has ended: the stream, and its repeats when the connection breaks. */
export class Turn {
  /**
   * @param {Client} client
   * @param {Request} request kept whole: a retry must be the same request
   */
  constructor(client, request) {
    this.client = client;
    this.request = request;
    this.controller = new AbortController();
    /** Told by the client effect `turn.started`; needed to stop the turn on the server. @type {string | null} */
    this.turnId = request.turnId ?? null;
    this.stopRequested = false;
    this.hasNotice = false;
    /** A client tool that the server waits for once the stream has ended. @type {Record<string, any> | null} */
    this.clientTool = null;
    /** The `error` event, if the stream brought one. @type {Record<string, any> | null} */
    this.failure = null;
    /** What was asked for has been overtaken: the screen shows an old state. */
    this.isOutdated = false;
    /** Nobody knows what became of it: the connection stayed broken. */
    this.isUnanswered = false;
  }

  /**
   * Feed every event to `onEvent`. The server recognises a repeat by its key, so a broken connection is answered by
   * asking again; the events then start over with the same item ids.
   *
   * @param {(event: Record<string, any>) => Promise<void>} onEvent
   * @param {(waiting: boolean) => void} onReconnecting
   */
  async run(onEvent, onReconnecting) {
    const { signal } = this.controller;
    for (let attempt = 0; ; attempt++) {
      try {
        for await (const event of this.events(signal)) {
          onReconnecting(false);
          signal.throwIfAborted();
          await onEvent(event);
        }
        return;
      } catch (error) {
        if (signal.aborted || !(/** @type {any} */ (error).repeatable) || attempt >= REPEAT_AFTER_MS.length)
          throw error;
        onReconnecting(true);
        await delay(REPEAT_AFTER_MS[attempt], signal);
        await online(signal);
      }
    }
  }

  /** @param {AbortSignal} signal */
  events(signal) {
    const { type, params, key, metadata, watch } = this.request;
    return watch ? watch(signal) : this.client.stream(type, params, { key, signal, metadata });
  }

  abort() {
    this.controller.abort();
  }
}

/**
 * Requests whose answers have not ended, by their conversations. A page that was reloaded, or opened anew, goes on with
 * them: the server knows a repeated request by its key and streams the running turn, or what became of it.
 * @typedef {Record<string, {request: Request, at: number}>} Kept
 */

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
