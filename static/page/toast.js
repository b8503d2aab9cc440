// @ts-check
// One short message with what can be done about it. It waits while somebody points at it.
import { h, iconButton } from "../chat/dom.js";

const SHOWN_MS = 6_000;

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
