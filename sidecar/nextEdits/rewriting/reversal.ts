import { tokensOf } from '../words.ts';

/** A text and the text that replaces it. */
interface Replaced {
  readonly before: string;
  readonly after: string;
}

/**
 * Returns the share of an edit's changed tokens that another change takes back, from 0 to 1. An edit from `size` to
 * `length` is taken back by a change from `length` to `size`, also in another line.
 */
export function reversalRatio(edit: Replaced, change: Replaced): number {
  const [gone, come] = [tokensBeyond(edit.before, edit.after), tokensBeyond(edit.after, edit.before)];
  const [lost, won] = [tokensBeyond(change.before, change.after), tokensBeyond(change.after, change.before)];
  const changed = gone.length + come.length;
  return changed === 0 ? 0 : (commonCount(come, lost) + commonCount(gone, won)) / changed;
}

/** Returns the tokens that `one` has more often than `other`, without white space. */
export function tokensBeyond(one: string, other: string): string[] {
  const left = countsOf(tokensOf(other));
  return tokensOf(one).filter((token) => {
    if (token.trim() === '') return false;
    const count = left.get(token) ?? 0;
    left.set(token, count - 1);
    return count <= 0;
  });
}

/** Returns how many tokens two lists have in common, each as often as both have it. */
export function commonCount(one: readonly string[], other: readonly string[]): number {
  const counts = countsOf(other);
  return [...countsOf(one)].reduce((sum, [token, count]) => sum + Math.min(count, counts.get(token) ?? 0), 0);
}

function countsOf(tokens: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const token of tokens) counts.set(token, (counts.get(token) ?? 0) + 1);
  return counts;
}
