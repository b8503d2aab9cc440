// @ts-check
// ChatKit's widgets: trees of components that a server describes. A new state is drawn over the old one in place; what
// a control does is looked up when it is used.
import { h } from "../dom.js";
import { morph, settle } from "../morph.js";
import { Drawing } from "./components.js";
import { widgetSheet } from "./styles.js";

/**
 * @typedef {import("./components.js").Component} Component
 * @typedef {{type: string, payload?: any, handler?: string, streaming?: boolean, loadingBehavior?: string}} Action
 */

/**
 * @param {Iterable<Element>} fields
 * @returns {Record<string, any>} nested where names have dots: `a.b` is `{a: {b: …}}`
 */
function valuesOf(fields) {
  /** @type {Record<string, any>} */
  const values = {};
  for (const each of fields) {
    const field = /** @type {HTMLInputElement} */ (each);
    if (field.type === "radio" && !field.checked) continue;
    const path = field.name.split(".");
    const last = /** @type {string} */ (path.pop());
    let place = values;
    for (const step of path) place = place[step] ??= {};
    place[last] = field.type === "checkbox" ? field.checked : field.value;
  }
  return values;
}

/** The component of an id, wherever it stands. @param {any} tree @param {string} id @returns {Component | null} */
function findComponent(tree, id) {
  if (!tree || typeof tree !== "object") return null;
  if (tree.id === id && tree.type) return tree;
  for (const value of Object.values(tree)) {
    const found = findComponent(value, id);
    if (found) return found;
  }
  return null;
}

let count = 0;

export class WidgetView {
  /**
   * @param {import("../items/items.js").Item} item
   * @param {import("../items/items.js").Context} context
   * @param {import("../items/items.js").Parts} parts
   */
  constructor(item, { onAction, strings, adopt }, parts) {
    this.parts = parts;
    this.adopt = adopt;
    adopt(widgetSheet);
    this.onAction = onAction;
    this.strings = strings;
    this.item = item;
    this.prefix = `w${(count += 1)}`;
    this.showsAll = false;
    /** @type {WeakMap<Element, Component>} */
    this.components = new WeakMap();
    this.node = h("div", { class: "row widget", "data-testid": "widget" });
    this.node.addEventListener("click", (event) => this.clicked(/** @type {Element} */ (event.target)));
    this.node.addEventListener("change", (event) => this.changed(/** @type {HTMLInputElement} */ (event.target)));
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      this.submitted(/** @type {HTMLFormElement} */ (event.target));
    });
  }

  /** @param {import("../items/items.js").Item} item */
  set(item) {
    this.item = structuredClone(item);
    this.draw();
  }

  /** @param {Record<string, any>} update */
  update(update) {
    if (update.type === "widget.root.updated") this.item.widget = update.widget;
    const component = findComponent(this.item.widget, update.component_id);
    if (component && update.type === "widget.component.updated") replaceMembers(component, update.component);
    if (component && update.type === "widget.streaming_text.value_delta")
      component.value = `${component.value ?? ""}${update.delta}`;
    this.draw();
  }

  draw() {
    const { chart } = this.parts;
    if (chart) this.adopt(chart.chartSheet);
    const drawing = new Drawing({
      strings: this.strings,
      drawChart: chart?.drawChart,
      prefix: this.prefix,
      showsAll: this.showsAll,
      know: (node, component) => this.components.set(node, component),
    });
    const next = drawing.one(this.item.widget);
    const old = this.node.firstElementChild;
    if (!next) this.node.replaceChildren();
    else if (!old) this.node.append(next);
    else {
      morph(old, next, (was, is) => {
        const component = this.components.get(/** @type {Element} */ (is));
        if (component) this.components.set(/** @type {Element} */ (was), component);
      });
    }
  }

  /** @param {Element} target */
  clicked(target) {
    if (target.closest(".w-more")) {
      this.showsAll = true;
      return this.draw();
    }
    const control = target.closest("button");
    const { onClickAction: action } = (control && this.components.get(control)) ?? {};
    if (!control || !action) return;
    const form = control.closest("form");
    return this.act(control, action, valuesOf(form?.querySelectorAll("[name]") ?? []));
  }

  /** @param {HTMLInputElement} field */
  changed(field) {
    const action = this.components.get(field)?.onChangeAction;
    if (!action) return;
    const form = field.closest("form");
    return this.act(field, action, valuesOf(form ? form.querySelectorAll("[name]") : [field]));
  }

  /** @param {HTMLFormElement} form */
  submitted(form) {
    const action = this.components.get(form)?.onSubmitAction;
    if (action) return this.act(form, action, valuesOf(form.querySelectorAll("[name]")));
  }

  /** @param {HTMLElement} control @param {Action} action @param {Record<string, any>} values */
  async act(control, action, values) {
    if (!this.onAction || control.ariaBusy) return;
    const waiting = action.loadingBehavior === "container" || control.tagName === "FORM" ? this.node : control;
    control.ariaBusy = "true";
    if (action.loadingBehavior !== "none") waiting.ariaBusy = "true";
    try {
      await this.onAction(action, values, this.item);
    } finally {
      control.ariaBusy = waiting.ariaBusy = null;
      // What the server says counts, also where it refused; a form keeps what was written into it.
      if (control.tagName !== "FORM" && !control.closest("form")) settle(control);
    }
  }
}

/** @param {Component} component @param {Component} next */
function replaceMembers(component, next) {
  for (const name of Object.keys(component)) delete component[name];
  Object.assign(component, next);
}
