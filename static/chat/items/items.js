// @ts-check
// How each kind of thread item looks. A view is `{node, set(item, streaming), update(update), stop()}`; a new kind is
// one more entry in RENDERERS, or in LATER with a module of its own, and a kind that is in neither shows nothing
// instead of failing.
import { h, icon, iconButton } from "../dom.js";

/**
 * @typedef {Record<string, any>} Item one of `chatkit.types.ThreadItem`
 * @typedef {import("@openai/chatkit").Entity} Entity
 *
 * @typedef {object} Context what views may ask of the conversation around them
 * @property {import("../words/words.js").Strings} strings
 * @property {(sheet: CSSStyleSheet) => void} adopt
 * @property {(action: import("../widgets/widget.js").Action, values: Record<string, any>, item: Item) => Promise<void>}
 *   [onAction]
 * @property {(item: Item) => void} [onEdit]
 * @property {(node: HTMLElement) => void} [onRetry] missing, as `onFeedback`, where the options do not offer it
 * @property {(node: HTMLElement, kind: string, reason: string) => Promise<void>} [onFeedback]
 * @property {(turnId: string) => void} [onVersion]
 * @property {(source: import("./citations.js").Source) => boolean} [onSource]
 * @property {(entity: Entity) => void} [onEntity]
 * @property {(entity: Entity) => Promise<HTMLElement | null>} [preview]
 * @property {(item: Item, input: import("./questions.js").Submission) => Promise<void>} [onAnswer]
 * @property {(url: string) => Promise<string>} [picture] fetches an image as its owner and gives an address that an
 *   `<img>` can show
 *
 * @typedef {{node: HTMLElement, set(item: Item, streaming: boolean): void, update?(update: Record<string, any>): void,
 *   stop?(): void, isLive?(): boolean, setVersions?(turns: {turn_id: string, is_active: boolean}[]): void}} View
 * @typedef {{citations?: typeof import("./citations.js"), chart?: typeof import("../widgets/chart.js")}} Parts what
 *   items may have somewhere inside; there once it was fetched
 * @typedef {(item: Item, context: Context, parts: Parts) => View} Renderer
 */

class UserMessage {
  /** @param {Item} item @param {Context} context */
  constructor(item, context) {
    this.context = context;
    this.item = item;
    this.bubble = h("div", { class: "bubble" });
    this.files = h("div", { class: "files" });
    this.versions = h("span", { class: "versions", "data-testid": "versions" });
    const edit =
      context.onEdit &&
      iconButton("rename", context.strings.edit, { "data-testid": "edit", onclick: () => context.onEdit?.(this.item) });
    this.node = h(
      "div",
      { class: "row user", "data-role": "user", "data-testid": "message" },
      h("span", { class: "visually-hidden" }, context.strings.youSaid),
      this.files,
      h("div", { class: "said" }, edit, this.bubble),
      this.versions,
    );
  }

  /**
   * What was said here before, and is hidden now, or the other way round.
   * @param {{turn_id: string, is_active: boolean}[]} turns
   */
  setVersions(turns) {
    const { strings, onVersion } = this.context;
    const shown = turns.findIndex((turn) => turn.is_active);
    /** @param {number} step @param {string} label */
    const button = (step, label) =>
      iconButton("chevron", label, {
        disabled: !turns[shown + step],
        onclick: () => onVersion?.(turns[shown + step].turn_id),
      });
    this.versions.replaceChildren(
      ...(turns.length > 1
        ? [
            button(-1, strings.previousVersion),
            strings.version(shown + 1, turns.length),
            button(1, strings.nextVersion),
          ]
        : []),
    );
  }

  /** @param {Item} item */
  set(item) {
    this.item = item;
    const attachments = item.attachments ?? [];
    this.bubble.replaceChildren();
    if (item.quoted_text) this.bubble.append(h("blockquote", {}, item.quoted_text));
    this.bubble.append(
      h(
        "div",
        { class: "text", dir: "auto" },
        ...item.content.map((/** @type {any} */ part) =>
          part.type === "input_tag" ? tag(part, this.context) : part.text,
        ),
      ),
    );
    this.files.replaceChildren(...attachments.map((/** @type {Item} */ each) => attachmentView(each, this.context)));
  }
}

/** A thing that was mentioned. @param {Record<string, any>} part @param {Context} context */
function tag({ id, text, group, data, interactive }, { onEntity, preview }) {
  const entity = { id, title: text.replace(/^@/, ""), group, data, interactive };
  if (!interactive) return h("span", { class: "tag" }, text);
  const node = h(
    "button",
    { type: "button", class: "tag", "data-testid": "tag", onclick: () => onEntity?.(entity) },
    text,
  );
  let asked = false;
  const show = async () => {
    if (asked) return;
    asked = true;
    const found = await preview?.(entity);
    if (found) node.after(h("span", { class: "preview", role: "tooltip" }, found));
  };
  node.addEventListener("pointerenter", show);
  node.addEventListener("focus", show);
  return node;
}

/** A sent file: pictures show themselves. @param {Item} attachment @param {Context} context */
function attachmentView({ type, name, preview_url: url }, { picture }) {
  const node = h("div", { class: "file", "data-testid": "sent-file" });
  if (type !== "image" || !url || !picture) {
    node.append(icon("file"), h("span", {}, name));
    return node;
  }
  const image = h("img", { alt: name });
  node.classList.add("image");
  node.append(image);
  picture(url).then(
    (source) => image.setAttribute("src", source),
    () => {
      node.classList.remove("image");
      node.replaceChildren(icon("image"), h("span", {}, name));
    },
  );
  return node;
}

/** @type {Record<string, Renderer>} what is there from the beginning */
const RENDERERS = {
  user_message: (item, context) => new UserMessage(item, context),
};

/** What is fetched when a conversation first has it. @type {Record<string, () => Promise<Renderer>>} */
const LATER = {
  assistant_message: async () => {
    const { AssistantMessage } = await import("./answer.js");
    return (item, context, parts) => new AssistantMessage(item, context, parts);
  },
  workflow: async () => {
    const { WorkflowView } = await import("./workflow.js");
    return (item, context) => new WorkflowView(item, context);
  },
  task: async () => {
    const { TaskView } = await import("./workflow.js");
    return () => new TaskView();
  },
  widget: async () => {
    const { WidgetView } = await import("../widgets/widget.js");
    return (item, context, parts) => new WidgetView(item, context, parts);
  },
  structured_input: async () => {
    const { QuestionsView } = await import("./questions.js");
    return (item, context) => new QuestionsView(item, context);
  },
  generated_image: async () => {
    const { PictureView } = await import("./picture.js");
    return (_item, context) => new PictureView(context);
  },
};

/** @type {Parts} handed to each renderer: what draws an item does not know this module */
const parts = {};

/** What of an item's JSON asks for it. @type {[RegExp, () => Promise<void>][]} */
const PARTS = [
  [
    /"annotation(?:s":\[|":)\{/,
    async () => {
      parts.citations ??= await import("./citations.js");
    },
  ],
  [
    /"type":"Chart"/,
    async () => {
      parts.chart ??= await import("../widgets/chart.js");
    },
  ],
];

/** Fetch what these items, or changes of items, are drawn with. @param {Record<string, any>[]} items */
export async function prepare(items) {
  const json = JSON.stringify(items);
  const kinds = new Set(items.map(({ type }) => type));
  await Promise.all(
    [...kinds]
      .map(async (kind) => {
        if (!RENDERERS[kind] && LATER[kind]) RENDERERS[kind] = await LATER[kind]();
      })
      .concat(PARTS.map(([pattern, fetchPart]) => (pattern.test(json) ? fetchPart() : Promise.resolve()))),
  );
}

/** @param {Item} item its kind has been prepared @param {Context} context @returns {View | null} */
export function createView(item, context) {
  return RENDERERS[item.type]?.(item, context, parts) ?? null;
}
