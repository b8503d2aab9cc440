// @ts-check
// How widgets and questions look; fetched with them.
import { sheet } from "../look/styles.js";

export const widgetSheet = sheet(/* css */ `
.w-card, .w-basic, .w-listview { display: flex; flex-direction: column; gap: var(--space-3); }
.w-card { max-width: 34rem; padding: var(--space-4); border: 1px solid var(--line); border-radius: var(--radius-large);
  background: var(--bg-raised);
  box-shadow: var(--shadow-small); }
.w-card[data-size="full"] { max-width: none; }
.widget[aria-busy] { opacity: 0.6; }
.w-row { display: flex; align-items: center; gap: var(--space-2); min-width: 0; }
.w-col { display: flex; flex-direction: column; gap: var(--space-2); min-width: 0; }
.w-title { font-weight: var(--weight-strong); }
.w-text, .w-caption, .w-title { overflow-wrap: anywhere; }
.w-text[data-weight="semibold"], .w-text[data-weight="bold"] { font-weight: var(--weight-strong); }
.w-caption, .w-status, .w-label, .w-chart { font-size: var(--size-small); line-height: var(--line-small); }
.w-caption, .w-status, :is([data-color="secondary"], [data-color="tertiary"]) { color: var(--text-2); }
:is([data-color="success"], [data-color="info"], [data-color="discovery"]) { color: var(--accent); }
[data-color="danger"] { color: var(--danger); }
.w-title:is([data-size="md"], [data-size="lg"], [data-size="xl"], [data-size="2xl"], [data-size="3xl"],
  [data-size="4xl"], [data-size="5xl"]) { font-size: var(--size-heading); line-height: var(--line-heading); }
.w-text:is([data-size="xs"], [data-size="sm"]) { font-size: var(--size-small); line-height: var(--line-small); }
:is(.w-text, .w-title, .w-caption) { text-align: match-parent; }
.w-italic { font-style: italic; }
.w-clamp { display: -webkit-box; -webkit-box-orient: vertical; overflow: hidden; }
.w-status { display: flex; align-items: center; gap: var(--space-1); }
.w-card summary { cursor: pointer; font-weight: var(--weight-strong); }
.w-card details[open] summary { margin-bottom: var(--space-2); }
.w-listview { max-width: 34rem; gap: 0; padding: var(--space-1); border: 1px solid var(--line);
  border-radius: var(--radius-large); background: var(--bg-raised);
  box-shadow: var(--shadow-small); }
.w-listview .w-status { padding: var(--space-2) var(--space-3) 0; }
.w-more { align-self: flex-start; margin: var(--space-1) var(--space-3) var(--space-2); }
.button[data-block] { justify-content: center; width: 100%; }
.button[data-variant="ghost"] { border-color: transparent; background: none; }
.button:disabled { opacity: 0.5; cursor: default; }
.button .icon { width: 16px; height: 16px; }
[data-color="danger"].button { border-color: var(--danger); }
.w-badge[data-variant="outline"] { background: none; box-shadow: inset 0 0 0 1px var(--line-strong); }
.widget .table { overflow-x: auto; }
.widget table:not(.visually-hidden) { width: 100%; border-collapse: collapse; }
.widget :is(td, th) { padding: 0.375rem var(--space-3) 0.375rem 0; border-bottom: 1px solid var(--line);
  text-align: start; vertical-align: top; }
:is(button, input, select)[aria-busy] { opacity: 0.5; }
.questions { gap: var(--space-4); }
.questions legend { padding: 0; margin-bottom: var(--space-2); }
dl.questions { gap: var(--space-1); margin: 0; }
.questions dt { color: var(--text-2); font-size: var(--size-small); line-height: var(--line-small); }
.questions dd { margin: 0 0 var(--space-2); }
.w-through { text-decoration: line-through; text-decoration-color: var(--text-2); }
.w-truncate { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.w-badge { padding: 0 var(--space-2); border-radius: 99px; background: var(--bg-soft); font-size: var(--size-small);
  line-height: 1.25rem; }
.w-divider { width: 100%; height: 1px; margin: 0; border: 0; background: var(--line); }
.w-spacer { flex: 1; }
.w-image { max-width: 100%; border-radius: var(--radius-small); }
.w-check { display: flex; align-items: flex-start; gap: var(--space-2); }
.w-check input { width: 1rem; height: 1rem; margin: 0.1875rem 0 0; accent-color: var(--accent); }
.w-label { color: var(--text-2); margin-bottom: calc(-1 * var(--space-2)); }
.w-col > fieldset, .widget fieldset { margin: 0; padding: 0; border: 0; }
.widget .field { width: 100%; min-height: 2.375rem; font-size: inherit; padding: 0.375rem var(--space-2);
  border: 1px solid var(--line-strong); border-radius: var(--radius-small); background: var(--bg); }
.widget .w-row > .field { flex: 1 1 8rem; width: auto; min-width: 0; }
.w-row > .button[data-variant="ghost"]:last-child { margin-inline-start: auto; }
.w-item { display: flex; align-items: center; gap: var(--space-2); width: 100%; padding: var(--space-2) var(--space-3);
  border: 0; border-radius: var(--radius-small); background: none; text-align: start; }
/* What does not fit beside a check box goes on below its words. */
.w-item .w-row:has(> .w-check:first-child) { padding-inline-start: 1.5rem; row-gap: 0; }
.w-item .w-row > .w-check:first-child { margin-inline-start: -1.5rem; }
button.w-item:hover { background: var(--bg-hover); }
.w-card > .button { align-self: flex-start; }
.w-buttons { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: var(--space-2); }
.button.primary, .button[data-style="primary"] { border-color: var(--accent); background: var(--accent);
  color: var(--on-accent); }
.button.primary:hover, .button[data-style="primary"]:hover { background: var(--accent-hover); }
`);
