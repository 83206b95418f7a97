import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { ChunkedText } from '../../../../sidecar/front/sockets/chunkedText.ts';
import { Random } from '../../../../sidecar/workshop/train/random.ts';

interface Change {
  readonly range: {
    readonly start: { line: number; character: number };
    readonly end: { line: number; character: number };
  };
  readonly text: string;
}

const EDITS = 25_000;
/** 2.1 MiB. */
const WORD = 'replaced';
const LINE = `const ${WORD} = ${'x'.repeat(66)};\n`;

function wordAt(line: number, start = 6): Change {
  return { range: { start: { line, character: start }, end: { line, character: start + WORD.length } }, text: 'new' };
}

function apply(text: string, changes: readonly Change[]): ChunkedText {
  const changed = new ChunkedText(text);
  for (const { range, text: inserted } of changes) changed.replace(range, inserted);
  return changed;
}

describe('ChunkedText', () => {
  const text = LINE.repeat(EDITS);
  const expected = text.replaceAll(WORD, 'new');
  const backward = Array.from({ length: EDITS }, (_, index) => wordAt(EDITS - 1 - index));
  const orders: readonly (readonly [name: string, changes: readonly Change[]])[] = [
    ['from the start to the end', [...backward].reverse()],
    [
      'from both ends to the middle',
      backward.map((_, index) => wordAt(index % 2 === 0 ? index / 2 : EDITS - (index + 1) / 2)),
    ],
  ];
  for (const [name, changes] of orders) {
    it(`copies a small part of 2.1 MiB for each of ${EDITS} edits: ${name}`, () => {
      const changed = apply(text, changes);
      assert.equal(changed.toString(), expected);
      assert.ok(changed.copiedUnits <= EDITS * 16_384, `${changed.copiedUnits} units`);
    });
  }

  it('copies as little if the whole text is one line', () => {
    const line = text.replaceAll('\n', ' ');
    const changes = Array.from({ length: EDITS }, (_, index) => wordAt(0, (EDITS - 1 - index) * LINE.length + 6));
    const changed = apply(line, changes);
    assert.equal(changed.toString(), line.replaceAll(WORD, 'new'));
    assert.ok(changed.copiedUnits <= EDITS * 16_384, `${changed.copiedUnits} units`);
  });

  it('matches `TextDocument` for the same edits, with any line breaks and chunk borders', () => {
    const random = new Random(6);
    const below = (limit: number): number => random.below(limit);
    const randomText = (units: number): string =>
      Array.from({ length: units }, () => ['a', 'b', '\n', '\r', '\r\n', '😀'][below(6)]).join('');
    for (let round = 0; round < 60; round++) {
      const start = randomText(below(3) === 0 ? 30_000 : 40);
      let document = TextDocument.create('file:///a.txt', 'plaintext', 1, start);
      const changed = new ChunkedText(start);
      for (let edit = 0; edit < 30; edit++) {
        const position = (): Change['range']['start'] => ({
          line: below(document.lineCount + 2),
          character: below(12),
        });
        const change = {
          range: { start: position(), end: position() },
          text: randomText(below(10) === 0 ? 9_000 : below(5)),
        };
        // Makes a new document each time. After an edit beyond the last line, `TextDocument` is wrong about line
        // starts.
        document = TextDocument.create(
          'file:///a.txt',
          'plaintext',
          1,
          TextDocument.update(document, [change], 2).getText(),
        );
        changed.replace(change.range, change.text);
        assert.equal(
          changed.toString(),
          document.getText(),
          `round ${round}, edit ${edit}: ${JSON.stringify(change.range)}`,
        );
      }
    }
  });
});
