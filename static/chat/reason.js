// @ts-check
// Room to say what was wrong with an answer; fetched with the first thumb down.
import { h } from "./dom.js";

/**
 * @param {import("./strings.js").Strings} strings
 * @param {import("./feedback.js").Give} give
 * @param {HTMLElement} place
 */
export function askWhy(strings, give, place) {
  const input = /** @type {HTMLInputElement} */ (
    h("input", {
      class: "field",
      maxlength: 2000,
      "aria-label": strings.reason,
      placeholder: strings.reason,
      "data-testid": "feedback-reason",
    })
  );
  place.replaceChildren(
    h(
      "form",
      {
        onsubmit: async (/** @type {Event} */ event) => {
          event.preventDefault();
          await give("negative", input.value);
          place.replaceChildren(strings.thanks);
        },
      },
      input,
      h("button", { class: "button" }, strings.sendReason),
    ),
  );
  input.focus();
}
