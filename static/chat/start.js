// @ts-check
// What a new conversation shows: a greeting, and things to say.
import { h, icon } from "./dom.js";

/**
 * @param {{greeting?: string, prompts?: {label: string, prompt: any, icon?: string}[]} | undefined} options
 * @param {import("./strings.js").Strings} strings
 * @param {(prompt: any) => void} onPick
 */
export function startScreen(options, strings, onPick) {
  const prompts = (options?.prompts ?? []).map(({ label, prompt, icon: name }) =>
    h(
      "button",
      {
        type: "button",
        class: "prompt",
        "data-testid": "start-prompt",
        onclick: () => onPick(prompt),
      },
      icon(name ?? "chevron"),
      h("span", {}, label),
    ),
  );
  return [
    h("h2", { class: "greeting", "data-testid": "greeting" }, options?.greeting ?? strings.greeting),
    h("div", { class: "prompts" }, ...prompts),
  ];
}
