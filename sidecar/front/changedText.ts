import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-protocol';
import { ChunkedText } from './sockets/chunkedText.ts';

type PartialChange = Extract<TextDocumentContentChangeEvent, { range: unknown }>;

/**
 * Returns the text of a document after many changes, applied in order. Changes that run from the end to the start, as
 * VS Code sends them, are applied in one pass.
 */
export function changedText(document: TextDocument, changes: readonly TextDocumentContentChangeEvent[]): string {
  if (areBackward(document, changes))
    return TextDocument.applyEdits(
      document,
      changes.map(({ range, text }) => ({ range, newText: text })),
    );
  let changed = new ChunkedText(document.getText());
  for (const change of changes) {
    if ('range' in change) changed.replace(change.range, change.text);
    else changed = new ChunkedText(change.text);
  }
  return changed.toString();
}

/**
 * Whether each change ends before the change applied before it. Then all their positions refer to the original text.
 * Positions are compared as offsets. Positions beyond the end of a line or of the text become the same offset, and
 * there the order of insertions matters.
 */
function areBackward(
  document: TextDocument,
  changes: readonly TextDocumentContentChangeEvent[],
): changes is readonly PartialChange[] {
  let previous = Infinity;
  return changes.every((change) => {
    if (!('range' in change)) return false;
    const [start, end] = [document.offsetAt(change.range.start), document.offsetAt(change.range.end)];
    const isBackward = start <= end && end < previous;
    previous = start;
    return isBackward;
  });
}
