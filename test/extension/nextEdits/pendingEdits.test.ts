import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import '../documents/support/useFakeVscode.ts';
import type { NextEdit } from '../../../sidecar/protocol/client.ts';
import { FakeDocument } from '../documents/support/fakeDocument.ts';
import { Uri } from '../documents/support/vscode.ts';

const { pendingEdits } = await import('../../../extension/nextEdits/pendingEdits.ts');

const document = new FakeDocument(
  Uri.file('/ws/a.ts'),
  'const sum = 1;\nshow(total);\n',
) as unknown as vscode.TextDocument;
const uri = document.uri.toString();

const suggestion = (oldText: string, version?: number): NextEdit => ({
  uri,
  ...(version === undefined ? {} : { version }),
  kind: 'rename',
  confidence: 0.95,
  edits: [{ range: { start: { line: 1, character: 5 }, end: { line: 1, character: 10 } }, oldText, newText: 'sum' }],
});

describe('the changes of a suggestion', () => {
  it('get offsets in the document', () => {
    const expected = [{ uri, start: 20, end: 25, oldText: 'total', newText: 'sum' }];
    assert.deepEqual(pendingEdits(document, suggestion('total', document.version)), expected);
    assert.deepEqual(pendingEdits(document, suggestion('total')), expected);
  });

  it('are left out where another text stands', () => {
    assert.deepEqual(pendingEdits(document, suggestion('other')), []);
  });

  it('are left out if they are for another version', () => {
    assert.deepEqual(pendingEdits(document, suggestion('total', document.version + 1)), []);
  });
});
