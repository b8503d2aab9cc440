// @ts-check
// What is bound from the beginning: menus, keys, dropped files, the toast, the chosen time zone.
import { h, iconButton } from "../chat/dom.js";

const ZONE_KEY = "errand.timezone";

/** The zone that the person chose by hand, or none: then this device's is used. @returns {string | null} */
export function chosenZone() {
  return localStorage.getItem(ZONE_KEY);
}

/** @param {string} zone empty for this device's */
export function chooseZone(zone) {
  if (zone) localStorage.setItem(ZONE_KEY, zone);
  else localStorage.removeItem(ZONE_KEY);
}

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

/** The element that really has the focus, also inside shadow roots. */
function focused() {
  let active = document.activeElement;
  while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
  return active;
}

/** Whether keys write text now. */
export function isTyping() {
  const active = focused();
  return (
    active instanceof HTMLTextAreaElement ||
    active instanceof HTMLSelectElement ||
    (active instanceof HTMLInputElement && !["checkbox", "radio"].includes(active.type)) ||
    (active instanceof HTMLElement && active.isContentEditable)
  );
}

/**
 * Keys of the page. The chat element has its own (Enter, Esc, ↑) and handles them first.
 * @param {Record<string, () => void>} keys what each key does, such as `{"/": …}`
 */
export function bindShortcuts(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping()) return;
    if (document.querySelector("dialog[open]")) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/**
 * Files become documents: chosen in the panel, or dropped anywhere on the page where the chat does not take them for
 * the next message.
 * @param {HTMLElement} panel
 * @param {(files: File[]) => void} onFiles
 */
export function bindFiles(panel, onFiles) {
  const input = /** @type {HTMLInputElement} */ (panel.querySelector('[data-part="file"]'));
  panel.querySelector('[data-part="choose"]')?.addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    onFiles([...(input.files ?? [])]);
    input.value = "";
  });
  bindDrop(onFiles);
}

/** @param {(files: File[]) => void} onFiles */
function bindDrop(onFiles) {
  const hasFiles = (/** @type {DragEvent} */ event) => event.dataTransfer?.types.includes("Files");
  let depth = 0;
  const mark = (/** @type {number} */ step) => {
    depth = step ? Math.max(0, depth + step) : 0;
    document.body.toggleAttribute("data-dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => {
    if (hasFiles(event)) mark(1);
  });
  addEventListener("dragleave", (event) => {
    if (hasFiles(event)) mark(-1);
  });
  addEventListener("dragover", (event) => {
    if (hasFiles(event)) event.preventDefault();
  });
  addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    mark(0);
    onFiles([...(event.dataTransfer?.files ?? [])]);
  });
}

const SHOWN_MS = 6_000;

/** One short message with what can be done about it. It waits while somebody points at it. */
export class Toast {
  /** @param {HTMLElement} node a live region: what is written into it is read out */
  constructor(node) {
    this.node = node;
    this.timer = 0;
    for (const name of ["pointerenter", "focusin"]) node.addEventListener(name, () => clearTimeout(this.timer));
    for (const name of ["pointerleave", "focusout"]) node.addEventListener(name, () => this.wait());
    node.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      this.hide();
    });
  }

  /** @param {string} text @param {{label: string, act: () => void} | null} [action] */
  show(text, action = null) {
    this.node.replaceChildren(
      h("span", { class: "toast-text" }, text),
      (action &&
        h(
          "button",
          {
            type: "button",
            class: "toast-action",
            "data-testid": "toast-action",
            onclick: () => {
              this.hide();
              action.act();
            },
          },
          action.label,
        )) ||
        "",
      iconButton("close", "Dismiss", { class: "icon-button dismiss", onclick: () => this.hide() }),
    );
    this.node.hidden = false;
    this.node.classList.remove("arrives");
    void this.node.offsetWidth; // so that a new message moves in like the first
    this.node.classList.add("arrives");
    this.wait();
  }

  wait() {
    clearTimeout(this.timer);
    if (!this.node.matches(":hover, :focus-within")) this.timer = setTimeout(() => this.hide(), SHOWN_MS);
  }

  hide() {
    clearTimeout(this.timer);
    this.node.hidden = true;
  }
}

/**
 * A part of the page that is fetched when it is first needed, and made once.
 * @template T @param {() => Promise<T>} make @returns {() => Promise<T>}
 */
export function later(make) {
  /** @type {Promise<T> | null} */
  let made = null;
  return () => {
    // What failed may be tried again: the network may be back.
    made ??= make().catch((error) => {
      made = null;
      throw error;
    });
    return made;
  };
}
