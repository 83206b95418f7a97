import type { TokenId } from '../protocol/engine.ts';

/** Length of the longest beginning that both have. */
export function commonPrefixLength(one: readonly TokenId[], other: readonly TokenId[]): number {
  const most = Math.min(one.length, other.length);
  let length = 0;
  while (length < most && one[length] === other[length]) length++;
  return length;
}
