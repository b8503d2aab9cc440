// @ts-check
// The row that adds: what is typed is read by the server, and how it is read shows below.
import { uuid } from "../../chat/dom.js";
import { Reading } from "./reading.js";

/**
 * @param {HTMLFormElement} form
 * @param {{api: import("../api.js").Api, add: (text: string, key: string) => Promise<void>, fail: (text: string,
 *   onRetry?: () => void) => void}} context
 */
export function bindAdd(form, { api, add, fail }) {
  const input = /** @type {HTMLInputElement} */ (form.querySelector("input"));
  const reading = new Reading(api, /** @type {HTMLElement} */ (form.querySelector("output")), "text");
  // One key per text: sending the same text again after a failure must not add it twice.
  let key = uuid();
  let keyFor = "";
  input.addEventListener("input", () => reading.ask(input.value));
  reading.ask(input.value); // what was typed before this was here
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !input.value) return;
    event.preventDefault();
    input.value = "";
    reading.ask("");
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const text = input.value.trim();
    if (!text || form.hasAttribute("data-busy")) return;
    if (text !== keyFor) [key, keyFor] = [uuid(), text];
    form.setAttribute("data-busy", "");
    try {
      await add(text, key);
      keyFor = "";
      if (input.value.trim() === text) input.value = "";
      reading.ask(input.value);
      fail("");
    } catch (error) {
      fail(`The task was not added. ${/** @type {Error} */ (error).message}`, () => form.requestSubmit());
    } finally {
      form.removeAttribute("data-busy");
    }
  });
}
