import { gridOf, type ActivationRange } from '../../../../kernels/blocks/roundToGrid.ts';

/** Share of a new batch. */
const NEW_SHARE = 0.02;

/**
 * Ranges of what enters each product, by the name of the place: moving averages of each batch's least and largest
 * (arXiv 1712.05877, 3.1).
 */
export class ActivationRanges {
  readonly #ranges: Map<string, ActivationRange>;

  constructor(ranges: Iterable<readonly [place: string, range: ActivationRange]> = []) {
    this.#ranges = new Map(ranges);
  }

  get all(): ReadonlyMap<string, ActivationRange> {
    return this.#ranges;
  }

  get isEmpty(): boolean {
    return this.#ranges.size === 0;
  }

  /** Takes what a batch had. The first one decides alone. */
  observe(place: string, { low, high }: ActivationRange): void {
    const before = this.#ranges.get(place);
    this.#ranges.set(
      place,
      before
        ? { low: before.low + NEW_SHARE * (low - before.low), high: before.high + NEW_SHARE * (high - before.high) }
        : { low, high },
    );
  }

  /** Widens a range to what was seen: for calibration, which has few batches and no next one. */
  include(place: string, { low, high }: ActivationRange): void {
    const before = this.#ranges.get(place);
    this.#ranges.set(
      place,
      before ? { low: Math.min(before.low, low), high: Math.max(before.high, high) } : { low, high },
    );
  }

  /** Steps and zeros of `places`, two values each. Throws for a place that was never observed. */
  grids(places: readonly string[]): Float32Array {
    return Float32Array.from(
      places.flatMap((place) => {
        const range = this.#ranges.get(place);
        if (!range) throw new Error(`Nothing is known of the range at ${place}.`);
        const { step, zero } = gridOf(range);
        return [step, zero];
      }),
    );
  }
}
