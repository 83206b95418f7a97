import type { TokenId } from '../protocol/engine.ts';

/** Returns the length of the longest common prefix. */
export function commonPrefixLength(one: readonly TokenId[], other: readonly TokenId[]): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one[length] === other[length]) length++;
  return length;
}

/**
 * Returns how many tokens of `before` are in neither the common prefix nor the common suffix of `before` and `after`.
 */
export function differingTokens(before: readonly TokenId[], after: readonly TokenId[]): number {
  const start = commonPrefixLength(before, after);
  const most = Math.min(before.length, after.length) - start;
  let end = 0;
  while (end < most && before[before.length - 1 - end] === after[after.length - 1 - end]) end++;
  return before.length - start - end;
}
