import assert from 'node:assert/strict';
import { it } from 'node:test';
import { differingTokens } from '../../../sidecar/common/commonPrefix.ts';

it('differingTokens counts the tokens between the common prefix and the common suffix', () => {
  const cases: readonly (readonly [before: readonly number[], after: readonly number[], expected: number])[] = [
    [[], [1, 2], 0],
    [[1, 2], [1, 2, 3], 0],
    [[1, 2, 9], [1, 2, 3, 9], 0],
    [[1, 2, 3, 9], [1, 2, 9], 1],
    [[1, 2, 3], [4, 5], 3],
    // The same token does not count for both the prefix and the suffix.
    [[1, 1, 1], [1], 2],
    [[1], [1, 1, 1], 0],
  ];
  for (const [before, after, expected] of cases)
    assert.equal(differingTokens(before, after), expected, JSON.stringify([before, after]));
});
