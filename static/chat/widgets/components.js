// @ts-check
// ChatKit's widget components as nodes, one function for each (`chatkit.widgets`); a component that is not here is left
// out.
import { h, icon, isOwn } from "../dom.js";
import { markdown } from "../markdown/markdown.js";

/**
 * @typedef {Record<string, any>} Component one of `chatkit.widgets`
 * @typedef {HTMLElement | SVGElement | null} Drawn
 */

const LIST_SHOWN = 8;
const ALIGN = {
  start: "flex-start",
  end: "flex-end",
  between: "space-between",
  around: "space-around",
  evenly: "space-evenly",
};
const SIDES = { top: "top", bottom: "bottom", left: "left", right: "right", x: "inline", y: "block" };
const RADII = { "2xs": 2, xs: 4, sm: 6, md: 8, lg: 10, xl: 12, "2xl": 16, "3xl": 20, "4xl": 24, full: 9999, none: 0 };
/** Colours that the style sheet knows; others are written out. */
const NAMED = /^(prose|primary|emphasis|secondary|tertiary|success|warning|caution|danger|info|discovery)$/;

/** ChatKit's spacing unit. @param {any} value */
const space = (value) => (typeof value === "number" ? `${value * 4}px` : value);
/** @param {any} value */
const pixels = (value) => (typeof value === "number" ? `${value}px` : value);
/** @param {string | {light: string, dark: string}} color */
const colorOf = (color) => (typeof color === "string" ? color : `light-dark(${color.light}, ${color.dark})`);

/**
 * Room around, for all sides or some.
 * @param {HTMLElement} node
 * @param {string} kind "padding" or "margin"
 * @param {any} value
 */
function room({ style }, kind, value) {
  if (typeof value !== "object") return style.setProperty(kind, space(value));
  for (const [side, size] of Object.entries(value))
    style.setProperty(`${kind}-${SIDES[/** @type {"top"} */ (side)]}`, space(size));
}

/** @param {HTMLElement} node @param {any} border */
function edge({ style }, border) {
  const line = (/** @type {any} */ each) =>
    typeof each === "number"
      ? `${each}px solid var(--line)`
      : `${each.size}px ${each.style ?? "solid"} ${each.color ? colorOf(each.color) : "var(--line)"}`;
  if (typeof border === "number" || "size" in border) return style.setProperty("border", line(border));
  for (const [side, each] of Object.entries(border))
    style.setProperty(`border-${SIDES[/** @type {"top"} */ (side)]}`, line(each));
}

/** @param {HTMLElement} node @param {Component} box */
function lay(node, box) {
  const { style } = node;
  if (box.gap !== undefined) style.gap = space(box.gap);
  if (box.align) style.alignItems = ALIGN[/** @type {"start"} */ (box.align)] ?? box.align;
  if (box.justify) style.justifyContent = ALIGN[/** @type {"start"} */ (box.justify)] ?? box.justify;
  if (box.flex !== undefined) style.flex = String(box.flex);
  if (box.wrap) style.flexWrap = box.wrap;
  if (box.background) style.background = colorOf(box.background);
  if (box.radius) style.borderRadius = pixels(RADII[/** @type {"sm"} */ (box.radius)] ?? box.radius);
  if (box.border !== undefined) edge(node, box.border);
  if (box.aspectRatio) style.aspectRatio = String(box.aspectRatio);
  for (const kind of ["padding", "margin"]) if (box[kind] !== undefined) room(node, kind, box[kind]);
  for (const side of ["width", "height", "minWidth", "maxWidth", "minHeight", "maxHeight"]) {
    if (box[side] !== undefined)
      style.setProperty(
        side.replace(/[A-Z]/, (c) => `-${c.toLowerCase()}`),
        pixels(box[side]),
      );
  }
  for (const [size, sides] of [
    ["size", ["width", "height"]],
    ["minSize", ["min-width", "min-height"]],
    ["maxSize", ["max-width", "max-height"]],
  ]) {
    const value = box[/** @type {string} */ (size)];
    if (value !== undefined) for (const side of sides) style.setProperty(side, pixels(value));
  }
  return node;
}

/** One widget's components, drawn anew for each state of the widget. */
export class Drawing {
  /**
   * @param {{strings: import("../words/words.js").Strings, prefix: string, showsAll: boolean, know: (node: Element,
   *   component: Component) => void, drawChart?: typeof import("./chart.js").drawChart}} context `prefix` makes ids of
   *   fields unique; `know` is told which component a control is; `drawChart` is missing as long as no chart was needed
   */
  constructor({ strings, prefix, showsAll, know, drawChart }) {
    this.chart = drawChart;
    this.strings = strings;
    this.prefix = prefix;
    this.showsAll = showsAll;
    this.know = know;
  }

  /** @param {Component[] | undefined} children */
  all(children) {
    return (children ?? []).map((child) => this.one(child)).filter((node) => node !== null);
  }

  /** @param {Component} component @returns {Drawn} */
  one(component) {
    const name = `draw${String(component.type).replace(".", "")}`;
    const draw = /** @type {Record<string, (c: Component) => Drawn>} */ (/** @type {unknown} */ (this))[name];
    const node = draw ? draw.call(this, component) : null;
    const key = component.key ?? component.id;
    if (key) node?.setAttribute("data-key", key);
    return node;
  }

  /** @template {Element} T @param {T} node @param {Component} component @returns {T} */
  control(node, component) {
    this.know(node, component);
    return node;
  }

  /** @param {string} tag @param {string} name @param {Component} c */
  words(tag, name, c) {
    const named = typeof c.color === "string" && NAMED.test(c.color);
    const node = h(
      tag,
      {
        class: `w-${name}`,
        dir: "auto",
        "data-size": c.size,
        "data-color": named ? c.color : null,
        "data-weight": c.weight,
      },
      c.value,
    );
    if (c.color && !named) node.style.color = colorOf(c.color);
    if (c.lineThrough) node.classList.add("w-through");
    if (c.italic) node.classList.add("w-italic");
    if (c.truncate) node.classList.add("w-truncate");
    if (c.maxLines) {
      node.classList.add("w-clamp");
      node.style.setProperty("-webkit-line-clamp", c.maxLines);
    }
    if (c.minLines) node.style.minHeight = `${c.minLines}lh`;
    if (c.textAlign) node.style.textAlign = c.textAlign;
    return node;
  }

  /** @param {Component} c */
  drawText(c) {
    return c.editable
      ? this.field("input", { ...c.editable, type: "Text" }, { class: "field", value: c.value })
      : lay(this.words("p", "text", c), { width: c.width });
  }

  /** @param {Component} c */ drawTitle(c) {
    return this.words("h3", "title", c);
  }
  /** @param {Component} c */ drawCaption(c) {
    return this.words("p", "caption", c);
  }
  /** @param {Component} c */ drawLabel(c) {
    return h("label", { class: "w-label", for: this.id(c.fieldName) }, c.value);
  }
  /** @param {Component} c */ drawMarkdown(c) {
    return markdown(c.value);
  }
  /** @param {Component} c */ drawBadge(c) {
    return h("span", { class: "w-badge", "data-color": c.color, "data-variant": c.variant }, c.label);
  }
  /** @param {Component} c */ drawSpacer(c) {
    return lay(h("span", { class: "w-spacer" }), { minSize: c.minSize });
  }
  /** @param {Component} c */ drawRow(c) {
    return lay(h("div", { class: "w-row" }, ...this.all(c.children)), c);
  }
  /** @param {Component} c */ drawCol(c) {
    return lay(h("div", { class: "w-col" }, ...this.all(c.children)), c);
  }
  /** @param {Component} c */ drawBox(c) {
    return lay(h("div", { class: c.direction === "row" ? "w-row" : "w-col" }, ...this.all(c.children)), c);
  }
  /** @param {Component} c */ drawTransition(c) {
    return c.children ? this.one(c.children) : null;
  }
  /** @param {Component} c */ drawChart(c) {
    return this.chart ? lay(this.chart(c, this.strings), c) : null;
  }

  /** @param {Component} c */
  drawIcon(c) {
    const node = icon(c.name);
    if (typeof c.color === "string" && NAMED.test(c.color)) node.setAttribute("data-color", c.color);
    else if (c.color) node.style.color = colorOf(c.color);
    if (c.size) node.setAttribute("data-size", c.size);
    return node;
  }

  /** @param {Component} c */
  drawDivider(c) {
    const node = h("hr", { class: "w-divider" });
    if (c.spacing !== undefined) node.style.marginBlock = space(c.spacing);
    return node;
  }

  /** @param {Component} c */
  drawImage(c) {
    if (!isOwn(c.src)) return null;
    const node = /** @type {HTMLImageElement} */ (
      lay(h("img", { class: "w-image", src: c.src, alt: c.alt ?? "", loading: "lazy" }), c)
    );
    if (c.fit) node.style.objectFit = c.fit;
    return node;
  }

  /** @param {Component} c */
  drawForm(c) {
    return this.control(
      lay(h("form", { class: c.direction === "row" ? "w-row" : "w-col" }, ...this.all(c.children)), c),
      c,
    );
  }

  /** @param {Component} c */
  drawButton(c) {
    const isMain = c.style === "primary" || (c.variant === "solid" && c.color !== "secondary");
    return this.control(
      h(
        "button",
        {
          type: c.submit ? "submit" : "button",
          class: isMain ? "button primary" : "button",
          "data-style": c.style,
          "data-color": c.color,
          "data-variant": c.variant,
          "data-block": c.block,
          disabled: c.disabled,
          "aria-label": c.label ? null : (c.iconStart ?? c.iconEnd),
        },
        c.iconStart && icon(c.iconStart),
        c.label,
        c.iconEnd && icon(c.iconEnd),
      ),
      c,
    );
  }

  /** @param {string} name */
  id(name) {
    return `${this.prefix}-${name}`;
  }

  /**
   * What every field has.
   * @param {string} tag
   * @param {Component} c
   * @param {Record<string, any>} more
   * @param {...any} children
   */
  field(tag, c, more, ...children) {
    return this.control(
      h(
        tag,
        {
          name: c.name,
          id: this.id(c.name),
          disabled: c.disabled,
          required: c.required,
          placeholder: c.placeholder,
          "aria-label": c.ariaLabel ?? (c.label ? null : (c.placeholder ?? wordsOf(c.name))),
          ...more,
        },
        ...children,
      ),
      c,
    );
  }

  /** @param {Component} c */
  drawCheckbox(c) {
    return h(
      "label",
      { class: "w-check" },
      this.field("input", c, { type: "checkbox", checked: c.defaultChecked }),
      c.label && h("span", { dir: "auto" }, c.label),
    );
  }

  /** @param {Component} c */
  drawInput(c) {
    return this.field("input", c, {
      class: "field",
      type: c.inputType ?? "text",
      value: c.defaultValue,
      pattern: c.pattern,
    });
  }

  /** @param {Component} c */
  drawDatePicker(c) {
    const [value, min, max] = [c.defaultValue, c.min, c.max].map((each) => each?.slice(0, 10));
    // A date field shows no placeholder, so that is no name for it.
    return this.field(
      "input",
      { ...c, placeholder: undefined },
      { class: "field", type: "date", value, min, max, required: c.clearable === false },
    );
  }

  /** @param {Component} c */
  drawTextarea(c) {
    return this.field("textarea", c, { class: "field", rows: c.rows ?? 3 }, c.defaultValue ?? "");
  }

  /** @param {Component} c */
  drawSelect(c) {
    const options = c.options.map((/** @type {Component} */ o) =>
      h("option", { value: o.value, disabled: o.disabled, selected: o.value === c.defaultValue }, o.label),
    );
    const none = c.defaultValue && !c.clearable ? [] : [h("option", { value: "" }, c.placeholder ?? "–")];
    return this.field("select", c, { class: "field", "data-value": c.defaultValue ?? "" }, ...none, ...options);
  }

  /** @param {Component} c */
  drawRadioGroup(c) {
    return h(
      "fieldset",
      { class: c.direction === "row" ? "w-row" : "w-col", "aria-label": c.ariaLabel ?? wordsOf(c.name) },
      ...(c.options ?? []).map((/** @type {Component} */ o) =>
        h(
          "label",
          { class: "w-check" },
          this.field(
            "input",
            { ...c, label: o.label, ariaLabel: null },
            {
              type: "radio",
              id: null,
              value: o.value,
              disabled: c.disabled || o.disabled,
              checked: o.value === c.defaultValue,
            },
          ),
          o.label,
        ),
      ),
    );
  }

  /** @param {Component} c */ drawTable(c) {
    return h(
      "div",
      { class: "table", tabindex: "0", role: "group" },
      h("table", {}, h("tbody", {}, ...this.all(c.children))),
    );
  }

  /** @param {Component} c */
  drawTableRow(c) {
    const tag = c.header ? "th" : "td";
    return h(
      "tr",
      {},
      ...(c.children ?? []).map((/** @type {Component} */ cell) =>
        h(tag, { colspan: cell.colSpan, rowspan: cell.rowSpan, align: cell.align }, ...this.all(cell.children)),
      ),
    );
  }

  /** @param {Component} c */
  drawListViewItem(c) {
    const tag = c.onClickAction ? "button" : "div";
    return this.control(
      lay(h(tag, { class: "w-item", type: c.onClickAction ? "button" : null }, ...this.all(c.children)), c),
      c,
    );
  }

  /** @param {Component} root */
  drawListView(root) {
    const limit = root.limit === "auto" ? LIST_SHOWN : (root.limit ?? Infinity);
    const items = root.children ?? [];
    const isCut = !this.showsAll && items.length > limit;
    return h(
      "div",
      { class: "w-listview" },
      statusOf(root.status),
      ...this.all(isCut ? items.slice(0, limit) : items),
      isCut &&
        h(
          "button",
          { type: "button", class: "button w-more", "data-key": "more", "data-testid": "widget-more" },
          `${this.strings.showMore} (${items.length - limit})`,
        ),
    );
  }

  /** @param {Component} root */
  drawBasic(root) {
    return lay(
      h("div", { class: `w-basic ${root.direction === "row" ? "w-row" : "w-col"}` }, ...this.all(root.children)),
      root,
    );
  }

  /** @param {Component} root */
  drawCard(root) {
    const body = [...this.all(root.children), this.buttons(root)];
    const status = statusOf(root.status);
    const title =
      root.status?.text ??
      root.children?.find((/** @type {Component} */ child) => child.type === "Title")?.value ??
      this.strings.showMore;
    const inside = root.collapsed ? [h("details", {}, h("summary", {}, title), ...body)] : [status, ...body];
    const card = h(root.asForm ? "form" : "div", { class: "w-card", "data-size": root.size }, ...inside);
    if (root.padding !== undefined) room(card, "padding", root.padding);
    if (root.background) card.style.background = colorOf(root.background);
    if (root.border !== undefined) edge(card, root.border);
    return root.asForm ? this.control(card, { onSubmitAction: root.confirm?.action }) : card;
  }

  /** @param {Component} root */
  buttons({ confirm, cancel, asForm }) {
    if (!confirm && !cancel) return null;
    return h(
      "div",
      { class: "w-buttons" },
      cancel &&
        this.control(h("button", { type: "button", class: "button", "data-testid": "widget-cancel" }, cancel.label), {
          onClickAction: cancel.action,
        }),
      confirm &&
        this.control(
          h(
            "button",
            { type: asForm ? "submit" : "button", class: "button primary", "data-testid": "widget-confirm" },
            confirm.label,
          ),
          asForm ? {} : { onClickAction: confirm.action, isConfirm: true },
        ),
    );
  }
}

/** @param {Component | undefined} status */
function statusOf(status) {
  return status ? h("p", { class: "w-status" }, status.icon && icon(status.icon), status.text) : null;
}

/** A field's name for those who do not see where it stands: "arguments.due_date" is "due date". @param {string} name */
function wordsOf(name) {
  return name.split(".").at(-1)?.replaceAll("_", " ");
}
