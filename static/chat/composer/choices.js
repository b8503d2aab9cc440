// @ts-check
// Tools, models and a microphone beside the text; fetched where the options offer any of them.

import { h, icon, iconButton } from "../dom.js";
import { adopt } from "../look/styles.js";
import { choicesSheet } from "./styles.js";

/** @typedef {"idle" | "listening" | "writing"} State */

/** @param {Blob} blob @returns {Promise<string>} */
function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^data:[^,]*,/, ""));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}

/** Speech to text: records in the browser, the server writes it down (`input.transcribe`). */
class Dictation {
  /**
   * @param {{client: () => import("../protocol.js").Client, onText: (text: string) => void, onState: (state: State) =>
   *   void}} context
   */
  constructor(context) {
    this.context = context;
    /** @type {MediaRecorder | null} */
    this.recorder = null;
  }

  /** Begin, or end and write down. Fails where the microphone may not be used or the server does not understand. */
  async toggle() {
    if (this.recorder) return this.recorder.stop();
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    /** @type {Blob[]} */
    const pieces = [];
    const recorder = (this.recorder = new MediaRecorder(stream));
    recorder.ondataavailable = ({ data }) => pieces.push(data);
    const ended = new Promise((resolve) => {
      recorder.onstop = resolve;
    });
    recorder.start();
    this.context.onState("listening");
    await ended;
    for (const track of stream.getTracks()) track.stop();
    this.recorder = null;
    this.context.onState("writing");
    try {
      await this.write(new Blob(pieces, { type: recorder.mimeType }));
    } finally {
      this.context.onState("idle");
    }
  }

  /** @param {Blob} sound */
  async write(sound) {
    const params = { audio_base64: await base64(sound), mime_type: sound.type };
    const { text } = await this.context.client().request("input.transcribe", params);
    this.context.onText(text);
  }
}

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
 * @param {import("../words/words.js").Strings} strings
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
 * @param {import("../words/words.js").Strings} strings
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

/** @param {Composer} composer @param {import("../words/words.js").Strings} strings */
function microphone(composer, strings) {
  const { client, fail } = composer.context;
  /** @type {Dictation | null} */
  let dictation = null;
  const button = iconButton("mic", strings.dictate, {
    "data-testid": "dictate",
    onclick: async () => {
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
