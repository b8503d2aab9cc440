// @ts-check
// Account menu, theme, what the assistant asks for, the note about the offline model.

/** @param {string} id @returns {HTMLElement} */
const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** @param {string} theme "system", "light" or "dark" */
function setTheme(theme) {
  if (theme === "system") {
    delete document.documentElement.dataset.theme;
    localStorage.removeItem("errand.theme");
  } else {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem("errand.theme", theme);
  }
}

export function bindTheme() {
  const chosen = document.documentElement.dataset.theme ?? "system";
  for (const radio of document.querySelectorAll("input[name=theme]")) {
    const input = /** @type {HTMLInputElement} */ (radio);
    input.checked = input.value === chosen;
    input.addEventListener("change", () => setTheme(input.value));
  }
}

/** @param {{name: string, email: string}} user @param {() => Promise<void>} onSignOut */
export function bindAccount(user, onSignOut) {
  byId("account-initial").textContent = (user.name || user.email).trim().charAt(0).toUpperCase();
  byId("account-name").textContent = user.name;
  byId("account-email").textContent = user.email;
  byId("sign-out").addEventListener("click", onSignOut);
}

/** @param {{isOffline: boolean}} model */
export function bindModelNote(model) {
  byId("model-label").hidden = !model.isOffline;
}

/**
 * What the assistant asks for before it does it.
 * @param {string} present @param {(policy: string) => Promise<unknown>} save @param {(text: string) => void} tell
 */
export function bindApprovalPolicy(present, save, tell) {
  const select = /** @type {HTMLSelectElement} */ (byId("approval-policy"));
  let stored = (select.value = present);
  select.addEventListener("change", async () => {
    try {
      await save(select.value);
      stored = select.value;
    } catch (error) {
      select.value = stored;
      tell(/** @type {Error} */ (error).message);
    }
  });
}
