// @ts-check
// The list above the composer: what "@" can mention, what "/" can do, what "+" can add. The focus stays in the text.

import { h, icon } from "../dom.js";
import { adopt } from "../look/styles.js";
import { addingSheet } from "./styles.js";

/**
 * @typedef {{title: string, description?: string, icon?: string, group?: string, pick: () => unknown}} Choice
 * @typedef {import("./composer.js").Composer} Composer
 */

export class Suggest {
  /** @param {Composer} composer */
  constructor(composer) {
    this.composer = composer;
    adopt(composer.node.getRootNode(), addingSheet);
    this.strings = composer.context.strings;
    this.node = h("div", {
      class: "suggest",
      id: "suggest",
      role: "listbox",
      "aria-label": this.strings.suggestions,
      hidden: true,
      "data-testid": "suggestions",
    });
    /** @type {Choice[]} */
    this.choices = [];
    this.index = 0;
    this.asked = 0;
    // The text keeps the focus.
    this.node.addEventListener("pointerdown", (event) => event.preventDefault());
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** What "@" and some letters mean. @param {string} query */
  async mention(query) {
    const { onTagSearch } = this.composer.context.options().entities ?? {};
    await this.fill(async () =>
      ((await onTagSearch?.(query)) ?? []).map((entity) => ({
        ...entity,
        pick: () => this.composer.insertEntity(entity),
      })),
    );
  }

  /** What "/" and some letters mean. @param {string} query */
  async command(query) {
    const { commands } = this.composer.context.options();
    const own = this.own().filter(({ title }) => title.toLowerCase().includes(query.toLowerCase()));
    await this.fill(async () => [
      ...own,
      ...((await commands?.onSearch?.(query)) ?? []).map((command) => this.choiceOf(command)),
    ]);
  }

  /** What "+" offers. */
  async add() {
    await this.fill(async () => this.own());
  }

  /** @param {import("@openai/chatkit").Command} command @returns {Choice} */
  choiceOf(command) {
    return {
      ...command,
      title: command.label,
      pick: async () => {
        this.composer.cutTrigger();
        const next = await this.composer.context.options().commands?.onSelect?.(command);
        if (next?.type === "entity") this.composer.insertEntity(next.entity);
        if (next?.type === "menu") this.show(next.commands.map((each) => this.choiceOf(each)));
      },
    };
  }

  /** What the composer itself can do. @returns {Choice[]} */
  own() {
    const { composer, strings } = this;
    const { composer: offered = {}, entities } = composer.context.options();
    /** @param {() => unknown} act */
    const cut = (act) => () => {
      composer.cutTrigger();
      act();
    };
    return [
      ...(offered.attachments?.enabled
        ? [{ title: strings.attach, icon: "file", pick: cut(() => composer.chooseFiles()) }]
        : []),
      ...(entities?.onTagSearch ? [{ title: strings.mention, icon: "at", pick: cut(() => composer.insert("@")) }] : []),
      ...(offered.tools ?? []).map((tool) => ({
        title: tool.label,
        icon: tool.icon,
        pick: cut(() => composer.chooseTool(tool.id)),
      })),
    ];
  }

  /** @param {() => Promise<Choice[]>} find */
  async fill(find) {
    const number = (this.asked += 1);
    const choices = await find();
    if (number === this.asked) this.show(choices);
  }

  /** @param {Choice[]} choices */
  show(choices) {
    this.choices = choices;
    this.index = 0;
    /** @type {Map<string, HTMLElement[]>} */
    const groups = new Map();
    for (const [index, choice] of choices.entries()) {
      groups.set(choice.group ?? "", [...(groups.get(choice.group ?? "") ?? []), this.option(choice, index)]);
    }
    const nodes = [...groups].map(([name, options]) =>
      h(
        "div",
        { role: "group", "aria-label": name || this.strings.suggestions },
        name && h("div", { class: "suggest-group", "aria-hidden": "true" }, name),
        ...options,
      ),
    );
    this.node.replaceChildren(
      ...(nodes.length
        ? nodes
        : [h("div", { class: "suggest-none", role: "option", "aria-disabled": "true" }, this.strings.nothingFound)]),
    );
    this.node.hidden = false;
    this.mark();
  }

  /** @param {Choice} choice @param {number} index */
  option(choice, index) {
    return h(
      "div",
      {
        class: "suggest-option",
        role: "option",
        id: `suggest-${index}`,
        "data-testid": "suggestion",
        onclick: () => this.pick(index),
      },
      icon(choice.icon ?? "tag"),
      h("span", { dir: "auto" }, choice.title, choice.description && h("small", {}, choice.description)),
    );
  }

  mark() {
    for (const option of this.node.querySelectorAll(".suggest-option")) {
      const isMarked = option.id === `suggest-${this.index}`;
      option.setAttribute("aria-selected", String(isMarked));
      if (isMarked) option.scrollIntoView({ block: "nearest" });
    }
    this.composer.describeList(this.choices.length ? `suggest-${this.index}` : "");
  }

  close() {
    this.asked += 1;
    this.node.hidden = true;
    this.composer.describeList(null);
  }

  /** @param {number} index */
  async pick(index) {
    const choice = this.choices[index];
    this.close();
    await choice.pick();
    this.composer.input.focus();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the list */
  keydown(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && this.choices.length) {
      this.index = (this.index + step + this.choices.length) % this.choices.length;
      this.mark();
    } else if ((event.key === "Enter" || event.key === "Tab") && this.choices.length) this.pick(this.index);
    else if (event.key === "Escape") this.close();
    else return false;
    event.preventDefault();
    return true;
  }
}
