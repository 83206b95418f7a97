import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chooseTokens, type TokenCounts } from '../../../../sidecar/workshop/trim/chooseTokens.ts';
import type { Pair } from '../../../../sidecar/workshop/trim/bpeVocabulary.ts';

// Four bytes and a mark, then merged tokens: 5 = 01, 6 = 23, 7 = 56, 8 = 02, 9 = 82.
const PAIRS: ReadonlyMap<number, Pair> = new Map([
  [5, [0, 1]],
  [6, [2, 3]],
  [7, [5, 6]],
  [8, [0, 2]],
  [9, [8, 2]],
]);
const vocabulary = {
  tokens: Array.from({ length: 10 }, (_, token) => `${token}`),
  pairs: PAIRS,
  needed: [0, 1, 2, 3, 4],
};

const group = (counts: Readonly<Record<number, number>>, importance = 1): TokenCounts => ({
  name: 'texts',
  importance,
  counts: Float64Array.from({ length: 10 }, (_, token) => counts[token] ?? 0),
});

describe('chooseTokens', () => {
  it('keeps bytes and marks that no text uses', () => {
    assert.deepEqual(chooseTokens(vocabulary, [group({ 5: 3 })], 6).kept, [0, 1, 2, 3, 4, 5]);
  });

  it('keeps the tokens that a kept token is merged from', () => {
    assert.deepEqual(chooseTokens(vocabulary, [group({ 7: 10, 8: 9 })], 8).kept, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('takes the next token if a token and its parts do not fit', () => {
    assert.deepEqual(chooseTokens(vocabulary, [group({ 7: 10, 9: 9 })], 7).kept, [0, 1, 2, 3, 4, 8, 9]);
  });

  it('counts the additional tokens of a text', () => {
    // Token 7 splits into 5 and the bytes 2 and 3. Token 9 splits into 8 and 2, and 8 into two bytes.
    const { kept, moreShares } = chooseTokens(vocabulary, [group({ 5: 100, 7: 10, 9: 1, 0: 89 })], 6);
    assert.deepEqual(kept, [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(moreShares, [(10 * 2 + 1 * 2) / 200]);
  });

  it('weights groups so that the largest group does not take all', () => {
    const large = group({ 5: 1_000, 7: 900, 6: 900, 0: 100_000 });
    const small = group({ 8: 5, 9: 4, 0: 20 });
    const { moreShares } = chooseTokens(vocabulary, [large, small], 7);
    assert.ok(moreShares[1]! <= 0.2, `${moreShares[1]}`);
  });

  it('gives more tokens to a more important group', () => {
    const texts = (importance: number): readonly TokenCounts[] => [
      group({ 5: 10, 0: 100 }),
      group({ 8: 10, 0: 100 }, importance),
    ];
    assert.deepEqual(chooseTokens(vocabulary, texts(3), 6).kept, [0, 1, 2, 3, 4, 8]);
    assert.deepEqual(chooseTokens(vocabulary, texts(1 / 3), 6).kept, [0, 1, 2, 3, 4, 5]);
  });

  for (const size of [4, 11]) {
    it(`refuses ${size} tokens`, () =>
      assert.throws(
        () => chooseTokens(vocabulary, [group({ 5: 1 })], size),
        new RegExp(`${size} tokens can't be kept, expected 5 \\(bytes and special tokens\\) to 10`),
      ));
  }
});
