// @ts-check
// How the list of suggestions looks, and the files of the next message; fetched with them.
import { sheet } from "./sheet.js";

export const addingSheet = sheet(/* css */ `
.composer .files { flex: 1 0 100%; }
.chips { display: flex; flex-wrap: wrap; gap: var(--space-2); margin: 0.25rem 0 0; padding: 0; list-style: none; }
.chip { display: flex; align-items: center; gap: var(--space-2); max-width: 16rem; min-height: 2.5rem;
  padding-block: 0.125rem; padding-inline-start: var(--space-2); border: 1px solid var(--line);
  border-radius: var(--radius);
  font-size: var(--size-small); line-height: var(--line-small); }
.chip[data-state="failed"] { border-color: var(--danger); }
.chip img { width: 1.75rem; height: 1.75rem; border-radius: 4px; object-fit: cover; }
.chip-words { display: grid; min-width: 0; }
.chip-name { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.chip-state { color: var(--text-2); }
.chip[data-state="failed"] .chip-state { color: var(--danger); }

.suggest { position: absolute; z-index: 3; inset-inline: 0; bottom: calc(100% + var(--space-2));
  max-height: min(18rem, 50cqh); overflow-y: auto; padding: var(--space-1);
  border: 1px solid var(--line); border-radius: var(--radius); background: var(--bg-raised);
  box-shadow: var(--shadow); }
.suggest-group, .suggest-none { padding: var(--space-2) var(--space-2) var(--space-1); font-size: var(--size-small);
  line-height: var(--line-small); color: var(--text-2); }
.suggest-option { display: flex; align-items: center; gap: var(--space-2); min-height: 2.25rem;
  padding: var(--space-1) var(--space-2); border-radius: var(--radius-small); cursor: pointer; }
.suggest-option .icon { width: 18px; height: 18px; color: var(--text-2); }
.suggest-option span { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.suggest-option small { margin-inline-start: var(--space-2); font-size: var(--size-small); color: var(--text-2); }
.suggest-option:hover, .suggest-option[aria-selected="true"] { background: var(--bg-hover); }

.dropping { position: absolute; inset: 0; z-index: 4; display: none; place-items: center; padding: var(--space-6);
  border: 2px dashed var(--accent); border-radius: var(--radius-large);
  background: color-mix(in oklab, var(--bg) 88%, transparent); color: var(--accent); font-weight: var(--weight-strong);
  text-align: center; pointer-events: none; }
:host([data-dropping]) .dropping { display: grid; }
`);
