// @ts-check
// What can be taken back: every change made on this page, and by the assistant in this conversation.
import { isTyping } from "./controls.js";

/**
 * @typedef {{text: string, path: string, body?: object, turn?: string, count?: number}} Step a change, and how it is
 *   undone
 * @typedef {{id: string, undone: {id: number, title: string}[], kept: {id: number, title: string, reason: string}[]}}
 *   Undone
 */

const MOST = 50;
const path = (/** @type {string} */ operation) => `operations/${operation}/undo`;

export class Undo {
  /** @param {import("./api.js").Api} api @param {import("./controls.js").Toast} toast */
  constructor(api, toast) {
    this.api = api;
    this.toast = toast;
    /** @type {Step[]} */
    this.steps = [];
    /** @type {Step[]} */
    this.redone = [];
    document.addEventListener("keydown", (event) => this.keydown(event));
  }

  /** @param {KeyboardEvent} event */
  keydown(event) {
    if (event.key.toLowerCase() !== "z" || !(event.ctrlKey || event.metaKey) || event.altKey || event.defaultPrevented)
      return;
    if (isTyping() || document.querySelector("dialog[open]")) return;
    const step = (event.shiftKey ? this.redone : this.steps).at(-1);
    if (!step) return;
    event.preventDefault();
    if (event.shiftKey) this.redo(step);
    else this.undo(step);
  }

  /**
   * Something was done here.
   * @param {string} text such as "Completed “Buy milk”"
   * @param {string | null} operation
   * @param {string} [news] to be said instead
   */
  did(text, operation, news) {
    if (!operation) return this.toast.show(news || text);
    this.redone = [];
    this.remember({ text, path: path(operation) }, news);
  }

  /**
   * The assistant did something; all that one turn does is undone together.
   * @param {string} turn
   * @param {string} summary
   */
  turnDid(turn, summary) {
    const known = this.steps.find((step) => step.turn === turn);
    this.steps = this.steps.filter((step) => step !== known);
    const count = (known?.count ?? 0) + 1;
    this.remember({
      text: count > 1 ? `The assistant made ${count} changes` : summary,
      path: "operations/undo",
      body: { turn_id: turn },
      turn,
      count,
    });
  }

  /** @param {Step} step @param {string} [news] */
  remember(step, news) {
    this.steps = [...this.steps, step].slice(-MOST);
    this.toast.show(news || step.text, { label: "Undo", act: () => this.undo(step) });
  }

  /** @param {Step} step */
  undo(step) {
    this.steps = this.steps.filter((other) => other !== step);
    return this.run(step, (undone) => {
      const back = { ...step, path: path(undone.id), body: undefined };
      if (undone.undone.length) this.redone.push(back);
      this.toast.show(
        outcome(step.text, undone),
        undone.undone.length ? { label: "Redo", act: () => this.redo(back) } : null,
      );
    });
  }

  /** @param {Step} step whose path undoes the undo */
  redo(step) {
    this.redone = this.redone.filter((other) => other !== step);
    return this.run(step, (undone) => {
      if (undone.kept.length) this.toast.show(outcome(step.text, undone));
      else this.remember({ text: step.text, path: path(undone.id) });
    });
  }

  /** @param {Step} step @param {(undone: Undone) => void} then */
  async run(step, then) {
    try {
      then((await this.api.write("POST", step.path, step.body)).data);
    } catch (error) {
      const { status, message } = /** @type {import("./api.js").ApiError} */ (error);
      // A conflict says that somebody undid it before: nothing is left to try.
      if (status === 409 || status === 404) return this.toast.show("That was undone already");
      this.toast.show(`Not undone. ${message}`, { label: "Try again", act: () => this.run(step, then) });
    }
  }
}

/** @param {string} text @param {Undone} undone */
function outcome(text, { undone, kept }) {
  if (!kept.length) return `Undone: ${text.charAt(0).toLowerCase()}${text.slice(1)}`;
  const why = kept.map(({ title, reason }) => `“${title}”: ${reason}`).join("; ");
  return `${undone.length} undone, ${kept.length} kept. ${why}`;
}
