import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NgramIndex, type NgramMatch } from '../../../../sidecar/models/decoding/ngramIndex.ts';

/** The same result by comparing every position. */
function lookEverywhere(tokens: readonly number[], sequence: readonly number[], longest: number): NgramMatch {
  let best: NgramMatch = { position: 0, length: 0 };
  for (let end = tokens.length - 2; end >= 0; end--) {
    let length = 0;
    while (
      length < longest &&
      length <= end &&
      length < sequence.length &&
      tokens[end - length] === sequence[sequence.length - 1 - length]
    )
      length++;
    if (length >= 2 && length > best.length) best = { position: end + 1, length };
  }
  return best;
}

describe('NgramIndex', () => {
  const of = (...tokens: readonly number[]): NgramIndex => new NgramIndex([tokens]);

  it("finds the longest match of a sequence's end, the last of equally long matches", () => {
    assert.deepEqual(of(1, 2, 3, 9, 2, 3, 7, 2, 3, 8).lastMatch([0, 1, 2, 3], 6), { position: 3, length: 3 });
    assert.deepEqual(of(2, 3, 7, 2, 3, 8).lastMatch([1, 2, 3], 6), { position: 5, length: 2 });
  });

  it('finds nothing for a single token, in no text, and at the end of a text', () => {
    const nothing = { position: 0, length: 0 };
    assert.deepEqual(of(3, 4, 5).lastMatch([9, 3], 6), nothing);
    assert.deepEqual(of().lastMatch([1, 2], 6), nothing);
    assert.deepEqual(of(1, 2).lastMatch([1, 2], 6), nothing);
    assert.deepEqual(of(1, 2, 3).lastMatch([2], 6), nothing);
  });

  it('finds nothing across the end of a text, and returns tokens up to there', () => {
    const index = new NgramIndex([
      [1, 2, 3],
      [4, 1, 2],
      [3, 1],
    ]);
    assert.deepEqual([...index.matches([2, 3], 6)], []);
    const [match, ...others] = index.matches([9, 1, 2], 6);
    assert.deepEqual(others, []);
    assert.deepEqual(index.following(match?.position ?? 0, 5), [3]);
    assert.deepEqual(index.following((match?.position ?? 0) + 1, 5), []);
  });

  it('compares the latest 512 occurrences only', () => {
    const old = [9, 1, 2, 3];
    const sequence = [9, 1, 2];
    const withLater = (count: number): NgramIndex =>
      new NgramIndex([[...old, ...Array.from({ length: count }, () => [1, 2, 4]).flat()]]);
    assert.deepEqual(withLater(511).lastMatch(sequence, 3), { position: 3, length: 3 });
    assert.equal(withLater(512).lastMatch(sequence, 3).length, 2);
  });

  it('equals comparing every position', () => {
    let state = 1;
    const random = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
    for (let round = 0; round < 50; round++) {
      const tokens = Array.from({ length: 300 }, () => random(4) * 70_000);
      const sequence = Array.from({ length: 1 + random(20) }, () => random(4) * 70_000);
      assert.deepEqual(new NgramIndex([tokens]).lastMatch(sequence, 6), lookEverywhere(tokens, sequence, 6));
    }
  });
});
