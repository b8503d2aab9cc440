// @ts-check
// Another assistant wants in: who it is, what it may do, yes or no.
import { h } from "../chat/dom.js";
import { oauthQuery, Session } from "./api.js";
import { bindTheme } from "./controls.js";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
const config = JSON.parse(byId("errand-config").textContent);
const session = new Session(config.authUrl);
const params = new URLSearchParams(location.search);

/** What it may do with tasks, the least first. @type {Record<string, string>} */
const LEVELS = {
  read: "Read your tasks and their history",
  change: "Add, change and complete tasks too, but not delete any",
  full: "Everything, deleting included",
};
const asked = (params.get("scope") ?? "").split(" ");

/** @param {string} text */
function complain(text) {
  byId("form-error").textContent = text;
  byId("form-error").hidden = !text;
}

/** @param {boolean} accept */
async function decide(accept) {
  for (const id of ["allow", "deny"]) byId(id).disabled = true;
  try {
    const level = new FormData(byId("choice")).get("level");
    const scope = asked.filter((each) => !(each in LEVELS) || each === level).join(" ");
    const { url, redirect_uri } = await session.call("/oauth2/consent", { accept, scope, ...oauthQuery() });
    location.assign(url ?? redirect_uri);
  } catch (error) {
    complain(/** @type {Error} */ (error).message);
    for (const id of ["allow", "deny"]) byId(id).disabled = false;
  }
}

async function show() {
  if (!oauthQuery().oauth_query) return complain("This page is opened by an assistant that wants to use Errand.");
  const levels = Object.keys(LEVELS).filter((level) => asked.includes(level));
  for (const level of levels) {
    const radio = h("input", {
      type: "radio",
      name: "level",
      value: level,
      checked: level === (levels.includes("change") ? "change" : levels[0]),
    });
    byId("levels").append(h("label", {}, radio, LEVELS[level]));
  }
  const client = await session.call(
    `/oauth2/public-client?client_id=${encodeURIComponent(params.get("client_id") ?? "")}`,
  );
  byId("client").textContent = client?.client_name || "Another assistant";
  byId("redirect").textContent = new URL(params.get("redirect_uri") ?? "").host;
  byId("choice").hidden = false;
}

bindTheme();
byId("allow").addEventListener("click", () => decide(true));
byId("deny").addEventListener("click", () => decide(false));
show().catch((error) => complain(error.message));
