import * as vscode from 'vscode';
import type { NextEdit } from '../../sidecar/protocol/client.ts';
import type { PendingEdit } from './nextEditQueue.ts';

/**
 * Returns the changes of a suggestion, with offsets in an open document. Changes whose old text is not at its place are
 * left out, and so are all changes for another version of the document.
 */
export function pendingEdits(document: vscode.TextDocument, { version, edits }: NextEdit): readonly PendingEdit[] {
  if (version !== undefined && version !== document.version) return [];
  return edits.flatMap(({ range: { start, end }, oldText, newText }) => {
    const range = new vscode.Range(start.line, start.character, end.line, end.character);
    const offset = document.offsetAt(range.start);
    const place = document.positionAt(offset);
    const isInside = place.line === start.line && place.character === start.character;
    if (!isInside || document.getText(range) !== oldText) return [];
    return [{ uri: document.uri.toString(), start: offset, end: offset + oldText.length, oldText, newText }];
  });
}

/** Returns the range between two UTF-16 offsets of a document. */
export function rangeOf(
  document: vscode.TextDocument,
  { start, end }: { readonly start: number; readonly end: number },
): vscode.Range {
  return new vscode.Range(document.positionAt(start), document.positionAt(end));
}
