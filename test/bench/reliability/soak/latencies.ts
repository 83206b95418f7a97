import type { LatencyBuckets } from '../outcomes.ts';

const STEP = 1.1;

/** Times of requests in buckets. Each bucket is a tenth longer than the one before. */
export class Latencies {
  readonly #buckets = new Map<number, number>();

  add(ms: number): void {
    const bucket = Math.max(0, Math.ceil(Math.log(Math.max(1, ms)) / Math.log(STEP)));
    this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + 1);
  }

  get buckets(): LatencyBuckets {
    return Object.fromEntries(
      [...this.#buckets].sort(([first], [second]) => first - second).map(([bucket, count]) => [String(bucket), count]),
    );
  }
}

export function addBuckets(all: readonly LatencyBuckets[]): LatencyBuckets {
  const sum: Record<string, number> = {};
  for (const buckets of all)
    for (const [bucket, count] of Object.entries(buckets)) sum[bucket] = (sum[bucket] ?? 0) + count;
  return sum;
}

export const countOf = (buckets: LatencyBuckets): number =>
  Object.values(buckets).reduce((sum, count) => sum + count, 0);

/** Returns the time in ms that the given share of the requests did not exceed. It is at most a tenth too long. */
export function quantileMs(buckets: LatencyBuckets, share: number): number {
  const wanted = share * countOf(buckets);
  let seen = 0;
  for (const [bucket, count] of Object.entries(buckets).sort(([first], [second]) => Number(first) - Number(second))) {
    seen += count;
    if (seen >= wanted) return STEP ** Number(bucket);
  }
  return 0;
}
