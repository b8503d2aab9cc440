// @ts-check
// Sign-in with Better Auth's REST paths, and the short-lived token that every other request carries.

const RENEW_BEFORE_S = 60;

const PLACE_KEY = "errand.place";

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
 * @returns {{sub: string, exp: number, iat?: number}} read, not verified: that is the server's work
 */
export function claims(token) {
  const payload = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(payload), (char) => char.charCodeAt(0))));
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
  async call(path, body) {
    // The server that signs people in may be another one: its cookies have to go there.
    const response = await fetch(
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
    const data = await response.json().catch(() => null);
    if (response.ok) return data;
    throw new AuthError(
      data?.message ?? data?.detail ?? `The server answered ${response.status}.`,
      data?.code ?? "",
      response.status,
    );
  }

  /** @param {{email: string, password: string, oauth_query?: string}} fields @returns {Promise<{url?: string}>} */
  signIn(fields) {
    return this.call("/sign-in/email", fields);
  }

  /**
   * @param {{name: string, email: string, password: string, oauth_query?: string}} fields
   * @returns {Promise<{url?: string}>}
   */
  signUp(fields) {
    return this.call("/sign-up/email", fields);
  }

  signOut() {
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
      const { token } = await this.call("/token");
      const { exp, iat } = claims(token);
      // The lifetime, not the moment of expiry: this machine's clock may be wrong.
      const lifetime = exp - (iat ?? Date.now() / 1000);
      this.renewAt = Date.now() + (lifetime - RENEW_BEFORE_S) * 1000;
      this.cached = token;
      return token;
    } catch (error) {
      if (error instanceof AuthError && error.status === 401) this.dispatchEvent(new Event("ended"));
      throw error;
    }
  }

  /** The user id in every path of the API. */
  async userId() {
    return claims(await this.token()).sub;
  }
}
