// @ts-check
// How the choices in the composer look; fetched with them.
import { sheet } from "./sheet.js";

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
