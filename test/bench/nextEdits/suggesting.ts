import { createRequire } from 'node:module';
import path from 'node:path';
import type { EditJournal } from '../../../sidecar/nextEdits/editJournal.ts';
import type { SourceDocument, Suggestion, TextEdit } from '../../../sidecar/nextEdits/suggester.ts';
import { suggestNextEdits } from '../../../sidecar/nextEdits/suggestNextEdits.ts';
import { Trees } from '../../../sidecar/nextEdits/trees.ts';
import { Grammars } from '../../../sidecar/syntax/grammars.ts';

const trees = new Trees(new Grammars(path.dirname(createRequire(import.meta.url).resolve('@vscode/tree-sitter-wasm'))));

/** Suggestions with a lower confidence are not shown. */
export const SHOWN_CONFIDENCE = 0.8;

/** Asks for suggestions that would be shown. */
export async function shownSuggestions(
  journal: EditJournal,
  documents: readonly SourceDocument[],
  nowMs: number,
): Promise<{ readonly suggestions: readonly Suggestion[]; readonly ms: number }> {
  const startedAt = performance.now();
  const undone = Object.fromEntries(documents.map(({ uri }) => [uri, journal.undone(uri)]));
  const found = await suggestNextEdits({ edits: journal.recent(nowMs), documents, undone }, { trees });
  return {
    suggestions: found.filter(({ confidence }) => confidence >= SHOWN_CONFIDENCE),
    ms: performance.now() - startedAt,
  };
}

/** Returns the whole lines that an edit touches, with the edit made, without spaces at their ends. */
export function linesAfter(text: string, [start, end, inserted]: TextEdit): string {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const next = text.indexOf('\n', end);
  return (text.slice(start === 0 ? 0 : from, start) + inserted + text.slice(end, next < 0 ? text.length : next)).trim();
}

/** Counts how often whole lines stand in a text. */
export function countOf(text: string, lines: string): number {
  return lines === '' ? 0 : text.split(lines).length - 1;
}

/** Returns a share in percent. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? '–' : `${((100 * part) / whole).toFixed(1)} %`;
}
