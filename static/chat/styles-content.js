// @ts-check
// How items look: messages, tool activity, notices, Markdown.

export const content = /* css */ `
.items { display: flex; flex-direction: column; gap: var(--space-4); }
.thread { display: flex; flex-direction: column; gap: var(--space-4); }
.thread > :empty { display: none; }
.row { min-width: 0; animation: appear var(--motion); }

.row.user { align-self: flex-end; max-width: min(85% + 2rem, 100%); margin-top: var(--space-2); }
.bubble { padding: var(--space-2) var(--space-4); border-radius: var(--radius-large); background: var(--bg-soft); }
.bubble .text { white-space: pre-wrap; overflow-wrap: anywhere; }
.bubble blockquote { white-space: pre-wrap; margin: 0 0 var(--space-1); padding-inline-start: var(--space-2);
  border-inline-start: 2px solid var(--line-strong); color: var(--text-2);
  font-size: var(--size-small); line-height: var(--line-small); }
.tag { padding: 0 0.25rem; border: 0; border-radius: 4px; background: var(--accent-soft); color: var(--accent);
  font: inherit; }
.tag + .preview { position: absolute; z-index: 2; display: none; max-width: 18rem; margin-top: 1.5rem;
  text-align: start; }
.preview .w-basic { padding: var(--space-3); border: 1px solid var(--line); border-radius: var(--radius);
  background: var(--bg-raised); box-shadow: var(--shadow); }
.tag:is(:hover, :focus-visible) + .preview { display: block; }
.row.user .files { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: var(--space-2);
  margin-bottom: var(--space-1); }
.row.user .files:empty, .bubble:not(:has(.text:not(:empty))) { display: none; }
.file { display: flex; align-items: center; gap: var(--space-2); max-width: 16rem;
  padding: var(--space-2) var(--space-3); border: 1px solid var(--line); border-radius: var(--radius);
  font-size: var(--size-small); line-height: var(--line-small); overflow-wrap: anywhere; }
.file .icon { color: var(--text-2); }
.file.image { width: 12rem; height: 9rem; padding: 0; overflow: hidden; background: var(--bg-soft); }
.file.image img, .picture img { width: 100%; height: 100%; object-fit: cover; }
.picture { max-width: 24rem; }
.picture img { height: auto; border-radius: var(--radius); }
.link { padding: 0; border: 0; background: none; color: var(--accent); font: inherit; text-decoration: underline;
  text-underline-offset: 2px; }
.cite .link { padding: 0.0625rem 0.3125rem; border-radius: 4px; background: var(--accent-soft); text-decoration: none;
  font-weight: var(--weight-strong); }

/* Editing a message stands before it, its versions below. Like an answer's actions they wait until they are
   looked for. */
.said { display: flex; align-items: center; justify-content: flex-end; gap: var(--space-1); }
.said .icon-button { width: 1.75rem; height: 1.75rem; }
.said .icon-button .icon { width: 16px; height: 16px; }
.row.user:not([data-item-id]) .icon-button { visibility: hidden; }
@media (hover: hover) {
  .said .icon-button { opacity: 0; }
  .row.user:hover .icon-button, .row.user:focus-within .icon-button { opacity: 1; }
}
.versions { display: flex; align-items: center; justify-content: flex-end; margin-top: var(--space-1);
  color: var(--text-2);
  font-size: var(--size-small); line-height: var(--line-small); font-variant-numeric: tabular-nums; }
.versions:empty { display: none; }
.versions .icon-button { width: 1.75rem; height: 1.75rem; }
.versions .icon { width: 14px; height: 14px; }
.versions .icon-button:first-child .icon { rotate: 180deg; }
.versions .icon-button:disabled { opacity: 0.4; cursor: default; }

.row.assistant .body { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--space-3); }
.footer { display: flex; align-items: center; gap: var(--space-2); min-height: 1.75rem; margin-top: var(--space-1);
  margin-inline-start: -0.375rem;
  font-size: var(--size-small); line-height: var(--line-small); color: var(--text-2); }
/* A widget belongs to the answer before it. */
.row.assistant + .row.widget { margin-top: calc(-1 * var(--space-3)); }
.footer:empty { visibility: hidden; }
.footer .mark { padding-inline-start: 0.375rem; }
.quiet { display: flex; align-items: center; gap: var(--space-1); padding: 0.25rem 0.375rem; border: 0;
  border-radius: var(--radius-small);
  background: none; color: var(--text-2); }
.quiet .icon { width: 18px; height: 18px; }
.quiet:hover { background: var(--bg-hover); color: var(--text); }
/* Only the last answer offers its actions at rest; earlier ones do when pointed at or reached by keyboard. */
@media (hover: hover) {
  .row.assistant .quiet { opacity: 0; transition: opacity var(--motion); }
  .row.assistant:hover .quiet, .row.assistant:focus-within .quiet, .row.assistant:last-child .quiet { opacity: 1; }
}
.footer [aria-pressed="true"] { color: var(--accent); }
.reason form { display: flex; gap: var(--space-2); }
.reason .field { width: min(16rem, 40cqw); padding: 0.1875rem var(--space-2); border: 1px solid var(--line-strong);
  border-radius: var(--radius-small); background: var(--bg); }
.row.stopped { font-size: var(--size-small); line-height: var(--line-small); color: var(--text-2); }
.cite { margin-inline-start: 1px; font-size: 0.6875rem; line-height: 0; vertical-align: 0.375em;
  font-variant-numeric: tabular-nums; }
.cite a { padding: 0.0625rem 0.3125rem; border-radius: 4px; background: var(--accent-soft);
  text-decoration: none; font-weight: var(--weight-strong); }
.cite a:hover { background: var(--glow); }
.sources { display: flex; flex-wrap: wrap; gap: var(--space-1) var(--space-4); margin: 0; padding: 0;
  font-size: var(--size-small); line-height: var(--line-small); color: var(--text-2); }
.sources li { margin-inline-start: 1.25rem; font-variant-numeric: tabular-nums; }

.workflow, .row.progress { font-size: var(--size-small); line-height: var(--line-small); color: var(--text-2); }
.row.progress { display: flex; align-items: center; gap: var(--space-2); }
.workflow + .workflow { margin-top: calc(-1 * var(--space-3)); }
.workflow summary { display: inline-flex; align-items: center; gap: var(--space-2); max-width: 100%;
  padding: var(--space-1) var(--space-2) var(--space-1) 0;
  border-radius: var(--radius-small); cursor: pointer; list-style: none; font-variant-numeric: tabular-nums; }
.workflow summary::-webkit-details-marker { display: none; }
.workflow summary:hover { color: var(--text); }
.workflow .title { min-width: 0; overflow-wrap: anywhere; }
.workflow summary > .icon { width: 14px; height: 14px; transition: transform var(--motion); }
.workflow [open] > summary > .icon { transform: rotate(90deg); }
.task-line { display: flex; gap: var(--space-2); font-size: var(--size-small); line-height: var(--line-small); }
.task-line .icon { flex: none; width: 18px; height: 18px; color: var(--text-2); }
.task-line .task-title { color: var(--text-2); }
.mark-icon { display: grid; place-items: center; flex: none; width: 16px; height: 16px; }
.mark-icon .icon { width: 16px; height: 16px; color: var(--accent); }
.details { display: grid; gap: var(--space-2); margin: var(--space-1) 0 var(--space-1) 7px;
  padding-inline-start: var(--space-4); border-inline-start: 2px solid var(--line); }
.task-title { color: var(--text); }
.task .block pre { max-height: 15rem; overflow-y: auto; padding: var(--space-2) var(--space-3); }
.task .markdown { font-size: var(--size-small); line-height: var(--line-small); }
.spinner { flex: none; width: 14px; height: 14px; border: 1.5px solid var(--line-strong); border-top-color: transparent;
  border-radius: 50%;
  animation: turn 0.9s linear infinite; }
@media (prefers-reduced-motion: reduce) { .spinner { border-top-color: var(--line-strong); border-style: dotted; } }

.notice, .error { display: flex; align-items: flex-start; gap: var(--space-2); padding: var(--space-2) var(--space-3);
  border-radius: var(--radius);
  background: var(--bg-soft); font-size: var(--size-small); line-height: var(--line-small); }
.notice .icon, .error .icon { width: 18px; height: 18px; color: var(--text-2); }
.notice.danger, .error { background: var(--danger-soft); }
.notice.danger .icon, .error .icon { color: var(--danger); }
.notice strong { display: block; font-weight: var(--weight-strong); }
.error { align-items: center; }
.error span { flex: 1; min-width: 0; overflow-wrap: anywhere; }

.skeleton { display: grid; gap: var(--space-4); animation: breathe 1.6s ease-in-out infinite; }
.skeleton i { height: 1rem; border-radius: var(--radius-small); background: var(--bg-soft); }
.skeleton i:nth-child(1) { width: 45%; height: 2.25rem; margin-inline-start: auto; border-radius: var(--radius-large); }
.skeleton i:nth-child(3) { width: 88%; }
.skeleton i:nth-child(4) { width: 60%; }

.markdown { display: grid; grid-template-columns: minmax(0, 1fr); gap: var(--space-3); overflow-wrap: anywhere; }
.block > * { margin: 0; }
.block.heading:not(:first-child) { margin-top: var(--space-2); }
.block :is(h1, h2) { font-size: var(--size-heading); line-height: var(--line-heading);
  font-weight: var(--weight-strong); }
.block :is(h3, h4, h5, h6), .block strong { font-weight: var(--weight-strong); }
.block :is(h3, h4, h5, h6) { font-size: inherit; line-height: inherit; }
.block :is(ul, ol) { padding-inline-start: 1.375rem; }
.block ul { list-style-type: disc; }
.block li { padding-inline-start: 0.125rem; }
.block li + li { margin-top: var(--space-1); }
.block li > :is(ul, ol) { margin: var(--space-1) 0 0; }
.block li > p { margin: 0; }
.block li > p + p { margin-top: var(--space-2); }
.block li::marker { color: var(--text-2); font-variant-numeric: tabular-nums; }
.block li:has(> input, > p > input) { list-style: none; margin-inline-start: -1.375rem; }
.block input { margin: 0 0.5rem 0 0; accent-color: var(--accent); vertical-align: -1px; }
.block a, .sources a { color: var(--accent); text-underline-offset: 2px; text-decoration-thickness: 1px; }
.block a:hover, .sources a:hover { text-decoration-thickness: 2px; }
.block blockquote { padding-inline-start: var(--space-3); border-inline-start: 2px solid var(--line-strong);
  color: var(--text-2); }
.block code { padding: 0.0625rem 0.25rem; border-radius: 4px; background: var(--bg-soft); font-family: var(--font-mono);
  font-size: 0.8125rem; }
.block pre { padding: var(--space-3) var(--space-4); border-radius: var(--radius); background: var(--bg-soft);
  overflow-x: auto; line-height: 1.25rem; }
.block pre code { padding: 0; background: none; overflow-wrap: normal; }
.block hr { height: 1px; border: 0; background: var(--line); }
.block .table { overflow-x: auto; }
.block table { min-width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.block :is(th, td) { padding: 0.375rem var(--space-4) 0.375rem 0; border-bottom: 1px solid var(--line);
  text-align: start; vertical-align: top;
  overflow-wrap: normal; }
.block th { font-weight: var(--weight-strong); font-size: var(--size-small); line-height: var(--line-small);
  color: var(--text-2); white-space: nowrap; }
.block :is(th, td)[align="right"] { text-align: end; }
.block :is(th, td)[align="center"] { text-align: center; }
.block :is(th, td):last-child { padding-inline-end: 0; }
`;
