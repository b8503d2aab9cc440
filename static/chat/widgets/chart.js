// @ts-check
// ChatKit's Chart: bars, lines and areas as a drawing, and the same figures as a table for those who do not see it.
import { h } from "../dom.js";
import { sheet } from "../look/styles.js";

/**
 * @typedef {Record<string, any>} Component
 * @typedef {{x: (index: number) => number, y: (value: number) => number, step: number}} Scale
 */

export const chartSheet = sheet(/* css */ `
.w-chart { display: grid; gap: var(--space-2); width: 100%; max-width: 34rem; }
.c-picture { display: block; width: 100%; height: auto; font-size: 12px; font-variant-numeric: tabular-nums; }
.c-label { fill: var(--text-2); }
.c-grid { stroke: var(--line); }
.c-line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.c-area { fill-opacity: 0.16; stroke: none; }
.c0 { --c: var(--accent); } .c1 { --c: var(--line-strong); } .c2 { --c: var(--text-2); } .c3 { --c: var(--danger); }
.c4 { --c: var(--accent-hover); } .c5 { --c: var(--text); }
.c-bar, .c-area { fill: var(--c); }
.c-line { stroke: var(--c); }
.c-legend { display: flex; flex-wrap: wrap; gap: var(--space-1) var(--space-4); margin: 0; padding: 0;
  list-style: none; }
.c-legend li::before { content: ""; display: inline-block; width: 0.625rem; height: 0.625rem;
  margin-inline-end: var(--space-2); border-radius: 2px; background: var(--c); }
`);

const WIDTH = 480;
const HEIGHT = 200;
const LEFT = 32;
const BOTTOM = 22;
const LABELS = 8;
const COLORS = 6;

/** @param {string} tag @param {Record<string, any>} attributes @param {...(Node | string)} children */
function svg(tag, attributes, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes))
    if (value !== undefined) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** The next round figure whose half is round, too. @param {number} most */
function roundUp(most) {
  const unit = 10 ** Math.floor(Math.log10(most || 1));
  return [1, 2, 4, 6, 8, 10].map((factor) => factor * unit).find((figure) => figure >= most) ?? most;
}

/** @param {Component} row @param {Component} series */
const valueIn = (row, series) => Number(row[series.dataKey]) || 0;

/** Series that stand on each other are one column. @param {Component} chart @returns {Component[][]} */
function columnsOf({ series }) {
  /** @type {Map<string, Component[]>} */
  const columns = new Map();
  for (const [index, each] of series.entries()) {
    if (each.type !== "bar") continue;
    const name = each.stack ?? `${index}`;
    columns.set(name, [...(columns.get(name) ?? []), each]);
  }
  return [...columns.values()];
}

/** @param {Component} chart */
function highest(chart) {
  const sums = chart.data.flatMap((/** @type {Component} */ row) => [
    ...columnsOf(chart).map((column) => column.reduce((sum, each) => sum + valueIn(row, each), 0)),
    ...chart.series.map((/** @type {Component} */ each) => valueIn(row, each)),
  ]);
  return roundUp(Math.max(2, ...sums));
}

/** @param {Component} chart @param {Component} series */
function colored({ series: all }, series) {
  const index = all.indexOf(series);
  const node = { class: `c-${series.type} c${index % COLORS}` };
  return typeof series.color === "string" && /^#[0-9a-f]{3,8}$/i.test(series.color)
    ? { ...node, fill: series.color, stroke: series.color }
    : node;
}

/** @param {Component} chart @param {Scale} scale */
function bars(chart, { x, y, step }) {
  const columns = columnsOf(chart);
  const width = Math.min(32, (step * 0.7) / Math.max(1, columns.length));
  return chart.data.flatMap((/** @type {Component} */ row, /** @type {number} */ index) =>
    columns.flatMap((column, place) => {
      let below = 0;
      return column.map((series) => {
        const value = valueIn(row, series);
        const bar = svg(
          "rect",
          {
            ...colored(chart, series),
            x: x(index) + (place - columns.length / 2) * width + 1,
            y: y(below + value),
            width: width - 2,
            height: Math.max(0, y(below) - y(below + value)),
            rx: 2,
          },
          svg("title", {}, `${series.label ?? series.dataKey}: ${value}`),
        );
        below += value;
        return bar;
      });
    }),
  );
}

/** @param {Component} chart @param {Component} series @param {Scale} scale */
function line(chart, series, { x, y }) {
  const points = chart.data.map(
    (/** @type {Component} */ row, /** @type {number} */ index) => `${x(index)},${y(valueIn(row, series))}`,
  );
  const nodes = [
    svg("polyline", {
      ...colored(chart, { ...series }),
      class: `c-line c${chart.series.indexOf(series) % COLORS}`,
      points: points.join(" "),
    }),
  ];
  if (series.type === "area")
    nodes.unshift(
      svg("polygon", {
        ...colored(chart, series),
        points: [`${x(0)},${y(0)}`, ...points, `${x(points.length - 1)},${y(0)}`].join(" "),
      }),
    );
  return nodes;
}

/** @param {Component} chart @param {Scale} scale @param {number} most @param {(row: Component) => string} labelOf */
function axes(chart, { x, y }, most, labelOf) {
  const lines = [0, most / 2, most].flatMap((value) => [
    svg("line", { class: "c-grid", x1: LEFT, x2: WIDTH, y1: y(value), y2: y(value) }),
    ...(chart.showYAxis === false
      ? []
      : [svg("text", { class: "c-label", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, String(value))]),
  ]);
  if (chart.xAxis?.hide) return lines;
  const every = Math.ceil(chart.data.length / LABELS);
  const names = chart.data.flatMap((/** @type {Component} */ row, /** @type {number} */ index) =>
    index % every
      ? []
      : [svg("text", { class: "c-label", x: x(index), y: HEIGHT - 6, "text-anchor": "middle" }, labelOf(row))],
  );
  return [...lines, ...names];
}

/** @param {Component} chart @param {import("../words/words.js").Strings} strings */
export function drawChart(chart, strings) {
  const axis = typeof chart.xAxis === "string" ? { dataKey: chart.xAxis } : (chart.xAxis ?? {});
  const labelOf = (/** @type {Component} */ row) => axis.labels?.[row[axis.dataKey]] ?? String(row[axis.dataKey] ?? "");
  const most = highest(chart);
  const step = (WIDTH - LEFT) / Math.max(1, chart.data.length);
  /** @type {Scale} */
  const scale = {
    step,
    x: (index) => LEFT + step * (index + 0.5),
    y: (value) => 8 + (HEIGHT - BOTTOM - 8) * (1 - value / most),
  };
  const lines = chart.series.filter((/** @type {Component} */ each) => each.type !== "bar");
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "c-picture", "aria-hidden": "true" },
    ...axes(chart, scale, most, labelOf),
    ...bars(chart, scale),
    ...lines.flatMap((/** @type {Component} */ each) => line(chart, each, scale)),
  );
  const name = (/** @type {Component} */ each) => each.label ?? each.dataKey;
  const legend =
    chart.showLegend === false || chart.series.length < 2
      ? null
      : h(
          "ul",
          { class: "c-legend", "aria-hidden": "true" },
          ...chart.series.map((/** @type {Component} */ each, /** @type {number} */ index) =>
            h("li", { class: `c${index % COLORS}` }, name(each)),
          ),
        );
  const table = h(
    "table",
    { class: "visually-hidden" },
    h("caption", {}, strings.chart),
    h("tr", {}, h("td"), ...chart.series.map((/** @type {Component} */ each) => h("th", { scope: "col" }, name(each)))),
    ...chart.data.map((/** @type {Component} */ row) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, labelOf(row)),
        ...chart.series.map((/** @type {Component} */ each) => h("td", {}, String(valueIn(row, each)))),
      ),
    ),
  );
  return h("div", { class: "w-chart" }, picture, legend, table);
}
