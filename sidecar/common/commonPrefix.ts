import type { TokenId } from '../protocol/engine.ts';

/** Returns the length of the longest common prefix. */
export function commonPrefixLength<Item>(one: ArrayLike<Item>, other: ArrayLike<Item>): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one[length] === other[length]) length++;
  return length;
}

/** Returns the length of the longest common suffix behind a common prefix of `start` items. */
export function commonSuffixLength<Item>(before: ArrayLike<Item>, after: ArrayLike<Item>, start: number): number {
  const most = Math.min(before.length, after.length) - start;
  let end = 0;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return end;
}

/**
 * Returns how many tokens of `before` are in neither the common prefix nor the common suffix of `before` and `after`.
 */
export function differingTokens(before: readonly TokenId[], after: readonly TokenId[]): number {
  const start = commonPrefixLength(before, after);
  return before.length - start - commonSuffixLength(before, after, start);
}
