import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NgramIndex } from '../../../../sidecar/models/decoding/ngramIndex.ts';
import {
  LONGEST_NGRAM,
  NGRAM_LENGTHS,
  NGRAM_WEIGHTS,
  NgramModel,
} from '../../../../sidecar/models/decoding/ngramModel.ts';

const probabilities = (logits: Float32Array): number[] => {
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  return [...logits].map((logit) => Math.exp(logit) / total);
};
const LOGITS = [0.5, -1, 2, 0, 1, 3];
const alone = probabilities(Float32Array.from(LOGITS));
/** Interpolates behind a prompt whose text ends with `before`, and `generated`. */
const interpolated = (
  texts: readonly (readonly number[])[],
  before: readonly number[],
  generated: readonly number[] = [],
  logits: readonly number[] = LOGITS,
): number[] => {
  const changed = Float32Array.from(logits);
  const prompt = [5, 5];
  new NgramModel(new NgramIndex(texts), { promptTokens: prompt.length, before }).interpolate(changed, [
    ...prompt,
    ...generated,
  ]);
  return probabilities(changed);
};
/** The weighted mean of the network's probabilities and the shares of the continuations. */
const meanWith = (weight: number, shares: Readonly<Record<number, number>>): number[] =>
  alone.map((probability, token) => (1 - weight) * probability + weight * (shares[token] ?? 0));
const assertClose = (actual: readonly number[], expected: readonly number[]): void => {
  for (const [index, value] of actual.entries())
    assert.ok(
      Math.abs(value - (expected[index] as number)) < 1e-6,
      `${actual.join(' ')}, expected ${expected.join(' ')}`,
    );
};
const weightOf = (length: number): number =>
  NGRAM_WEIGHTS[NGRAM_LENGTHS.findLastIndex((each) => each <= length)] as number;

describe('NgramModel', () => {
  it('changes nothing without a match', () => assertClose(interpolated([[0, 1, 2, 3]], [4, 5]), alone));

  it('weights the shares of continuations of the longest match', () => {
    assertClose(
      interpolated(
        [
          [1, 2, 3, 0, 1, 2, 3],
          [5, 1, 2, 4],
        ],
        [1, 2],
      ),
      meanWith(weightOf(2), { 3: 2 / 3, 4: 1 / 3 }),
    );
  });

  it('weights longer matches more, and ignores shorter ones then', () => {
    assertClose(interpolated([[0, 5, 1, 2, 3, 4, 1, 2, 4]], [0, 5, 1, 2]), meanWith(weightOf(4), { 3: 1 }));
    for (const [index, weight] of NGRAM_WEIGHTS.entries())
      assert.ok(index === 0 || weight >= (NGRAM_WEIGHTS[index - 1] as number));
  });

  it("matches the continued text and the generated tokens, not the prompt's end", () => {
    assertClose(interpolated([[0, 1, 2, 3, 4]], [0, 1], [2, 3]), meanWith(weightOf(4), { 4: 1 }));
    const long = Array.from({ length: LONGEST_NGRAM + 4 }, (_, index) => index % 5);
    assertClose(interpolated([[...long, 5]], [3], long), meanWith(weightOf(LONGEST_NGRAM), { 5: 1 }));
  });

  it('changes nothing at the end of a text', () =>
    assertClose(
      interpolated(
        [
          [0, 1, 2],
          [3, 4],
        ],
        [0, 1, 2],
      ),
      alone,
    ));

  it('allows continuations that the network excludes, and nothing else', () => {
    const [one, other] = interpolated([[1, 2, 0]], [1, 2], [], [-Infinity, -Infinity, 2, 0, 1, 3]);
    assert.ok(Math.abs((one as number) - weightOf(2)) < 1e-6);
    assert.equal(other, 0);
  });
});
