// @ts-check
// Sign-in with Better Auth's REST paths, the short-lived token that every other request carries, and requests with it.
import { uuid } from "../chat/dom.js";

const RENEW_BEFORE_S = 60;

const PLACE_KEY = "errand.place";
/** Set as long as somebody is signed in here, as far as this browser knows (`head.js` reads it, too). */
const SIGNED_IN_KEY = "errand.signed-in";

/** Come back here after signing in. */
export function keepPlace() {
  sessionStorage.setItem(PLACE_KEY, location.pathname + location.hash);
}

/** Where to go after signing in: the document that was asked for, or home. */
export function keptPlace() {
  const place = sessionStorage.getItem(PLACE_KEY) ?? "/";
  sessionStorage.removeItem(PLACE_KEY);
  return place.startsWith("/documents/") ? place : "/";
}

/** The server said no; `code` is Better Auth's, such as INVALID_EMAIL_OR_PASSWORD. */
export class AuthError extends Error {
  /** @param {string} message @param {string} code @param {number} status */
  constructor(message, code, status) {
    super(message);
    this.name = "AuthError";
    this.code = code;
    this.status = status;
  }
}

/**
 * @param {string} token
 * @returns {{sub: string, exp: number, iat?: number, name?: string, email?: string}} read, not verified: that is the
 *   server's work
 */
export function claims(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (char) => char.charCodeAt(0))));
}

/** The request for a token that `head.js` began before there was a module, once. @returns {Promise<Response> | null} */
function takeEarly() {
  const page = /** @type {{errandToken?: Promise<Response>}} */ (globalThis);
  const early = page.errandToken ?? null;
  delete page.errandToken;
  return early;
}

export class Session extends EventTarget {
  /** @param {string} authUrl such as "/api/auth" */
  constructor(authUrl) {
    super();
    this.authUrl = authUrl;
    this.cached = "";
    this.renewAt = 0;
    /** @type {Promise<string> | null} */
    this.pending = null;
  }

  /** @param {string} path @param {object} [body] POST if there is one, else GET */
  call(path, body) {
    // The server that signs people in may be another one: its cookies have to go there.
    const asked = fetch(
      this.authUrl + path,
      body
        ? {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(body),
            credentials: "include",
          }
        : { headers: { Accept: "application/json" }, cache: "no-store", credentials: "include" },
    );
    return this.answer(asked);
  }

  /** @param {Promise<Response>} asked */
  async answer(asked) {
    const response = await asked;
    const data = await response.json().catch(() => null);
    if (response.ok) return data;
    throw new AuthError(
      data?.message ?? data?.detail ?? `The server answered ${response.status}.`,
      data?.code ?? "",
      response.status,
    );
  }

  /** @param {{email: string, password: string, oauth_query?: string}} fields @returns {Promise<{url?: string}>} */
  async signIn(fields) {
    const answer = await this.call("/sign-in/email", fields);
    localStorage.setItem(SIGNED_IN_KEY, "yes");
    return answer;
  }

  /**
   * @param {{name: string, email: string, password: string, oauth_query?: string}} fields
   * @returns {Promise<{url?: string}>}
   */
  async signUp(fields) {
    const answer = await this.call("/sign-up/email", fields);
    localStorage.setItem(SIGNED_IN_KEY, "yes");
    return answer;
  }

  signOut() {
    localStorage.removeItem(SIGNED_IN_KEY);
    return this.call("/sign-out", {});
  }

  /** @returns {Promise<{session: object, user: {id: string, name: string, email: string}} | null>} */
  get() {
    return this.call("/get-session");
  }

  /** A valid token; `fresh` after the server refused the last one. Asked for once, however many wait for it. */
  token({ fresh = false } = {}) {
    if (!fresh && this.cached && Date.now() < this.renewAt) return Promise.resolve(this.cached);
    this.pending ??= this.renew().finally(() => {
      this.pending = null;
    });
    return this.pending;
  }

  async renew() {
    try {
      const early = takeEarly();
      const { token } = await (early ? this.answer(early) : this.call("/token"));
      const { exp, iat } = claims(token);
      // The lifetime, not the moment of expiry: this machine's clock may be wrong.
      const lifetime = exp - (iat ?? Date.now() / 1000);
      this.renewAt = Date.now() + (lifetime - RENEW_BEFORE_S) * 1000;
      this.cached = token;
      localStorage.setItem(SIGNED_IN_KEY, "yes");
      return token;
    } catch (error) {
      if (error instanceof AuthError && error.status === 401) {
        localStorage.removeItem(SIGNED_IN_KEY);
        this.dispatchEvent(new Event("ended"));
      }
      throw error;
    }
  }

  /**
   * Who is signed in. The token says it, where its issuer writes it there, as Better Auth does unless told otherwise.
   * @returns {Promise<{id: string, name: string, email: string} | null>}
   */
  async user() {
    if (!localStorage.getItem(SIGNED_IN_KEY) && !(await this.get())) return null;
    try {
      const { sub, name = "", email } = claims(await this.token());
      return email ? { id: sub, name, email } : ((await this.get())?.user ?? null);
    } catch (error) {
      if (error instanceof AuthError && error.status === 401) return null;
      throw error;
    }
  }

  /** The user id in every path of the API. */
  async userId() {
    return claims(await this.token()).sub;
  }
}

/**
 * The signed part of the page's query, or nothing on an ordinary visit. When another assistant sends somebody here to
 * sign in or to consent, Better Auth hands over a signed query string
 * (https://www.better-auth.com/docs/plugins/oauth-provider). It goes back as it came.
 * @returns {{oauth_query?: string}}
 */
export function oauthQuery() {
  const params = new URLSearchParams(location.search);
  const names = new Set(params.getAll("ba_param"));
  if (!params.has("sig") || !names.size) return {};
  const signed = [...params].filter(([name]) => name === "sig" || name === "ba_param" || names.has(name));
  return { oauth_query: new URLSearchParams(signed).toString() };
}

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

/** Requests as the signed-in user. */
export class Api {
  /** @param {string} apiUrl such as "/api" @param {Pick<Session, "token" | "userId">} session */
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
   * answer, as the server would give it.
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
   * body again before the answer has arrived whole, and gets the same key; saying the same thing twice is no repeat.
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
