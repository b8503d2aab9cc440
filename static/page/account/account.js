// @ts-check
// The person's own account: name, time zone, where they are signed in, and the way out with everything.
import { h } from "../../chat/dom.js";
import { chooseZone, chosenZone } from "../controls.js";
import { agoText } from "../task-words.js";

/** What a browser calls itself, in words. @param {string} agent */
function agentText(agent) {
  const browser = [
    ["Edg/", "Edge"],
    ["Firefox/", "Firefox"],
    ["Chrome/", "Chrome"],
    ["Safari/", "Safari"],
  ].find(([sign]) => agent.includes(sign));
  const system = [
    ["iPhone", "iPhone"],
    ["Android", "Android"],
    ["Mac OS", "Mac"],
    ["Windows", "Windows"],
    ["Linux", "Linux"],
  ].find(([sign]) => agent.includes(sign));
  return browser && system ? `${browser[1]} on ${system[1]}` : agent.split(" ")[0] || "Another program";
}

export class AccountDialog {
  /**
   * @param {HTMLDialogElement} dialog
   * @param {import("../api.js").Api} api
   * @param {import("../api.js").Session} session
   * @param {() => void} onGone called once the account is deleted
   */
  constructor(dialog, api, session, onGone) {
    this.dialog = dialog;
    this.api = api;
    this.session = session;
    this.onGone = onGone;
    this.find = (/** @type {string} */ name) =>
      /** @type {HTMLElement} */ (dialog.querySelector(`[data-part="${name}"]`));
    this.form = /** @type {HTMLFormElement} */ (this.find("form"));
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.try(() => this.save());
    });
    this.find("others").addEventListener("click", () => this.try(() => this.signOutOthers()));
    const sure = /** @type {HTMLFormElement} */ (this.find("delete"));
    sure.addEventListener("submit", (event) => {
      event.preventDefault();
      this.try(() => this.remove(sure.sure.value));
    });
  }

  async open() {
    this.say("");
    this.dialog.showModal();
    await this.try(async () => {
      const me = await this.api.request("GET", "me");
      this.form.personName.value = me.name;
      const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
      this.form.zone.replaceChildren(
        h("option", { value: "" }, `This device's (${own})`),
        ...Intl.supportedValuesOf("timeZone").map((zone) =>
          h("option", { value: zone, selected: zone === chosenZone() }, zone.replaceAll("_", " ")),
        ),
      );
      await this.showSessions();
    });
  }

  /** @param {string} text @param {boolean} [isError] */
  say(text, isError = false) {
    this.find("error").textContent = isError ? text : "";
    this.find("error").hidden = !isError;
    this.find("saved").textContent = isError ? "" : text;
  }

  /** @param {() => Promise<void>} work */
  async try(work) {
    try {
      await work();
    } catch (error) {
      this.say(/** @type {Error} */ (error).message, true);
    }
  }

  async save() {
    const zone = this.form.zone.value;
    const timezone = zone || Intl.DateTimeFormat().resolvedOptions().timeZone;
    await this.api.request("PATCH", "me", { name: this.form.personName.value.trim(), timezone });
    chooseZone(zone);
    this.say("Saved");
  }

  async showSessions() {
    const [sessions, here] = await Promise.all([this.session.call("/list-sessions"), this.session.get()]);
    this.find("sessions").replaceChildren(
      ...sessions.map((/** @type {any} */ each) => {
        const isHere = each.token === /** @type {any} */ (here?.session)?.token;
        const what = h(
          "div",
          {},
          agentText(each.userAgent ?? ""),
          h(
            "div",
            { class: "secondary" },
            isHere ? "This browser" : `Signed in ${agoText(each.createdAt, new Date())}`,
          ),
        );
        const out = h(
          "button",
          {
            type: "button",
            class: "button",
            "data-testid": "revoke-session",
            onclick: () =>
              this.try(async () => {
                await this.session.call("/revoke-session", { token: each.token });
                await this.showSessions();
              }),
          },
          "Sign out",
        );
        return h("li", { class: "token", "data-testid": "session" }, what, isHere ? null : out);
      }),
    );
    this.find("others").hidden = sessions.length < 2;
  }

  async signOutOthers() {
    await this.session.call("/revoke-other-sessions", {});
    await this.showSessions();
  }

  /** @param {string} word */
  async remove(word) {
    if (word.trim().toLowerCase() !== "delete") return this.say("Type delete to confirm.", true);
    await this.api.request("DELETE", "me");
    this.onGone();
  }
}
