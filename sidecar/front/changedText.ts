import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-protocol';
import { ChunkedText } from './sockets/chunkedText.ts';

type PartialChange = Extract<TextDocumentContentChangeEvent, { range: unknown }>;

/**
 * What many changes, made in order, leave of a document's text. Those that come from the end to the start, as VS Code
 * sends them, are made in one pass.
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
 * Whether each change ends before the one that was made before it: then all of them mean places of the text as it was.
 * Places are compared as they are in the text: beyond the end of a line, or of the text, two positions are one place,
 * and what was put there first counts for the next.
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
