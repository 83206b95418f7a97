import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import type { PendingEdit } from '../../../extension/nextEdits/nextEditQueue.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import { Uri } from '../documents/support/vscode.ts';

const { ghostInsertion } = await import('../../../extension/nextEdits/ghostTextOf.ts');

const TEXT = 'area(2);\nshow(total);\nend();\n';
const document = new FakeDocument(Uri.file('/ws/a.ts'), TEXT) as unknown as vscode.TextDocument;

function edit(oldText: string, newText: string, start = TEXT.indexOf(oldText)): PendingEdit {
  return { uri: document.uri.toString(), start, end: start + oldText.length, oldText, newText };
}

describe('ghost text of a next edit', () => {
  const cases: readonly [name: string, cursor: number, edit: PendingEdit, expected: [number, string] | undefined][] = [
    ['shows text that is added at the cursor', 6, edit('', ', height', 6), [6, ', height']],
    ['shows text that is added behind the cursor', 0, edit('', ', height', 6), [6, ', height']],
    ['shows what a replacement adds', 0, edit('area', 'areas'), [4, 's']],
    ['shows lines that are added below the cursor’s line', 8, edit('', 'show(1);\n', 9), [8, '\nshow(1);']],
    ['shows nothing before the cursor', 7, edit('', ', height', 6), undefined],
    ['shows nothing that is removed or replaced', 0, edit('area', 'surface'), undefined],
    ['shows nothing in another line', 0, edit('', 's', 19), undefined],
    ['shows no part of a line below', 8, edit('', 'await ', 9), undefined],
  ];
  for (const [name, cursor, change, expected] of cases)
    it(name, () => {
      const found = ghostInsertion(document, document.positionAt(cursor), change);
      assert.deepEqual(found && [found.offset, found.text], expected);
    });
});
