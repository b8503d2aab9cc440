// @ts-check
// Requests as the signed-in user.
import { AuthError } from "./session.js";

/** A refused request, with its problem details (RFC 9457). */
export class ApiError extends Error {
  /** @param {number} status @param {{title?: string, detail?: string, type?: string} | null} problem */
  constructor(status, problem) {
    super(problem?.detail || problem?.title || `The server answered ${status}.`);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

export class Api {
  /** @param {string} apiUrl such as "/api" @param {import("./session.js").Session} session */
  constructor(apiUrl, session) {
    this.apiUrl = apiUrl;
    this.session = session;
    // Handed over as a plain function: the chat element calls it in place of the browser's.
    this.fetch = this.fetch.bind(this);
  }

  /**
   * `fetch` with the token. A refused token is renewed and the request repeated, once; an ended session is a 401 answer,
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
    /** @type {Record<string, string>} */
    const headers = { Accept: "application/json" };
    if (body) headers["Content-Type"] = "application/json";
    if (key) headers["Idempotency-Key"] = key;
    const userId = encodeURIComponent(await this.session.userId().catch(() => "me"));
    const response = await this.fetch(`${this.apiUrl}/${userId}/${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (response.status === 204) return null;
    const data = await response.json().catch(() => null);
    if (!response.ok) throw new ApiError(response.status, data);
    return data;
  }
}
