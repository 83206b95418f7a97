import { TextDocument } from 'vscode-languageserver-textdocument';
import type { TextDocumentContentChangeEvent } from 'vscode-languageserver-protocol';
import type { EditJournal, Replacement } from '../nextEdits/editJournal.ts';

/** More changes at once come from no person, and the journal of the document begins anew. */
const MAX_CHANGES = 64;
/** Changes that are applied one by one each copy the text. */
const MAX_SEQUENTIAL_CHANGES = 8;

/**
 * Notes changes in the journal, before they are applied to the document. Each refers to the text after those before it.
 */
export function noteChanges(
  journal: EditJournal,
  document: TextDocument,
  changes: readonly TextDocumentContentChangeEvent[],
): void {
  const { uri } = document;
  const timeMs = Date.now();
  const together = changes.length <= MAX_CHANGES ? backwardReplacements(document, changes) : undefined;
  if (together !== undefined) return journal.record(uri, document.getText(), together, timeMs);
  if (changes.length > MAX_SEQUENTIAL_CHANGES) return journal.forget(uri);
  const current = TextDocument.create(uri, document.languageId, document.version, document.getText());
  for (const change of changes) {
    journal.record(uri, current.getText(), [replacementOf(current, change)], timeMs);
    TextDocument.update(current, [change], document.version);
  }
}

/**
 * Returns changes that run from the end to the start, as VS Code sends them. Then all offsets refer to the text before
 * the first.
 */
function backwardReplacements(
  document: TextDocument,
  changes: readonly TextDocumentContentChangeEvent[],
): readonly Replacement[] | undefined {
  const replacements = changes.map((change) => replacementOf(document, change));
  const isBackward = replacements.every(({ end }, index) => index === 0 || end < (replacements[index - 1]?.start ?? 0));
  return isBackward ? replacements : undefined;
}

function replacementOf(document: TextDocument, change: TextDocumentContentChangeEvent): Replacement {
  if (!('range' in change)) return { start: 0, end: document.getText().length, text: change.text };
  const [start, end] = [document.offsetAt(change.range.start), document.offsetAt(change.range.end)];
  return { start: Math.min(start, end), end: Math.max(start, end), text: change.text };
}
