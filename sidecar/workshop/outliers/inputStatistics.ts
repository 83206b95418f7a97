import { roundRows } from './roundRows.ts';

/** Figures of the inputs of a linear layer, and of the error from rounding them. */
export interface InputFigures {
  /**
   * Excess kurtosis over all values, `E[(x − μ)⁴] ⁄ σ⁴ − 3`. It is 0 for a normal distribution, and large with a few
   * outliers.
   */
  readonly kurtosis: number;
  readonly rms: number;
  /** The largest magnitude divided by the root mean square. */
  readonly largest: number;
  /** The root mean square error of symmetric absmax rounding to 8 bits per token. */
  readonly roundingError: number;
  /** The same error divided by the root mean square of the values. */
  readonly relativeError: number;
}

const BITS = 8;

/** Sums over tokens, in double precision. */
export class InputStatistics {
  #count = 0;
  readonly #powers = [0, 0, 0, 0] as [number, number, number, number];
  #squaredError = 0;
  #largest = 0;

  /** Adds the activations of tokens, `[columns, tokens]`. */
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
