import type { Change } from '../recording.ts';
import { shuffled } from '../shuffled.ts';

const MAX_GAP_MS = 10_000;
const MIN_CHANGES = 5;

/** A stretch of editing without a long gap, as inclusive indices of changes. */
export interface Burst {
  readonly first: number;
  readonly last: number;
  readonly durationMs: number;
}

function findBursts(changes: readonly Change[]): Burst[] {
  const bursts: Burst[] = [];
  let first = 0;
  for (let index = 1; index <= changes.length; index++) {
    const gap = (changes[index]?.timeMs ?? Infinity) - (changes[index - 1]?.timeMs ?? 0);
    if (gap <= MAX_GAP_MS) continue;
    const durationMs = (changes[index - 1]?.timeMs ?? 0) - (changes[first]?.timeMs ?? 0);
    if (index - first >= MIN_CHANGES) bursts.push({ first, last: index - 1, durationMs });
    first = index;
  }
  return bursts;
}

/**
 * Returns bursts in the order of the recording. They are drawn by a seed until they last `wantedMs` together, or have
 * `limit` changes.
 */
export function chooseBursts(
  changes: readonly Change[],
  { wantedMs, limit, seed }: { wantedMs: number; limit: number; seed: number },
): Burst[] {
  const chosen: Burst[] = [];
  let lasts = 0;
  let count = 0;
  for (const burst of shuffled(findBursts(changes), seed)) {
    if (lasts >= wantedMs || count >= limit) break;
    if (lasts > 0 && lasts + burst.durationMs > wantedMs * 1.25) continue;
    chosen.push(burst);
    lasts += burst.durationMs;
    count += burst.last - burst.first + 1;
  }
  return chosen.sort((one, other) => one.first - other.first);
}
