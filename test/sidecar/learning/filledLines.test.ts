import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { filledLines, type ScoredToken } from '../../../sidecar/learning/filledLines.ts';

/** The expected text of a token, and the likeliest one where it differs. */
type Given = string | readonly [string, string];

function scored(...tokens: readonly Given[]): readonly ScoredToken[] {
  return tokens.map((each, index) => {
    const [text, bestText] = typeof each === 'string' ? [each, each] : each;
    return { token: 2 * index, text, best: text === bestText ? 2 * index : 2 * index + 1, bestText };
  });
}

const verdicts = (...tokens: readonly Given[]): readonly [string, boolean][] =>
  filledLines(scored(...tokens)).map(({ text, isFilled }) => [text, isFilled]);

describe('filled lines', () => {
  it('have only likeliest tokens', () => {
    assert.deepEqual(verdicts('let', [' a', ' b'], '\n', 'let', ' c'), [
      ['let a', false],
      ['let c', true],
    ]);
  });

  it('end before a line break that continues differently', () => {
    assert.deepEqual(verdicts('a', [';\n    ', ';\n  '], 'b'), [
      ['a;', true],
      ['    b', false],
    ]);
  });

  it('are wrong if the model would go on', () => {
    assert.deepEqual(verdicts('a', ['\n', ';'], 'b'), [
      ['a', false],
      ['b', true],
    ]);
  });

  it('may end with a longer break', () => {
    assert.deepEqual(verdicts('a', ['\n', '\n\n'], 'b'), [
      ['a', true],
      ['b', true],
    ]);
  });

  it('count a token with several breaks for each line that it touches', () => {
    assert.deepEqual(verdicts('a', ['\n\n  ', '\n\n'], 'b'), [
      ['a', true],
      ['', true],
      ['  b', false],
    ]);
  });

  it('take another token of the same text for the expected one', () => {
    assert.deepEqual(filledLines([{ token: 1, text: 'a', best: 2, bestText: 'a' }]), [{ text: 'a', isFilled: true }]);
  });
});
