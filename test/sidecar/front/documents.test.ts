import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MAX_DOCUMENT_UNITS } from '../../../sidecar/protocol/client.ts';
import { Documents } from '../../../sidecar/front/documents.ts';

const uri = 'file:///a.ts';

function opened(text: string): Documents {
  const documents = new Documents();
  documents.open({ uri, languageId: 'typescript', version: 1, text });
  return documents;
}
const at = (
  line: number,
  start: number,
  end = start,
): { start: { line: number; character: number }; end: { line: number; character: number } } => ({
  start: { line, character: start },
  end: { line, character: end },
});

describe('document sync', () => {
  it('applies changes in order', () => {
    const documents = opened('ab\ncd');
    documents.change(uri, 2, [
      { range: at(1, 1, 2), text: 'XY' },
      { range: at(0, 0), text: '\n' },
    ]);
    assert.equal(documents.get(uri)?.getText(), '\nab\ncXY');
  });

  it('applies many changes in order like few changes, also changes that replace the whole text', () => {
    const documents = opened('lost');
    const letters = [...'abcdefghij'].map((letter) => ({ range: at(0, 0), text: letter }));
    documents.change(uri, 2, [...letters, { text: 'x\r\ny' }, { range: at(1, 1), text: 'z' }, ...letters]);
    assert.equal(documents.get(uri)?.getText(), 'jihgfedcbax\r\nyz');
    assert.equal(documents.get(uri)?.version, 2);
    assert.equal(documents.get(uri)?.lineCount, 2);
  });

  it('accepts a new whole text', () => {
    const documents = opened('old');
    documents.change(uri, 2, [{ text: 'new' }]);
    assert.equal(documents.get(uri)?.getText(), 'new');
  });

  it('counts UTF-16 units', () => {
    const documents = opened('😀x');
    assert.equal(documents.get(uri)?.offsetAt({ line: 0, character: 2 }), 2);
    documents.change(uri, 2, [{ range: at(0, 2, 3), text: 'y' }]);
    assert.equal(documents.get(uri)?.getText(), '😀y');
  });

  it('keeps lone surrogates, even if a change splits a pair', () => {
    const documents = opened('a\ud83d');
    documents.change(uri, 2, [{ range: at(0, 2), text: '\ude00' }]);
    assert.equal(documents.get(uri)?.getText(), 'a😀');
    documents.change(uri, 3, [{ range: at(0, 1, 2), text: '' }]);
    assert.equal(documents.get(uri)?.getText(), 'a\ude00');
  });

  it('limits positions outside of the text to its ends', () => {
    const documents = opened('ab');
    documents.change(uri, 2, [{ range: at(99, 99), text: '!' }]);
    assert.equal(documents.get(uri)?.getText(), 'ab!');
  });

  it('reports a document that grew above the limit as closed', () => {
    const documents = opened('small');
    const told: string[] = [];
    documents.onDidChange = (_, { kind }) => told.push(kind);
    assert.equal(documents.change(uri, 2, [{ text: 'x'.repeat(MAX_DOCUMENT_UNITS + 1) }]), false);
    documents.close(uri);
    assert.deepEqual(told, ['closed']);
  });

  it('refuses a document above the limit until it is opened smaller', () => {
    const documents = new Documents();
    const item = { uri, languageId: 'plaintext', version: 1 };
    assert.equal(documents.open({ ...item, text: 'x'.repeat(MAX_DOCUMENT_UNITS + 1) }), false);
    assert.equal(documents.isTooLarge(uri), true);
    assert.equal(documents.change(uri, 2, [{ range: at(0, 0), text: 'y' }]), true);
    assert.equal(documents.get(uri), undefined);
    assert.equal(documents.open({ ...item, text: 'small' }), true);
    assert.equal(documents.isTooLarge(uri), false);
  });

  it('refuses a document that a change makes too large, until it has shrunk', () => {
    const documents = opened('x'.repeat(MAX_DOCUMENT_UNITS));
    const told: string[] = [];
    documents.onDidChange = (_, { kind }) => told.push(kind);
    assert.equal(documents.change(uri, 2, [{ range: at(0, 0), text: 'yz' }]), false);
    assert.equal(documents.isTooLarge(uri), true);
    assert.equal(documents.change(uri, 3, [{ range: at(0, 1, 2), text: '' }]), true, 'one warning');
    assert.equal(documents.get(uri), undefined);
    assert.equal(documents.change(uri, 4, [{ range: at(0, 4, 5), text: '' }]), true);
    assert.equal(documents.isTooLarge(uri), false);
    assert.equal(documents.get(uri)?.getText().slice(0, 3), 'yxx');
    assert.deepEqual(told, ['closed', 'opened']);
  });

  it('does not follow a document that is far too large', () => {
    const documents = opened('small');
    documents.change(uri, 2, [{ text: 'x'.repeat(2 * MAX_DOCUMENT_UNITS + 1) }]);
    documents.change(uri, 3, [{ text: 'small' }]);
    assert.equal(documents.isTooLarge(uri), true);
    assert.equal(documents.get(uri), undefined);
  });
});
