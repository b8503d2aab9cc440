// @ts-check
// How the element looks: its frame and what is said in it. What is fetched later brings a style sheet of its own.

/**
 * A constructed style sheet: it passes a strict content security policy and is there before the first paint.
 * @param {string} css
 */
export function sheet(css) {
  const result = new CSSStyleSheet();
  result.replaceSync(css);
  return result;
}

/** @param {Node} root a shadow root @param {CSSStyleSheet} sheet of a part that was fetched later */
export function adopt(root, sheet) {
  const { adoptedStyleSheets } = /** @type {ShadowRoot} */ (root);
  if (!adoptedStyleSheets.includes(sheet)) adoptedStyleSheets.push(sheet);
}

/** Items: messages, tool activity, notices, Markdown. */
const content = /* css */ `
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

/** What stands around them. */
const frame = /* css */ `
:host { display: block; position: relative; overflow: clip; contain: strict; background: var(--bg); color: var(--text);
  font: var(--weight) var(--size-body) / var(--line-body) var(--font); }
*, *::before, *::after { box-sizing: border-box; }
[hidden] { display: none !important; }
h1, h2, h3, p { margin: 0; font: inherit; }
button, input, textarea { font: inherit; color: inherit; }
button { cursor: pointer; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.icon { flex: none; display: block; }
.visually-hidden { position: absolute; top: 0; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%);
  white-space: nowrap; }

.main { display: grid; grid-template: auto minmax(0, 1fr) auto / minmax(0, 1fr); height: 100%; }
.column { width: min(100% - 2 * var(--chat-edge), var(--measure)); margin-inline: auto; }
:host { --chat-edge: var(--space-6); }

/* What scrolls fades out below the header and above the composer instead of being cut. */
.bar::after, .foot::before { content: ""; position: absolute; z-index: 1; inset-inline: 0 1rem; height: 1rem;
  pointer-events: none; }
.bar::after { top: 100%; background: linear-gradient(var(--bg), transparent); }
.foot::before { bottom: 100%; background: linear-gradient(transparent, var(--bg)); }
.bar { position: relative; display: flex; align-items: center; gap: var(--space-2); height: var(--header);
  padding-inline: var(--space-3) calc(var(--space-3) + var(--chat-header-end, 0px)); }
.bar-end { display: flex; align-items: center; gap: var(--space-2); margin-inline-start: auto; }
/* The title stands on the left edge of the messages; the button before it hangs outside, where there is room. */
.thread-title { min-width: 0; font-weight: var(--weight-strong); overflow: hidden; text-overflow: ellipsis;
  white-space: nowrap;
  margin-inline-start: max(0px, (100cqw - var(--measure)) / 2 - var(--space-3) - 2.25rem - var(--space-2)); }
.thread-title[data-new] { color: var(--text-2); font-weight: var(--weight); }
:host { container-type: size; }

.icon-button { display: grid; place-items: center; flex: none; width: 2.25rem; height: 2.25rem; padding: 0; border: 0;
  border-radius: var(--radius-small); background: none; color: var(--text-2); transition: opacity var(--motion); }
.icon-button:hover { background: var(--bg-hover); color: var(--text); }
.button { display: inline-flex; align-items: center; gap: var(--space-2); padding: 0.3125rem var(--space-3);
  border: 1px solid var(--line); border-radius: var(--radius-small); background: var(--bg-raised);
  font-size: var(--size-small); line-height: var(--line-small); white-space: nowrap; }
.button:hover { background: var(--bg-hover); }
.button.danger { border-color: var(--danger); color: var(--danger); }

.viewport { overflow: hidden auto; overflow-anchor: none; overscroll-behavior: contain;
  scrollbar-gutter: stable both-edges;
  outline-offset: -2px; }
.viewport .column { width: min(100% - 2 * max(0px, var(--chat-edge) - var(--gutter, 0px)), var(--measure));
  min-height: 100%; display: flex; flex-direction: column; padding-block: var(--space-4) var(--space-8); }

.pointed .bubble { animation: pointed 1.6s ease-out; }
@keyframes pointed { 0%, 50% { background: var(--glow); } }

.start { margin-block: auto; padding-block: var(--space-6) var(--space-8); animation: appear var(--motion); }
.greeting { font-size: var(--size-heading); line-height: var(--line-heading); font-weight: var(--weight-strong); }
.prompts { display: grid; margin-top: var(--space-4); border-top: 1px solid var(--line); }
.prompt { display: flex; align-items: center; gap: var(--space-3); padding: var(--space-3) 0; border: 0;
  border-bottom: 1px solid var(--line); background: none; text-align: start; color: var(--text); }
.prompt .icon { margin-inline-start: -0.125rem; color: var(--text-2); }
.prompt:hover, .prompt:hover .icon { color: var(--accent); }

.foot { position: relative; padding-bottom: var(--chat-foot, var(--space-6)); }
.foot .column { position: relative; z-index: 2; }
.composer { position: relative; display: flex; align-items: flex-end; gap: var(--space-2); padding-block: 0.4375rem;
  padding-inline: var(--space-4) 0.4375rem;
  border: 1px solid var(--line-strong); border-radius: var(--radius-large); background: var(--bg-raised);
  box-shadow: var(--shadow-small); cursor: text; }
.composer:has(.quoted:not([hidden]), .chip, .tools > *) { flex-wrap: wrap; }
.composer > :is(.files, .tools):empty { display: none; }
/* With tools the text has a line of its own, and they share theirs with Send. */
.composer:has(.tools > *) .field-frame { flex: 1 0 100%; }
.tools { display: flex; flex: 1 1 8rem; align-items: center; gap: var(--space-1); min-width: 0;
  margin-inline-start: -0.5625rem; }
.composer .files:not(:has(.chip)) { display: none; }
.quoted { flex: 1 0 100%; display: flex; align-items: flex-start; gap: var(--space-2); padding-top: 0.3125rem; }
.quoted blockquote { flex: 1; min-width: 0; margin: 0; padding-inline-start: var(--space-3);
  border-inline-start: 2px solid var(--accent); color: var(--text-2);
  font-size: var(--size-small); line-height: var(--line-small); display: -webkit-box; -webkit-box-orient: vertical;
  -webkit-line-clamp: 3; overflow: hidden; }
.quoted .icon-button { width: 1.75rem; height: 1.75rem; margin-top: -0.3125rem; }
.composer:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent), var(--shadow-small); }
.field-frame { position: relative; flex: 1; min-width: 0; display: grid; }
.composer textarea, .mirror { grid-area: 1 / 1; max-height: min(12.5rem, 40cqh); padding: 0.4375rem 0; overflow-y: auto;
  overflow-wrap: anywhere; }
.composer textarea { width: 100%; border: 0; outline: 0; resize: none; background: none; }
.mirror { position: absolute; inset: 0; overflow: hidden; white-space: pre-wrap; color: transparent;
  pointer-events: none; }
.mirror mark { border-radius: 4px; background: var(--accent-soft); box-shadow: 0 0 0 2px var(--accent-soft);
  color: transparent; }
.composer textarea::placeholder { color: var(--text-2); opacity: 1; }
.send { display: grid; place-items: center; flex: none; width: 2.25rem; height: 2.25rem; padding: 0; border: 0;
  border-radius: var(--radius); background: var(--accent); color: var(--on-accent); }
.send:hover { background: var(--accent-hover); }
.send:disabled { background: var(--bg-soft); color: var(--text-2); cursor: default; }
.send.stop { background: var(--text); color: var(--bg); }
.send.stop .icon path { fill: currentColor; }
.editing { display: flex; align-items: center; justify-content: space-between; gap: var(--space-2);
  margin-bottom: var(--space-2);
  font-size: var(--size-small); line-height: var(--line-small); color: var(--text-2); }
.network { margin-bottom: var(--space-2); font-size: var(--size-small); line-height: var(--line-small);
  color: var(--text-2); }
.disclaimer .markdown { font: inherit; }
.disclaimer[data-strong] { color: var(--text) !important; }
.disclaimer { margin-top: var(--space-2); font-size: var(--size-small); line-height: var(--line-small);
  color: var(--text-2); }
.latest { position: absolute; left: 50%; bottom: calc(100% + var(--space-2)); translate: -50%; display: flex;
  align-items: center;
  gap: var(--space-1); padding: var(--space-1) var(--space-3) var(--space-1) var(--space-2);
  border: 1px solid var(--line); border-radius: 99px;
  background: var(--bg-raised); box-shadow: var(--shadow-small); font-size: var(--size-small);
  line-height: var(--line-small);
  white-space: nowrap; animation: appear var(--motion); }
.latest:hover { background: var(--bg-soft); }


.dropping { position: absolute; inset: 0; z-index: 4; display: none; place-items: center; padding: var(--space-6);
  border: 2px dashed var(--accent); border-radius: var(--radius-large);
  background: color-mix(in oklab, var(--bg) 88%, transparent); color: var(--accent); font-weight: var(--weight-strong);
  text-align: center; pointer-events: none; }
:host([data-dropping]) .dropping { display: grid; }

@keyframes appear { from { opacity: 0; transform: translateY(4px); } }
@keyframes fade { from { opacity: 0; } }
:host([dir="rtl"]) .directed { scale: -1 1; }
@keyframes turn { to { transform: rotate(1turn); } }
@keyframes breathe { 50% { opacity: 0.45; } }
@media (prefers-reduced-motion: reduce) {
  *, *::before, *::after { animation: none !important; transition: none !important; }
}
@container (max-width: 600px) {
  .main, .history { --chat-edge: var(--space-4); }
  .bar { padding-inline-start: calc(var(--space-4) - 0.5rem); }
  .thread-title { margin-inline-start: 0; }
  .composer textarea { font-size: 1rem; }
}
`;

export const sheets = [sheet(frame), sheet(content)];
