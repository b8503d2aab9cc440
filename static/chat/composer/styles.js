// @ts-check
// How the rarer parts of the composer look: suggestions, files, and what can be chosen; fetched with them.
import { sheet } from "../look/styles.js";

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

`);

export const choicesSheet = sheet(/* css */ `
.tools > .model, .tools > [data-testid="dictate"]:not(.model + *) { margin-inline-start: auto; }
.tools .icon-button[data-state="listening"] { background: var(--danger-soft); color: var(--danger);
  animation: breathe 1.4s infinite; }
.tool { display: inline-flex; align-items: center; gap: var(--space-1); min-width: 0; padding: 0.3125rem var(--space-2);
  border: 1px solid var(--line); border-radius: 99px;
  background: none; font-size: var(--size-small); line-height: var(--line-small); white-space: nowrap; }
.tool span { min-width: 0; overflow: hidden; text-overflow: ellipsis; }
.tool .icon { width: 16px; height: 16px; }
.tool.chosen { border-color: var(--accent); background: var(--accent-soft); color: var(--accent); }
.model { flex: 0 1 auto; min-width: 4rem; max-width: 11rem; padding: 0.3125rem var(--space-1); border: 0;
  border-radius: var(--radius-small); background: none; color: var(--text-2);
  font-size: var(--size-small); line-height: var(--line-small); text-overflow: ellipsis; }
.model option { background: var(--bg-raised); color: var(--text); }
.model:hover, .tool:hover { background: var(--bg-hover); color: var(--text); }
`);
