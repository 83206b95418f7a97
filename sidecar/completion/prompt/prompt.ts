import type { Cursor } from '../cursor.ts';
import type { NotebookCell, NotebookCells } from '../request.ts';
import { languageSyntax } from '../../syntax/languages.ts';
import { snapBack, snapForward } from '../../common/unicode.ts';
import { UNITS_PER_TOKEN } from './unitsPerToken.ts';

/** The text of the prompt, before tokenization. */
export interface PromptText {
  readonly prefix: string;
  readonly suffix: string;
}

export interface PromptBudget {
  readonly prefixUnits: number;
  readonly suffixUnits: number;
}

const PREFIX_SHARE = 0.75;

/** Divides `tokens` between the text before and after the cursor. */
export function budgetOf(tokens: number): PromptBudget {
  const units = tokens * UNITS_PER_TOKEN;
  return { prefixUnits: Math.floor(units * PREFIX_SHARE), suffixUnits: Math.floor(units * (1 - PREFIX_SHARE)) };
}

/** Cuts the cursor's surroundings to the budget, at places that stay while the user types. */
export function promptText(cursor: Cursor, budget: PromptBudget, cells: NotebookCells = NO_CELLS): PromptText {
  const above = cellsBefore(cells.before, cursor, budget.prefixUnits);
  const below = cellsAfter(cells.after, cursor, budget.suffixUnits);
  return { prefix: prefixOf(above, cursor, budget.prefixUnits), suffix: suffixOf(below, cursor, budget.suffixUnits) };
}

const NO_CELLS: NotebookCells = { before: [], after: [] };

function prefixOf(above: string, { before, beforeStart }: Cursor, maxUnits: number): string {
  const start = stablePrefixStart(above + before, beforeStart, maxUnits);
  if (start === 0) return above + before;
  if (start >= above.length) return before.slice(start - above.length);
  // The rest of a cell's cut line would look like a whole line.
  return above.slice(above.indexOf('\n', start - 1) + 1).replace(/^\n+/, '') + before;
}

function suffixOf(below: string, { after }: Cursor, maxUnits: number): string {
  const end = suffixEnd(after + below, maxUnits);
  return end <= after.length ? after.slice(0, end) : after + below.slice(0, end - after.length).trimEnd();
}

/**
 * Returns where the prefix begins in `before`. This is the first line that starts after a multiple of a quarter of the
 * budget, counted in the document. So it moves once in many keystrokes, and the engine can reuse the cached prefix in
 * between.
 */
export function stablePrefixStart(before: string, beforeStart: number, maxUnits: number): number {
  if (before.length <= maxUnits && beforeStart === 0) return 0;
  const quantum = Math.max(1, Math.floor(maxUnits / 4));
  const earliest = Math.max(beforeStart, beforeStart + before.length - maxUnits);
  const boundary = Math.ceil(earliest / quantum) * quantum - beforeStart;
  const start = Math.min(Math.max(0, boundary), before.length);
  const lineBreak = before.indexOf('\n', start);
  const lineStart = lineBreak + 1;
  return lineBreak >= 0 && lineStart - start < quantum ? lineStart : snapForward(before, start);
}

function suffixEnd(after: string, maxUnits: number): number {
  if (after.length <= maxUnits) return after.length;
  const lineBreak = after.lastIndexOf('\n', maxUnits);
  return lineBreak > 0 ? lineBreak : snapBack(after, maxUnits);
}

/**
 * Returns the nearest cells up to the length of the budget. Their length does not depend on the text that the user
 * types.
 */
function cellsBefore(cells: readonly NotebookCell[], cursor: Cursor, units: number): string {
  let text = '';
  for (const cell of [...cells].reverse()) {
    if (text.length >= units) break;
    text = `${cellText(cell, cursor)}\n\n${text}`;
  }
  return text;
}

function cellsAfter(cells: readonly NotebookCell[], cursor: Cursor, units: number): string {
  let text = '';
  for (const cell of cells) {
    if (text.length >= units) break;
    text = `${text}\n\n${cellText(cell, cursor)}`;
  }
  return text;
}

/** Cells in another language (mostly Markdown) become comments. */
function cellText(cell: NotebookCell, cursor: Cursor): string {
  const text = cell.text.replaceAll('\r\n', '\n').trimEnd();
  if (cell.languageId === cursor.languageId) return text;
  const marker = languageSyntax(cursor.languageId).lineComment ?? '#';
  return text.replace(/^/gm, `${marker} `);
}
