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
  const isOver = gate.signal.aborted;
  assert.equal(gate.finish(), sent);
  return { sent, isOver };
}

describe('the first sentence of an answer', () => {
  const cases: readonly (readonly [what: string, text: string, sentence: string, language?: string])[] = [
    ['is followed by another', 'It adds two numbers. It returns their sum.', 'It adds two numbers.'],
    ['has a dot in a name', 'It calls `Array.isArray(a)` on it. It returns it.', 'It calls `Array.isArray(a)` on it.'],
    [
      'has a sentence in code',
      'It says `Ready. Go` to the reader. Then it ends.',
      'It says `Ready. Go` to the reader.',
    ],
    [
      'has an abbreviation',
      'Reads settings, e.g. `theme`, vs. Defaults. It ends.',
      'Reads settings, e.g. `theme`, vs. Defaults.',
    ],
    [
      'has a German ordinal',
      'Gibt das 1. Element, z. B. Namen. Dann endet es.',
      'Gibt das 1. Element, z. B. Namen.',
      'de',
    ],
    [
      'has a Russian abbreviation',
      'Складывает, т. е. Суммирует числа. Затем конец.',
      'Складывает, т. е. Суммирует числа.',
      'ru',
    ],
    ['is a line', 'Adds two numbers\n\nReturns their sum', 'Adds two numbers'],
    ['begins behind an empty line', '\r\n\nIt adds two numbers. It ends.', 'It adds two numbers.'],
    ['is a comment', '/**\n * Adds two numbers.\n */', 'Adds two numbers.'],
    ['is a comment in one line', '/** Adds two numbers. */\nfunction add() {}', 'Adds two numbers.'],
    ['is a comment in a fence', '```typescript\n/** Adds two numbers. */\n```', 'Adds two numbers.'],
    ['is a Python comment', '"""Adds two numbers."""\ndef add():', 'Adds two numbers.'],
    ['follows a heading', 'Here is the first line:\n\nAdds two numbers. It ends.', 'Adds two numbers.'],
    ['leaves marks open', 'Adds **two numbers. They** are added.', 'Adds **two numbers.**'],
    ['is Japanese', '足す。結果を返します。もう一つ返します。', '足す。', 'ja'],
    ['is Chinese', '将两个数相加。然后返回。', '将两个数相加。', 'zh-Hans'],
    ['is Hindi', 'यह फ़ंक्शन दो संख्याओं को जोड़ता है। यह योग लौटाता है।', 'यह फ़ंक्शन दो संख्याओं को जोड़ता है।', 'hi'],
  ];
  for (const [what, text, sentence, language] of cases)
    it(`passes alone if it ${what}`, () => {
      for (const units of [1, 3, 7, 1_000]) assert.equal(passed(text, { language, units }).sent, sentence);
    });

  it('ends in spite of an open backquote', () => {
    const { sent, isOver } = passed('`a. Bc '.repeat(1) + 'a. Bc '.repeat(2_000), { units: 6 });
    assert.equal(isOver, true);
    assert.ok(sent.length < 500, `${sent.length}`);
  });

  it('passes whole if nothing follows', () => {
    assert.deepEqual(passed('It adds two numbers.'), { sent: 'It adds two numbers.', isOver: false });
  });
});
