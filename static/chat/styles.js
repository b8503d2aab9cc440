// @ts-check
// How the element looks around what is said.
import { sheet } from "./sheet.js";
import { content } from "./styles-content.js";

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
