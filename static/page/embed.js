// @ts-check
// The chat inside another site's frame. Who the person is comes from the page around it, as an access token by a port
// that only an allowed origin can hand over.
import "../chat/element.js";
import { Api, AuthError, claims } from "./api.js";
import { chatAdditions, chatOptions } from "./chat-setup.js";

const RENEW_BEFORE_S = 60;

/** Say above the chat why it does not work, until it does. @param {string} text */
function tell(text) {
  const place = /** @type {HTMLElement} */ (document.getElementById("problem"));
  place.textContent = text;
  place.hidden = !text;
}

/** Asks the page around for tokens; stands where the page has its session. */
class Host {
  /** @param {MessagePort} port */
  constructor(port) {
    this.port = port;
    this.cached = "";
    /** @type {Map<number, (answer: {token?: string, problem?: string}) => void>} */
    this.waiting = new Map();
    this.count = 0;
    port.onmessage = ({ data }) => {
      this.waiting.get(data.id)?.(data);
      this.waiting.delete(data.id);
    };
  }

  async token({ fresh = false } = {}) {
    if (!fresh && this.cached && claims(this.cached).exp - RENEW_BEFORE_S > Date.now() / 1000) return this.cached;
    const id = (this.count += 1);
    const { token, problem } = await new Promise((resolve) => {
      this.waiting.set(id, resolve);
      this.port.postMessage({ id, fresh });
    });
    tell(token ? "" : problem || "The site around the chat did not say who you are.");
    if (!token) throw new AuthError(problem, "", 401);
    this.cached = token;
    return token;
  }

  async userId() {
    return claims(await this.token()).sub;
  }
}

/** @param {MessagePort} port @param {Record<string, any>} options of the page around: words and looks only */
function start(port, { locale, theme, greeting }) {
  const chat = /** @type {import("../chat/element.js").ErrandChat} */ (document.getElementById("chat"));
  chat.hidden = false;
  const api = new Api(config.apiUrl, new Host(port));
  const own = chatOptions(config, { api, initialThread: null, onEntity: () => {} });
  chat.setOptions({
    ...own,
    locale: locale ?? own.locale,
    theme: theme === "dark" || theme === "light" ? theme : undefined,
    startScreen: { ...own.startScreen, greeting: typeof greeting === "string" ? greeting : own.startScreen?.greeting },
    errand: chatAdditions(api, () => false),
  });
}

const config = JSON.parse(document.getElementById("errand-config")?.textContent ?? "{}");
const alone = /** @type {HTMLElement} */ (document.getElementById("alone"));
alone.hidden = window.parent !== window;

addEventListener("message", (event) => {
  const isAllowed = event.source === window.parent && config.embedOrigins.includes(event.origin);
  if (isAllowed && event.data?.type === "errand.connect" && event.ports[0])
    start(event.ports[0], event.data.options ?? {});
});
