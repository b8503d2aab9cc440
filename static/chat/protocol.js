// @ts-check
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
 * fields
 * with JSON. Comments (": ping") and other fields are skipped.
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
