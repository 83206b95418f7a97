import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { changedText } from '../../../sidecar/front/changedText.ts';
import { ChunkedText } from '../../../sidecar/front/sockets/chunkedText.ts';
import { Random } from '../../../sidecar/workshop/train/random.ts';

type Change = Parameters<typeof changedText>[1][number];

const at = (
  line: number,
  start: number,
  end = start,
): { start: { line: number; character: number }; end: { line: number; character: number } } => ({
  start: { line, character: start },
  end: { line, character: end },
});

/** The changed text, and how many changes were applied one by one. */
function editsOf(text: string, changes: readonly Change[]): { readonly text: string; readonly edits: number } {
  const replace = mock.method(ChunkedText.prototype, 'replace');
  try {
    return {
      text: changedText(TextDocument.create('file:///a.txt', 'plaintext', 1, text), changes),
      edits: replace.mock.callCount(),
    };
  } finally {
    replace.mock.restore();
  }
}

describe('changedText with many changes', () => {
  it('applies changes from the end to the start in one pass', () => {
    const changes = Array.from({ length: 1_000 }, (_, index) => ({ range: at(999 - index, 0, 3), text: 'new\nline' }));
    assert.deepEqual(editsOf('old\n'.repeat(1_000), changes), { text: 'new\nline\n'.repeat(1_000), edits: 0 });
  });

  it('applies changes in order if they touch or come in another order', () => {
    assert.deepEqual(
      editsOf('ab', [
        { range: at(0, 1, 2), text: 'x' },
        { range: at(0, 1), text: 'y' },
      ]),
      { text: 'ayx', edits: 2 },
    );
    assert.deepEqual(
      editsOf('ab', [
        { range: at(0, 0, 1), text: 'xyz' },
        { range: at(0, 2, 3), text: '' },
      ]),
      { text: 'xyb', edits: 2 },
    );
  });

  it('puts an insertion beyond the end of a line or text behind the insertion made there before', () => {
    assert.deepEqual(
      editsOf('ab', [
        { range: at(0, 9), text: 'x' },
        { range: at(0, 5), text: 'y' },
      ]),
      { text: 'abxy', edits: 2 },
    );
    assert.deepEqual(
      editsOf('ab\ncd', [
        { range: at(3, 2), text: '\nq' },
        { range: { start: { line: 1, character: 1 }, end: { line: 2, character: 5 } }, text: '' },
      ]),
      { text: 'ab\nc', edits: 2 },
    );
    assert.deepEqual(
      editsOf('ab\ncd', [
        { range: at(1, 1), text: 'x' },
        { range: at(0, 1, 9), text: 'y' },
      ]),
      { text: 'ay\ncxd', edits: 0 },
    );
  });

  it('starts again from a change that replaces the whole text', () => {
    assert.equal(
      editsOf('ab', [{ range: at(0, 0), text: 'x' }, { text: 'whole' }, { range: at(0, 5), text: '!' }]).text,
      'whole!',
    );
  });

  it('gives the same result in one pass as one by one, with any line breaks', () => {
    const random = new Random(7);
    for (let round = 0; round < 300; round++) {
      const text = (units: number): string =>
        Array.from({ length: units }, () => ['a', '\n', '\r', '\r\n'][random.below(4)]).join('');
      const start = TextDocument.create('file:///a.txt', 'plaintext', 1, text(40));
      const offsets = [...new Set(Array.from({ length: 12 }, () => random.below(60)))].sort((a, b) => b - a);
      const changes: Change[] = [];
      for (let index = 0; index + 1 < offsets.length; index += 2) {
        const [end, from] = [
          start.positionAt(offsets[index] as number),
          start.positionAt(offsets[index + 1] as number),
        ];
        changes.push({ range: { start: from, end }, text: text(random.below(4)) });
      }
      let expected = start.getText();
      for (const change of changes)
        expected = TextDocument.update(
          TextDocument.create('file:///a.txt', 'plaintext', 1, expected),
          [change],
          2,
        ).getText();
      assert.equal(changedText(start, changes), expected, JSON.stringify([start.getText(), changes]));
    }
  });
});
