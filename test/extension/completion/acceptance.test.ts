import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import { Position, Uri } from '../documents/support/vscode.ts';

const { Acceptance } = await import('../../../extension/completion/acceptance.ts');

/** Returns the remaining text when `texts` are offered at the cursor, best first. */
function remainingOf(texts: readonly string[]): string | undefined {
  const document = new FakeDocument(Uri.file('/ws/a.ts'), '// ');
  const cursor = new Position(0, 3) as vscode.Position;
  const storage = { get: () => undefined, update: async () => undefined } as unknown as vscode.Memento;
  const acceptance = new Acceptance(storage, () => undefined);
  const items = texts.map(
    (insertText, index) =>
      ({
        insertText,
        command: { arguments: [{ completionId: `${index}` }] },
      }) as unknown as vscode.InlineCompletionItem,
  );
  acceptance.offer(document as unknown as vscode.TextDocument, cursor, items);
  try {
    return acceptance.remaining({ document, selection: { active: cursor } } as unknown as vscode.TextEditor);
  } finally {
    acceptance.dispose();
  }
}

describe('Acceptance.remaining', () => {
  it('returns the text of a single item', () => {
    assert.equal(remainingOf(['合計を返す']), '合計を返す');
  });

  it('returns undefined if VS Code displays one of several items', () => {
    assert.equal(remainingOf(['合計を返す', '平均を返す']), undefined);
  });
});
