import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EndingIndex } from '../../../../sidecar/models/decoding/endingIndex.ts';
import type { NgramMatch } from '../../../../sidecar/models/decoding/ngramIndex.ts';

/** The same result by comparing every position. */
function lookEverywhere(tokens: readonly number[]): NgramMatch {
  const last = tokens.length - 1;
  let best = { position: 0, length: 0 };
  for (let end = last - 1; end >= 0; end--) {
    let length = 0;
    while (length < 6 && length <= end && tokens[end - length] === tokens[last - length]) length++;
    if (length >= 2 && length > best.length) best = { position: end + 1, length };
  }
  return best;
}

/** A reproducible generator of integers below a bound. */
function numbers(): (below: number) => number {
  let state = 1;
  return (below) => (state = (state * 48_271) % 2_147_483_647) % below;
}

describe('EndingIndex', () => {
  it('finds the longest match of the end, the last of equally long matches', () => {
    assert.deepEqual(new EndingIndex([1, 2, 3, 9, 2, 3, 7, 1, 2, 3]).lastMatch(), { position: 3, length: 3 });
    assert.deepEqual(new EndingIndex([1, 2, 5, 1, 2, 6, 0, 1, 2]).lastMatch(), { position: 5, length: 2 });
    assert.deepEqual(new EndingIndex([7, 7, 7]).lastMatch(), { position: 2, length: 2 });
  });

  it('finds nothing in a text without a repeated pair of tokens', () => {
    for (const tokens of [[], [1], [1, 1], [1, 2, 3, 4, 2]])
      assert.deepEqual(new EndingIndex(tokens).lastMatch(), { position: 0, length: 0 });
  });

  it('equals comparing every position while the text grows', () => {
    const random = numbers();
    for (const kinds of [2, 3, 5, 40]) {
      const tokens: number[] = [];
      const index = new EndingIndex(tokens);
      while (tokens.length < 1_500) {
        for (let count = random(20); count >= 0; count--) tokens.push(random(kinds) * 70_000);
        assert.deepEqual(index.lastMatch(), lookEverywhere(tokens));
      }
    }
  });

  it('reads as little of a long text as of a short text', () => {
    const readsFor = (length: number): number => {
      const random = numbers();
      const tokens = Array.from({ length }, () => random(50));
      let reads = 0;
      const watched = new Proxy(tokens, {
        get(target, key, receiver): unknown {
          if (key !== 'length') reads++;
          return Reflect.get(target, key, receiver);
        },
      });
      const index = new EndingIndex(watched);
      index.lastMatch();
      reads = 0;
      for (let step = 0; step < 100; step++) {
        tokens.push(random(50));
        index.lastMatch();
      }
      return reads / 100;
    };
    assert.ok(readsFor(1_100) < 100);
    assert.ok(readsFor(33_000) < 100);
  });
});
