import { roundRows } from './roundRows.ts';

/** What the values that enter a linear layer look like, and what rounding them costs. */
export interface InputFigures {
  /**
   * Excess kurtosis over all values, `E[(x − μ)⁴] ⁄ σ⁴ − 3`: 0 of a normal distribution, large where few values are far
   * out.
   */
  readonly kurtosis: number;
  readonly rms: number;
  /** The largest magnitude by the root mean square. */
  readonly largest: number;
  /** Root mean square of what symmetric absmax rounding of each token to 8 bits changes. */
  readonly roundingError: number;
  /** The same by the root mean square of the values. */
  readonly relativeError: number;
}

const BITS = 8;

/** Sums over tokens, in double precision. */
export class InputStatistics {
  #count = 0;
  readonly #powers = [0, 0, 0, 0] as [number, number, number, number];
  #squaredError = 0;
  #largest = 0;

  /** Adds tokens' activations, `[columns, tokens]`. */
  add(values: Float32Array, columns: number): void {
    const rounded = values.slice();
    roundRows(rounded, columns, BITS);
    const powers = this.#powers;
    for (let index = 0; index < values.length; index++) {
      const value = values[index] as number;
      const square = value * value;
      powers[0] += value;
      powers[1] += square;
      powers[2] += square * value;
      powers[3] += square * square;
      this.#squaredError += (value - (rounded[index] as number)) ** 2;
      this.#largest = Math.max(this.#largest, Math.abs(value));
    }
    this.#count += values.length;
  }

  get figures(): InputFigures {
    const [mean, second, third, fourth] = this.#powers.map((sum) => sum / this.#count) as [
      number,
      number,
      number,
      number,
    ];
    const variance = second - mean ** 2;
    const fourthCentral = fourth - 4 * mean * third + 6 * mean ** 2 * second - 3 * mean ** 4;
    const rms = Math.sqrt(second);
    const roundingError = Math.sqrt(this.#squaredError / this.#count);
    return {
      kurtosis: fourthCentral / variance ** 2 - 3,
      rms,
      largest: this.#largest / rms,
      roundingError,
      relativeError: roundingError / rms,
    };
  }
}
