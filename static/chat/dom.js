// @ts-check
// A few lines in place of a framework: build elements, draw icons, wait.
import { PATHS } from "./icons.js";

/** Kept, so that an icon drawn anew is whole at once. @type {typeof import("./more-icons.js")} */
let more;

/**
 * Build an element. Names that start with "on" become listeners, booleans become presence, `null` is left out.
 * There is no `style`: the content security policy forbids it, and states belong into classes.
 *
 * @param {string} tag
 * @param {Record<string, any>} [props]
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** @param {string} [name] one of ours or of ChatKit's; a dot where neither is known @returns {SVGElement} */
export function icon(name = "dot") {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  const attributes = {
    viewBox: "0 0 20 20",
    width: "20",
    height: "20",
    fill: "none",
    stroke: "currentColor",
    "stroke-width": "1.5",
    "stroke-linecap": "round",
    "stroke-linejoin": "round",
    "aria-hidden": "true",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  svg.classList.add("icon");
  if (name === "chevron" || name === "back") svg.classList.add("directed");
  if (PATHS[name]) path.setAttribute("d", PATHS[name]);
  else if (more) path.setAttribute("d", more.pathOf(name));
  else import("./more-icons.js").then((module) => path.setAttribute("d", (more = module).pathOf(name)));
  svg.append(path);
  return svg;
}

/**
 * A button that shows only an icon; the label is its name and its tooltip.
 * @param {string} name @param {string} label @param {Record<string, any>} [props]
 */
export function iconButton(name, label, props = {}) {
  return /** @type {HTMLButtonElement} */ (
    h(
      "button",
      {
        type: "button",
        class: "icon-button",
        "aria-label": label,
        title: label,
        ...props,
      },
      icon(name),
    )
  );
}

/** @param {number} milliseconds @param {AbortSignal} [signal] rejects with the signal's reason */
export function delay(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/** A random UUID, also where `crypto.randomUUID` is missing because the page is not a secure context. */
export function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/**
 * Only what this site itself serves, or what is in the message: nothing is fetched from elsewhere unasked.
 * @param {string} src
 */
export function isOwn(src) {
  return /^data:image\/(png|jpeg|gif|webp);/.test(src) || new URL(src, location.href).origin === location.origin;
}
