// @ts-check
// Thumbs below an answer.
import { h, icon } from "./dom.js";

/** @typedef {(kind: "positive" | "negative", reason: string) => Promise<void>} Give */

/**
 * @param {import("./strings.js").Strings} strings
 * @param {Give} give
 * @returns {HTMLElement[]} buttons, and the place for the rest
 */
export function feedbackButtons(strings, give) {
  const more = h("span", { class: "reason", role: "status" });
  /** @param {"positive" | "negative"} kind @param {string} label @param {string} sign */
  const thumb = (kind, label, sign) => {
    const button = h(
      "button",
      {
        type: "button",
        class: "quiet",
        "data-testid": `feedback-${kind}`,
        "aria-label": label,
        title: label,
        "aria-pressed": "false",
        onclick: async () => {
          await give(kind, "");
          for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
          if (kind === "positive") more.replaceChildren(strings.thanks);
          else (await import("./reason.js")).askWhy(strings, give, more);
        },
      },
      icon(sign),
    );
    return button;
  };
  const buttons = [thumb("positive", strings.good, "good"), thumb("negative", strings.bad, "bad")];
  return [...buttons, more];
}
