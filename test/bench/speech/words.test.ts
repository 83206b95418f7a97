import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { wordErrors, wordsOf } from './words.ts';

describe('wordErrors', () => {
  it('ignores case and punctuation', () =>
    assert.deepEqual(wordsOf("Hello, “World”!  It's 5."), ['hello', 'world', "it's", '5']));
  for (const [said, heard, errors] of [
    ['a b c', 'a b c', 0],
    ['a b c', 'a x c', 1],
    ['a b c', 'b c', 1],
    ['a b c', 'a b b c', 1],
    ['a b c', '', 3],
    ['', 'a b', 2],
    ['a b c d', 'b c d e', 2],
  ] as const) {
    it(`counts ${errors} for "${heard}" instead of "${said}"`, () =>
      assert.equal(wordErrors(wordsOf(said), wordsOf(heard)), errors));
  }
});
