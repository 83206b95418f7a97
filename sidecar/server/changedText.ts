import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-protocol';
import { ChunkedText, isBefore } from './chunkedText.ts';

type PartialChange = Extract<TextDocumentContentChangeEvent, { range: unknown }>;

/** What many changes, made in order, leave of a document's text. Those that come from the end to the start, as VS Code sends them, are made in one pass. */
export function changedText(document: TextDocument, changes: readonly TextDocumentContentChangeEvent[]): string {
  if (areBackward(changes)) return TextDocument.applyEdits(document, changes.map(({ range, text }) => ({ range, newText: text })));
  let changed = new ChunkedText(document.getText());
  for (const change of changes) {
    if ('range' in change) changed.replace(change.range, change.text);
    else changed = new ChunkedText(change.text);
  }
  return changed.toString();
}

/** Whether each change ends before the one that was made before it: then all of them mean places of the text as it was. */
function areBackward(changes: readonly TextDocumentContentChangeEvent[]): changes is readonly PartialChange[] {
  return changes.every((change, index) => {
    if (!('range' in change)) return false;
    const { start, end } = change.range;
    const next = changes[index - 1] as PartialChange | undefined;
    return !isBefore(end, start) && (next === undefined || isBefore(end, next.range.start));
  });
}
