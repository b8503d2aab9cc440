// @ts-check
// Tools, models and a microphone beside the text; fetched where the options offer any of them.
import { h, icon, iconButton } from "./dom.js";
import { adopt } from "./sheet.js";
import { choicesSheet } from "./styles-composer.js";

/** @typedef {import("./composer.js").Composer} Composer */

/** @param {Composer} composer @param {boolean} canDictate */
export function choices(composer, canDictate) {
  const {
    context: { strings, options },
  } = composer;
  const { tools = [], models = [] } = options().composer ?? {};
  const tool = tools.find(({ id }) => id === composer.tool);
  adopt(composer.node.getRootNode(), choicesSheet);
  return [
    ...tools.filter((each) => each.pinned && each !== tool).map((each) => pinnedTool(each, composer)),
    tool && chosenTool(tool, composer, strings),
    models.length > 1 && modelChoice(models, composer, strings),
    canDictate && microphone(composer, strings),
  ];
}

/** @param {import("@openai/chatkit").ToolOption} tool @param {Composer} composer */
function pinnedTool(tool, composer) {
  return h(
    "button",
    { type: "button", class: "tool", onclick: () => composer.chooseTool(tool.id) },
    icon(tool.icon),
    h("span", {}, tool.shortLabel ?? tool.label),
  );
}

/**
 * @param {import("@openai/chatkit").ToolOption} tool
 * @param {Composer} composer
 * @param {import("./strings.js").Strings} strings
 */
function chosenTool(tool, composer, strings) {
  return h(
    "button",
    {
      type: "button",
      class: "tool chosen",
      "data-testid": "chosen-tool",
      "aria-label": strings.noTool(tool.label),
      title: strings.noTool(tool.label),
      onclick: () => {
        composer.chooseTool(null);
        composer.input.focus();
      },
    },
    icon(tool.icon),
    h("span", {}, tool.shortLabel ?? tool.label),
    icon("close"),
  );
}

/**
 * @param {import("@openai/chatkit").ModelOption[]} models
 * @param {Composer} composer
 * @param {import("./strings.js").Strings} strings
 */
function modelChoice(models, composer, strings) {
  composer.model ??= (models.find((each) => each.default) ?? models[0]).id;
  const select = /** @type {HTMLSelectElement} */ (
    h(
      "select",
      {
        class: "model",
        "aria-label": strings.model,
        title: strings.model,
        "data-testid": "model",
        onchange: () => {
          composer.model = select.value;
        },
      },
      ...models.map(({ id, label, description, disabled }) =>
        h("option", { value: id, disabled, title: description, selected: id === composer.model }, label),
      ),
    )
  );
  return select;
}

/** @param {Composer} composer @param {import("./strings.js").Strings} strings */
function microphone(composer, strings) {
  const { client, fail } = composer.context;
  /** @type {import("./dictation.js").Dictation | null} */
  let dictation = null;
  const button = iconButton("mic", strings.dictate, {
    "data-testid": "dictate",
    onclick: async () => {
      const { Dictation } = await import("./dictation.js");
      dictation ??= new Dictation({
        client,
        onText: (text) => composer.insert(text),
        onState: (state) => {
          const label = { idle: strings.dictate, listening: strings.stopDictating, writing: strings.transcribing }[
            state
          ];
          button.dataset.state = state;
          button.ariaLabel = button.title = label;
          button.disabled = state === "writing";
        },
      });
      await dictation.toggle().catch((error) => {
        button.dataset.state = "idle";
        fail(error instanceof DOMException ? strings.noMicrophone : error.message);
      });
    },
  });
  return button;
}
