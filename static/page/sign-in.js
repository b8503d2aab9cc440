// @ts-check
// One form, two ways: sign in, or make an account.
import { AuthError, keptPlace, oauthQuery, Session } from "./api.js";
import { bindTheme } from "./controls.js";

/** @param {string} id @returns {any} */
const byId = (id) => document.getElementById(id);
const config = JSON.parse(byId("errand-config").textContent);
const session = new Session(config.authUrl);
const form = /** @type {HTMLFormElement} */ (byId("sign-in"));
const fields = { name: byId("name"), email: byId("email"), password: byId("password") };

const MODES = {
  in: {
    title: "Sign in",
    button: "Sign in",
    ask: "New here?",
    other: "Create an account",
    autocomplete: "current-password",
  },
  up: {
    title: "Create an account",
    button: "Create account",
    ask: "Already have an account?",
    other: "Sign in",
    autocomplete: "new-password",
  },
};
/** @type {"in" | "up"} */
let mode = location.hash === "#sign-up" ? "up" : "in";

/** Where an error of Better Auth belongs. @type {Record<string, ["name" | "email" | "password", string]>} */
const PLACES = {
  INVALID_EMAIL: ["email", "That does not look like an e-mail address."],
  INVALID_EMAIL_OR_PASSWORD: ["password", "E-mail address or password is wrong."],
  USER_ALREADY_EXISTS: ["email", "There is an account with this address already. Sign in instead."],
  USER_ALREADY_EXISTS_USE_ANOTHER_EMAIL: ["email", "There is an account with this address already. Sign in instead."],
  PASSWORD_TOO_SHORT: ["password", "Use at least 8 characters."],
  PASSWORD_TOO_LONG: ["password", "Use at most 128 characters."],
};

function draw() {
  const words = MODES[mode];
  byId("title").textContent = words.title;
  byId("submit").textContent = words.button;
  byId("ask").textContent = words.ask;
  byId("other").textContent = words.other;
  byId("name-row").hidden = mode === "in";
  fields.name.disabled = mode === "in";
  fields.password.autocomplete = words.autocomplete;
  byId("password-hint").hidden = mode === "in";
  document.title = `${words.title} · Errand`;
  clear();
}

/** @param {"name" | "email" | "password" | "form"} place @param {string} text */
function complain(place, text) {
  byId(`${place}-error`).textContent = text;
  byId(`${place}-error`).hidden = !text;
  if (place !== "form") fields[place].setAttribute("aria-invalid", String(Boolean(text)));
}

function clear() {
  for (const place of /** @type {const} */ (["name", "email", "password", "form"])) complain(place, "");
}

/** What can be known without asking the server. */
function check() {
  clear();
  if (mode === "up" && !fields.name.value.trim()) complain("name", "Tell us what to call you.");
  if (!fields.email.validity.valid || !fields.email.value) complain("email", "Enter your e-mail address.");
  if (!fields.password.value) complain("password", "Enter your password.");
  else if (mode === "up" && fields.password.value.length < 8) complain("password", "Use at least 8 characters.");
  const wrong = form.querySelector("[aria-invalid=true]:not(:disabled)");
  /** @type {HTMLElement | null} */ (wrong)?.focus();
  return !wrong;
}

/** @param {unknown} error */
function explain(error) {
  if (!(error instanceof AuthError))
    return complain("form", "The server cannot be reached. Check your connection and try again.");
  const [place, text] = PLACES[error.code] ?? [
    "form",
    error.status === 429 ? "Too many attempts. Wait a minute and try again." : error.message,
  ];
  complain(/** @type {any} */ (place), text);
  if (place in fields) fields[/** @type {"email"} */ (place)].focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!check()) return;
  const button = byId("submit");
  button.disabled = true;
  const [name, email, password] = [fields.name.value.trim(), fields.email.value.trim(), fields.password.value];
  try {
    const query = oauthQuery();
    const answer = await (mode === "up"
      ? session.signUp({ name, email, password, ...query })
      : session.signIn({ email, password, ...query }));
    location.assign(answer?.url ?? keptPlace());
  } catch (error) {
    explain(error);
    button.disabled = false;
  }
});

// Given once they work: a click before this would do nothing, and a form that is sent by the browser itself would put
// the password into the address.
byId("submit").disabled = false;
byId("switch").hidden = false;
byId("other").addEventListener("click", () => {
  mode = mode === "in" ? "up" : "in";
  history.replaceState(null, "", mode === "up" ? "#sign-up" : location.pathname);
  draw();
  (mode === "up" ? fields.name : fields.email).focus();
});

bindTheme();
draw();
// Already signed in, for example in another tab.
if (!oauthQuery().oauth_query)
  session.get().then(
    (current) => current && location.replace(keptPlace()),
    () => {},
  );
