import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SentenceGate } from '../../../../sidecar/chat/explain/sentenceGate.ts';

/** Gives a text to the gate in pieces of so many units. */
function passed(
  text: string,
  { language = 'en', units = 3 } = {},
): { readonly sent: string; readonly isOver: boolean } {
  let sent = '';
  const gate = new SentenceGate(language, (piece) => (sent += piece));
  for (let start = 0; start < text.length; start += units) gate.receive(text.slice(start, start + units));
  assert.equal(gate.text, sent.trim());
  return { sent, isOver: gate.signal.aborted };
}

describe('the first sentence of an answer', () => {
  const cases: readonly (readonly [what: string, text: string, sentence: string, language?: string])[] = [
    ['is followed by another', 'It adds two numbers. It returns their sum.', 'It adds two numbers.'],
    [
      'has a dot in a name',
      'It calls `Array.isArray(a)` on the list. It returns it.',
      'It calls `Array.isArray(a)` on the list.',
    ],
    [
      'has a sentence in code',
      'It says `Ready. Go` to the reader. Then it ends.',
      'It says `Ready. Go` to the reader.',
    ],
    ['is a line', 'Adds two numbers\n\nReturns their sum', 'Adds two numbers'],
    ['begins behind an empty line', '\n\nIt adds two numbers. It ends.', 'It adds two numbers.'],
    ['is Japanese', 'この関数は二つの数を加算します。結果を返します。', 'この関数は二つの数を加算します。', 'ja'],
    ['is Hindi', 'यह फ़ंक्शन दो संख्याओं को जोड़ता है। यह योग लौटाता है।', 'यह फ़ंक्शन दो संख्याओं को जोड़ता है।', 'hi'],
    ['is of an unknown language', 'It adds two numbers. It ends.', 'It adds two numbers.', 'xx-unknown'],
  ];
  for (const [what, text, sentence, language] of cases)
    it(`passes alone if it ${what}`, () => {
      for (const units of [1, 3, 1_000]) {
        const { sent, isOver } = passed(text, { language, units });
        assert.equal(sent.trim(), sentence);
        assert.equal(isOver, true);
      }
    });

  it('passes whole if nothing follows', () => {
    assert.deepEqual(passed('It adds two numbers.'), { sent: 'It adds two numbers.', isOver: false });
  });
});
