import * as vscode from 'vscode';
import { type Insertion, insertionOf } from './insertion.ts';
import type { PendingEdit } from './nextEditQueue.ts';

/**
 * Returns the insertion that makes a change, if VS Code can show it as ghost text for a cursor: text that is added
 * behind the cursor on its line, or below this line.
 */
export function ghostInsertion(
  document: vscode.TextDocument,
  cursor: vscode.Position,
  edit: PendingEdit,
): Insertion | undefined {
  const insertion = insertionOf(edit);
  const shown = insertion && (belowCursor(document, cursor, insertion) ?? insertion);
  const place = shown && document.positionAt(shown.offset);
  return place?.line === cursor.line && place.character >= cursor.character ? shown : undefined;
}

/** Returns ghost text that inserts at or behind a cursor. */
export function ghostTextOf(
  document: vscode.TextDocument,
  cursor: vscode.Position,
  { offset, text }: Insertion,
): vscode.InlineCompletionItem {
  const range = new vscode.Range(cursor, document.positionAt(offset));
  return new vscode.InlineCompletionItem(document.getText(range) + text, range);
}

/** Lines that are added at the start of the line below the cursor are the same at the end of the cursor's line. */
function belowCursor(
  document: vscode.TextDocument,
  { line }: vscode.Position,
  { offset, text }: Insertion,
): Insertion | undefined {
  const place = document.positionAt(offset);
  const lineBreak = /\r?\n$/.exec(text)?.[0];
  if (place.line !== line + 1 || place.character !== 0 || lineBreak === undefined) return undefined;
  const { end } = document.lineAt(line).range;
  return { offset: document.offsetAt(end), text: lineBreak + text.slice(0, -lineBreak.length) };
}
