import { textBefore } from '../editJournal.ts';
import type { RecentEdit, SourceDocument, SuggestContext, Suggestion, TextEdit } from '../suggester.ts';
import { indentationOf, lineAt, lineBreakOf } from '../words.ts';

const CONFIDENCE = 0.9;
const MAX_EDITS = 8;
const MAX_TABLE_UNITS = 64 * 1024;
const HTML = /^(html|vue|svelte|astro|php|handlebars|erb|javascriptreact|typescriptreact|markdown|xml)$/;

interface Cell {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Row {
  readonly start: number;
  readonly end: number;
  readonly cells: readonly Cell[];
}

/** A row of a table got a column, or lost it: suggests the same for the other rows. For HTML and Markdown. */
export async function suggestTable({ edits, document }: SuggestContext): Promise<readonly Suggestion[]> {
  for (const edit of edits.slice(0, MAX_EDITS)) {
    const of = document(edit.uri);
    const rows = of && (htmlRows(of, edit) ?? markdownRows(of, edit));
    const row = rows?.find(({ start, end }) => start <= edit.start && edit.end <= end);
    if (of === undefined || rows === undefined || row === undefined) continue;
    const before = cellsBefore(of, row, edits);
    const change = columnChange(before, row);
    if (change === undefined) continue;
    const changes = rows
      .filter((other) => other !== row && other.cells.length === before.length)
      .flatMap((other) => editOf(of.text, other, change));
    if (changes.length > 0) return [{ uri: edit.uri, kind: 'table', confidence: CONFIDENCE, edits: changes }];
  }
  return [];
}

function cellsBefore({ uri, text }: SourceDocument, row: Row, edits: readonly RecentEdit[]): readonly Cell[] {
  const inRow = edits
    .filter((edit) => edit.uri === uri && edit.start >= row.start && edit.end <= row.end)
    .sort((one, other) => one.start - other.start);
  const before = textBefore(text, inRow, { from: row.start, to: row.end });
  return cellsOf(before, 0, isMarkdown(before));
}

interface ColumnChange {
  readonly kind: 'added' | 'removed';
  readonly index: number;
}

/** Returns the column that a row got or lost, if it is one. */
function columnChange(before: readonly Cell[], { cells }: Row): ColumnChange | undefined {
  if (Math.abs(before.length - cells.length) !== 1 || Math.min(before.length, cells.length) === 0) return undefined;
  const [longer, shorter] = before.length > cells.length ? [before, cells] : [cells, before];
  let index = 0;
  while (index < shorter.length && longer[index]?.text.trim() === shorter[index]?.text.trim()) index++;
  return { kind: longer === cells ? 'added' : 'removed', index };
}

function editOf(text: string, { cells }: Row, { kind, index }: ColumnChange): TextEdit[] {
  if (kind === 'removed') {
    const cell = cells[index];
    return cell ? [removalOf(text, cell)] : [];
  }
  const model = cells[index - 1] ?? cells[0];
  if (model === undefined) return [];
  const at = index === 0 ? model.start : model.end;
  return [[at, at, newCell(text, model, index === 0)]];
}

/** Removes an HTML cell with the line that it fills, or a Markdown cell with its bar. */
function removalOf(text: string, { start, end }: Cell): TextEdit {
  const line = lineAt(text, start);
  const isWholeLine = text.slice(line.start, start).trim() === '' && /^[ \t]*\r?(?:\n|$)/.test(text.slice(end));
  if (!isWholeLine) return [start, end, ''];
  const next = text.indexOf('\n', end);
  return [line.start, next < 0 ? text.length : next + 1, ''];
}

/** Returns an empty cell like a neighbour, on a line of its own if the neighbour has one. */
function newCell(text: string, { start, text: model }: Cell, isFirst: boolean): string {
  // A cell of Markdown ends with its bar. The line below the header stays one of dashes.
  if (model.endsWith('|')) return /^\s*:?-+:?\s*\|$/.test(model) ? model : model.replaceAll(/[^|]/g, ' ');
  const [opening = '<td>', tag = 'td'] = /^<(t[dh])\b[^>]*>/i.exec(model) ?? [];
  const cell = `${opening}</${tag}>`;
  const before = text.slice(lineAt(text, start).start, start);
  const gap = before.trim() === '' ? lineBreakOf(text) + indentationOf(before) : '';
  return isFirst ? cell + gap : gap + cell;
}

function htmlRows({ text, languageId }: SourceDocument, { start, end }: RecentEdit): Row[] | undefined {
  if (!HTML.test(languageId)) return undefined;
  const from = text.lastIndexOf('<table', start);
  const close = text.indexOf('</table', end);
  if (from < 0 || close < 0 || close - from > MAX_TABLE_UNITS || text.slice(from, start).includes('</table'))
    return undefined;
  const table = text.slice(from, close);
  return [...table.matchAll(/<tr\b[^>]*>([\s\S]*?)<\/tr>/gi)].map(({ index, 0: whole }) => ({
    start: from + index,
    end: from + index + whole.length,
    cells: cellsOf(whole, from + index, false),
  }));
}

function markdownRows({ text, languageId }: SourceDocument, edit: RecentEdit): Row[] | undefined {
  if (languageId !== 'markdown') return undefined;
  let line = lineAt(text, edit.start);
  const isRow = ({ start, end }: { readonly start: number; readonly end: number }): boolean =>
    isMarkdown(text.slice(start, end));
  while (line.start > 0 && isRow(lineAt(text, line.start - 1))) line = lineAt(text, line.start - 1);
  const rows: Row[] = [];
  for (let at = line; isRow(at) && at.end - line.start < MAX_TABLE_UNITS;) {
    rows.push({ ...at, cells: cellsOf(text.slice(at.start, at.end), at.start, true) });
    const next = text.indexOf('\n', at.end) + 1;
    if (next === 0) break;
    at = lineAt(text, next);
  }
  return rows.length > 1 ? rows : undefined;
}

function isMarkdown(row: string): boolean {
  return /^\s*\|/.test(row);
}

function cellsOf(row: string, offset: number, isBarred: boolean): Cell[] {
  const cell = isBarred ? /(?<=\|)(?:\\.|[^|\\\n])*\|/g : /<t[dh]\b[^>]*>[\s\S]*?<\/t[dh]>/gi;
  return [...row.matchAll(cell)].map(({ index, 0: text }) => ({
    start: offset + index,
    end: offset + index + text.length,
    text,
  }));
}
