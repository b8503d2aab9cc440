// @ts-check
// How the list of conversations looks; fetched with it.
import { sheet } from "./sheet.js";

export const historySheet = sheet(/* css */ `
.history { position: absolute; inset: 0; z-index: 2; }
.scrim { position: absolute; inset: 0; background: var(--scrim); animation: fade var(--motion); }
.sheet { position: absolute; inset-block: 0; inset-inline: 0 auto; width: min(20rem, 100% - 3rem); display: flex;
  flex-direction: column;
  background: var(--bg-panel); box-shadow: var(--shadow); animation: slide 170ms cubic-bezier(0.2, 0, 0, 1); }
.sheet header { display: flex; align-items: center; justify-content: space-between; flex: none; height: var(--header);
  padding-inline: var(--space-6) var(--space-3); }
.sheet h2 { font-weight: var(--weight-strong); }
.sheet .search { margin: var(--space-2) var(--space-4) 0; padding: 0.375rem var(--space-2);
  border: 1px solid var(--line-strong); border-radius: var(--radius-small); background: var(--bg-raised); }
.sheet .new { margin-inline: var(--space-4); padding-block: 0.4375rem; padding-inline: var(--space-2); }
.threads-scroll { flex: 1; overflow: hidden auto; padding: var(--space-2) var(--space-4) var(--space-6);
  overscroll-behavior: contain; }
.threads h3 { padding: var(--space-4) var(--space-2) var(--space-1); font-size: var(--size-small);
  line-height: var(--line-small); color: var(--text-2); }
.thread-row { position: relative; display: flex; align-items: center; gap: var(--space-1); min-height: 2.25rem;
  border-radius: var(--radius-small); }
.thread-row:hover, .thread-row:focus-within { background: var(--bg-hover); }
.thread-open { flex: 1; min-width: 0; padding: 0.4375rem var(--space-2); border: 0; border-radius: inherit;
  background: none; text-align: start;
  overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.thread-open[aria-current] { font-weight: var(--weight-strong); color: var(--accent); }
.thread-actions { position: absolute; inset-inline-end: 0; display: flex; opacity: 0; }
.thread-actions .icon-button { width: 2.25rem; }
.thread-actions .icon { width: 18px; height: 18px; }
.thread-row:hover .thread-actions, .thread-row:focus-within .thread-actions { opacity: 1; }
.thread-row:hover .thread-open, .thread-row:focus-within .thread-open { padding-inline-end: 4.75rem; }
@media (hover: none) {
  .thread-actions { opacity: 1; }
  .thread-row .thread-open { padding-inline-end: 4.75rem; }
}
.thread-row .question { flex: 1; min-width: 0; padding-inline-start: var(--space-2); font-size: var(--size-small);
  line-height: var(--line-small); }
.thread-row .field { flex: 1; min-width: 0; padding: 0.375rem calc(var(--space-2) - 1px);
  border: 1px solid var(--line-strong);
  border-radius: var(--radius-small); background: var(--bg-raised); }
.threads-status { padding: var(--space-3) var(--space-2); font-size: var(--size-small); line-height: var(--line-small);
  color: var(--text-2); }
.threads-status:empty { display: none; }
@keyframes slide { from { opacity: 0; transform: translateX(var(--slide)); } }
:host { --slide: -24px; }
:host([dir="rtl"]) { --slide: 24px; }
`);
