import { gridOf, type ActivationRange } from '../../../../kernels/blocks/roundToGrid.ts';

/** The weight of a new batch in the moving average. */
const NEW_SHARE = 0.02;

/**
 * The ranges of the inputs of each product, by the name of the place. They are moving averages of the smallest and
 * largest value of each batch (arXiv 1712.05877, 3.1).
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

  /** Adds the range of a batch. The first batch sets the range. */
  observe(place: string, { low, high }: ActivationRange): void {
    const before = this.#ranges.get(place);
    this.#ranges.set(
      place,
      before
        ? { low: before.low + NEW_SHARE * (low - before.low), high: before.high + NEW_SHARE * (high - before.high) }
        : { low, high },
    );
  }

  /** Extends a range to include another. Used for calibration, which has only a few batches. */
  include(place: string, { low, high }: ActivationRange): void {
    const before = this.#ranges.get(place);
    this.#ranges.set(
      place,
      before ? { low: Math.min(before.low, low), high: Math.max(before.high, high) } : { low, high },
    );
  }

  /** The steps and zeros of `places`, two values each. Throws for a place without observations. */
  grids(places: readonly string[]): Float32Array {
    return Float32Array.from(
      places.flatMap((place) => {
        const range = this.#ranges.get(place);
        if (!range) throw new Error(`No range was observed at ${place}.`);
        const { step, zero } = gridOf(range);
        return [step, zero];
      }),
    );
  }
}
