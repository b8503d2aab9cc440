// @ts-check
// A few lines in place of a framework: build elements, draw icons, wait, copy.

/**
 * The icons that are seen at first, as strokes on a 20 × 20 grid; the others are in `look/chatkit-icons.js`.
 * @type {Record<string, string>}
 */
const PATHS = {
  history: "M3 5h14M3 10h14M3 15h9",
  compose:
    "M9 4H5a1.5 1.5 0 0 0-1.5 1.5v9A1.5 1.5 0 0 0 5 16h9a1.5 1.5 0 0 0 1.5-1.5v-4M8 12l.6-2.6L15 3l2 2-6.4 6.4L8 12Z",
  send: "M10 16V4.5M5 9.5l5-5 5 5",
  stop: "M6 6h8v8H6Z",
  copy: "M7.5 7.5h8v8h-8ZM12.5 7.5v-3h-8v8h3",
  check: "m4.5 10.5 3.5 3.5 7.5-8",
  chevron: "m8 5.5 4.5 4.5L8 14.5",
  close: "m5 5 10 10M15 5 5 15",
  rename: "m4 16 .8-3.4L13 4.4l2.6 2.6-8.2 8.2L4 16Z",
  trash: "M4 6h12M8 6V4h4v2M5.5 6l.8 10h7.4l.8-10M8.5 9v4M11.5 9v4",
  down: "M10 4v11.5M5 10.5l5 5 5-5",
  warn: "M10 6.5v4M10 13.4v.1M10 3l7.5 13.5h-15Z",
  info: "M10 9v4.5M10 6.4v.1M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0Z",
  dot: "M10 9.5a.5.5 0 1 0 0 1 .5.5 0 0 0 0-1Z",
  repeat: "M4 9V8a2.5 2.5 0 0 1 2.5-2.5H15l-2.5-2.5M16 11v1a2.5 2.5 0 0 1-2.5 2.5H5L7.5 17",
  plus: "M10 4v12M4 10h12",
  panel: "M3.5 4.5h13v11h-13ZM12 4.5v11",
  calendar: "M4 5.5h12v10.5H4ZM4 8.8h12M7.5 3.5v3M12.5 3.5v3",
  sparkle: "M10 3.5c.5 3.8 2.7 6 6.5 6.5-3.8.5-6 2.7-6.5 6.5-.5-3.8-2.7-6-6.5-6.5 3.8-.5 6-2.7 6.5-6.5Z",
  notes: "M4.5 6h11M4.5 10h11M4.5 14h6",
  tag: "M4 4.5h5.5l6.5 6.5-5.5 5.5L4 10ZM7 7.5v.1",
  flag: "M5 17V3.5h10l-2.5 3.75L15 11H5",
  good: "M4 9h2.5v7H4ZM6.5 9 9.5 3.5c1.2 0 2 .9 1.8 2.1L10.8 8h4.2c1 0 1.7.9 1.5 1.9l-1 4.8c-.2.8-.8 1.3-1.6 1.3H6.5",
  bad:
    "M4 11h2.5V4H4ZM6.5 11l3 5.5c1.2 0 2-.9 1.8-2.1L10.8 12h4.2" +
    "c1 0 1.7-.9 1.5-1.9l-1-4.8C15.3 4.5 14.7 4 13.9 4H6.5",
  back: "M16 10H4.5M9.5 5l-5 5 5 5",
  clock: "M17 10a7 7 0 1 1-14 0 7 7 0 0 1 14 0ZM10 6v4l2.5 1.8",
};

/** Kept, so that an icon drawn anew is whole at once. @type {typeof import("./look/chatkit-icons.js")} */
let more;

/**
 * Build an element. Names that start with "on" become listeners, booleans become presence, `null` is left out. There is
 * no `style`: the content security policy forbids it, and states belong into classes.
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
  else if (more) path.setAttribute("d", more.pathOf(name, PATHS));
  else import("./look/chatkit-icons.js").then((module) => path.setAttribute("d", (more = module).pathOf(name, PATHS)));
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

/**
 * Copy text. `navigator.clipboard` exists only in a secure context; on a plain-http address in a local network the old
 * command is all there is.
 * @param {string} text
 */
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = /** @type {HTMLTextAreaElement} */ (h("textarea", { readonly: true, class: "visually-hidden" }));
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
