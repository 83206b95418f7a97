import * as l10n from '@vscode/l10n';
import path from 'node:path';
import * as vscode from 'vscode';
import type { PendingEdit } from './nextEditQueue.ts';

/** Whether the cursor is alone and in or at the place of a change. */
export function isAt({ document, selections }: vscode.TextEditor, { uri, start, end }: PendingEdit): boolean {
  const [selection] = selections;
  if (document.uri.toString() !== uri || selections.length !== 1 || !selection?.isEmpty) return false;
  const offset = document.offsetAt(selection.active);
  return offset >= start && offset <= end;
}

/** Returns the hint that stands at the end of the cursor's line: where a change of the same document is. */
export function hintTowards(editor: vscode.TextEditor, edit: PendingEdit): string {
  if (isAt(editor, edit)) return l10n.t('Tab: accept');
  const { document, selection } = editor;
  const { line } = document.positionAt(edit.start);
  const arrow = line === selection.active.line ? '↔' : line < selection.active.line ? '↑' : '↓';
  return `${arrow} ${l10n.t('Tab: next edit')}`;
}

/** Returns the hint for a change of another file. */
export function hintTowardsFile(uri: string): string {
  return `→ ${path.posix.basename(vscode.Uri.parse(uri).path)} · ${l10n.t('Tab: next edit')}`;
}
