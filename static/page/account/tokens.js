// @ts-check
// Access tokens: how programs and other assistants get in.
import { copyText, h } from "../../chat/dom.js";
import { agoText, pastDayText } from "../task-words.js";

/**
 * @typedef {{id: string, name: string, scope: "read" | "change" | "full", created_at: string, expires_at: string |
 *   null, last_used_at: string | null, token?: string}} Token
 */

const SCOPES = { read: "Read", change: "Change but not delete", full: "Full" };
const PLACE = "YOUR_TOKEN";

/**
 * What to paste where; each client has its own idea of the same.
 * @type {[string, (url: string, token: string) => string][]}
 */
const CLIENTS = [
  [
    "Claude",
    (url, token) => `claude mcp add --transport http errand ${url} \\\n  --header "Authorization: Bearer ${token}"`,
  ],
  [
    "Cursor",
    (url, token) =>
      JSON.stringify({ mcpServers: { errand: { url, headers: { Authorization: `Bearer ${token}` } } } }, null, 2),
  ],
  [
    "VS Code",
    (url, token) =>
      JSON.stringify(
        { servers: { errand: { type: "http", url, headers: { Authorization: `Bearer ${token}` } } } },
        null,
        2,
      ),
  ],
];

/** @param {string} text @param {Record<string, any>} [props] */
function copyButton(text, props = {}) {
  const button = h(
    "button",
    {
      type: "button",
      class: "button",
      ...props,
      onclick: async () => {
        await copyText(text);
        button.textContent = "Copied";
        setTimeout(() => {
          button.textContent = "Copy";
        }, 1500);
      },
    },
    "Copy",
  );
  return button;
}

export class TokensDialog {
  /** @param {HTMLDialogElement} dialog @param {import("../api.js").Api} api */
  constructor(dialog, api) {
    this.dialog = dialog;
    this.api = api;
    this.find = (/** @type {string} */ name) =>
      /** @type {HTMLElement} */ (dialog.querySelector(`[data-part="${name}"]`));
    this.form = /** @type {HTMLFormElement} */ (this.find("create"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.create();
    });
    dialog.addEventListener("close", () => {
      this.showSecret(null);
    });
  }

  open() {
    this.showSecret(null);
    this.fail("");
    this.form.reset();
    this.find("list").replaceChildren(); // what is there may be old, and its buttons would go under the hand
    this.dialog.showModal();
    this.load();
  }

  /** @param {string} text */
  fail(text) {
    this.find("error").textContent = text;
    this.find("error").hidden = !text;
  }

  async load() {
    try {
      const { items } = await this.api.request("GET", "access-tokens");
      this.find("list").replaceChildren(...items.map((/** @type {Token} */ token) => this.entry(token)));
      this.find("none").hidden = items.length > 0;
    } catch (error) {
      this.fail(/** @type {Error} */ (error).message);
    }
  }

  /** @param {Token} token */
  entry({ id, name, scope, created_at: created, expires_at: expires, last_used_at: used }) {
    const now = new Date();
    const isOver = expires && new Date(expires) < now;
    const day = (/** @type {string} */ iso) => pastDayText(iso.slice(0, 10), now);
    const facts = [
      SCOPES[scope],
      `created ${day(created)}`,
      used ? `used ${agoText(used, now)}` : "never used",
      !expires ? "never expires" : `${isOver ? "expired" : "expires"} ${day(expires)}`,
    ];
    return h(
      "li",
      { class: "token", "data-testid": "token" },
      h("div", {}, h("p", {}, name), h("p", { class: "secondary" }, facts.join(" · "))),
      h(
        "button",
        {
          type: "button",
          class: "button danger",
          "data-testid": "revoke-token",
          "aria-label": `Revoke ${name}`,
          onclick: (/** @type {Event} */ event) =>
            this.revoke(/** @type {HTMLButtonElement} */ (event.currentTarget), id, name),
        },
        "Revoke",
      ),
    );
  }

  /**
   * Cannot be taken back, so it asks: the button itself is the question.
   * @param {HTMLButtonElement} button
   * @param {string} id
   * @param {string} name
   */
  async revoke(button, id, name) {
    if (button.textContent === "Revoke") {
      button.textContent = "Really revoke";
      button.setAttribute("aria-label", `Really revoke ${name}`);
      button.addEventListener(
        "blur",
        () => {
          button.textContent = "Revoke";
        },
        { once: true },
      );
      return;
    }
    try {
      await this.api.request("DELETE", `access-tokens/${encodeURIComponent(id)}`);
      await this.load();
    } catch (error) {
      this.fail(/** @type {Error} */ (error).message);
    }
    this.form.querySelector("input")?.focus();
  }

  async create() {
    const fields = new FormData(this.form);
    const days = fields.get("expires");
    this.fail("");
    try {
      const token = await this.api.request("POST", "access-tokens", {
        name: String(fields.get("name")).trim(),
        scope: fields.get("scope"),
        expires_in_days: days ? Number(days) : null,
      });
      this.form.reset();
      this.showSecret(token);
      await this.load();
    } catch (error) {
      this.fail(/** @type {Error} */ (error).message);
    }
  }

  /** The one time that a new token can be read. @param {Token | null} token */
  showSecret(token) {
    const secret = this.find("secret");
    secret.hidden = !token;
    secret.replaceChildren();
    if (token?.token) {
      secret.append(
        h("p", {}, h("strong", {}, `“${token.name}” is ready. `), "Copy it now: it is not shown again."),
        h(
          "div",
          { class: "code-line" },
          h("code", { "data-testid": "token-secret", tabindex: "0" }, token.token),
          copyButton(token.token, { "data-testid": "copy-token" }),
        ),
      );
    }
    this.showClients(token?.token ?? PLACE);
    if (token) secret.scrollIntoView({ block: "nearest" });
  }

  /** @param {string} token */
  showClients(token) {
    this.find("clients").replaceChildren(
      ...CLIENTS.map(([name, text]) => {
        const block = text(`${location.origin}/mcp`, token);
        return h(
          "details",
          { name: "clients", "data-testid": "client" },
          h("summary", {}, name),
          h("div", { class: "code-block" }, h("pre", { tabindex: "0" }, h("code", {}, block)), copyButton(block)),
        );
      }),
    );
  }
}
