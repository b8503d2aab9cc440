// @ts-check
// Requests as the signed-in user.
import { uuid } from "../chat/dom.js";
import { AuthError } from "./session.js";

/** A refused request, with its problem details (RFC 9457). */
export class ApiError extends Error {
  /** @param {number} status @param {{title?: string, detail?: string, type?: string, current?: any} | null} problem */
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `The server answered ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

export class Api {
  /** @param {string} apiUrl such as "/api" @param {Pick<import("./session.js").Session, "token" | "userId">} session */
  constructor(apiUrl, session) {
    this.apiUrl = apiUrl;
    this.session = session;
    // Handed over as a plain function: the chat element calls it in place of the browser's.
    this.fetch = this.fetch.bind(this);
    this.chatFetch = this.chatFetch.bind(this);
    /** The keys of chat requests whose answers have not arrived whole, by their bodies. @type {Map<string, string>} */
    this.unanswered = new Map();
  }

  /**
   * `fetch` with the token. A refused token is renewed and the request repeated, once; an ended session is a 401
   * answer,
   * as the server would give it.
   *
   * @param {RequestInfo | URL} input @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  async fetch(input, init = {}) {
    try {
      const response = await this.send(input, init, await this.session.token());
      if (response.status !== 401) return response;
      return await this.send(input, init, await this.session.token({ fresh: true }));
    } catch (error) {
      if (!(error instanceof AuthError) || error.status !== 401) throw error;
      return Response.json({ title: "Signed out", status: 401, detail: "Your session has ended." }, { status: 401 });
    }
  }

  /**
   * `fetch` for a chat element that knows no keys: OpenAI's repeats a request up to five times. A repeat is the same
   * body
   * again before the answer has arrived whole, and gets the same key; saying the same thing twice is no repeat.
   *
   * @param {RequestInfo | URL} input @param {RequestInit} [init]
   * @returns {Promise<Response>}
   */
  async chatFetch(input, init = {}) {
    const headers = new Headers(init.headers);
    if (typeof init.body !== "string" || headers.has("Idempotency-Key")) return this.fetch(input, init);
    const body = init.body;
    const key = this.unanswered.get(body) ?? uuid();
    this.unanswered.set(body, key);
    headers.set("Idempotency-Key", key);
    const response = await this.fetch(input, { ...init, headers });
    const forget = () => {
      this.unanswered.delete(body);
    };
    if (response.status < 500 && !response.ok) forget();
    if (!response.ok || !response.body) return response;
    return new Response(response.body.pipeThrough(new TransformStream({ flush: forget })), response);
  }

  /** @param {RequestInfo | URL} input @param {RequestInit} init @param {string} token */
  send(input, init, token) {
    const headers = new Headers(init.headers);
    headers.set("Authorization", `Bearer ${token}`);
    return fetch(input, { ...init, headers });
  }

  /**
   * A JSON request below the user's own path, such as `request("PATCH", "tasks/3", {title})`.
   *
   * @param {string} method @param {string} path
   * @param {object} [body]
   * @param {string} [key] idempotency key of a write
   * @returns {Promise<any>} `null` for an empty answer
   */
  async request(method, path, body, key) {
    return (await this.exchange(method, path, body, key)).data;
  }

  /**
   * A write: answers with the operation that it was, which can be undone.
   *
   * @param {string} method @param {string} path @param {object} [body] @param {string} [key]
   * @returns {Promise<{data: any, operation: string | null}>}
   */
  async write(method, path, body, key = uuid()) {
    const { data, response } = await this.exchange(method, path, body, key);
    return { data, operation: response.headers.get("X-Operation-Id") };
  }

  /** @param {string} method @param {string} path @param {object} [body] @param {string} [key] */
  async exchange(method, path, body, key) {
    const response = await this.call(method, path, body, key);
    const data = response.status === 204 ? null : await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, data);
    return { data, response };
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {string} [key]
   * @param {AbortSignal} [signal]
   */
  async call(method, path, body, key, signal) {
    // The server notes which way a change came.
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json", "X-Errand-Client": "page" };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const userId = encodeURIComponent(await this.session.userId().catch(() => "me"));
    return this.fetch(`${this.apiUrl}/${userId}/${path}`, {
      method,
      headers,
      signal,
      body: body && JSON.stringify(body),
    });
  }
}
