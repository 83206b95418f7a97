import { solvePositiveDefinite } from './cholesky.ts';
import { addGram, GRAM_ROWS } from './gram.ts';

/** Observations that are multiplied at once: enough to be fast, few enough for the processor's cache. */
const PIECE = 128;

/**
 * Fits weights that tell the class of an observation, `W = (XᵀX + λI)⁻¹ XᵀY`. Rows of `X` are observations, and `Y` has
 * a one in the column of an observation's class. All sums are in double precision.
 */
export class RidgeRegression {
  /** The number of inputs with padding. */
  readonly #size: number;
  /** `XᵀX`, in the lower triangle. */
  readonly #gram: Float64Array;
  /** `XᵀY`: the sum of each class's observations. */
  readonly #sums: readonly Float64Array[];
  readonly #piece: Float64Array;

  constructor(
    private readonly inputs: number,
    classes: number,
  ) {
    this.#size = GRAM_ROWS * Math.ceil(inputs / GRAM_ROWS);
    this.#gram = new Float64Array(this.#size ** 2);
    this.#sums = Array.from({ length: classes }, () => new Float64Array(this.#size));
    this.#piece = new Float64Array(this.#size * PIECE);
  }

  /** Adds observations of one class, `[inputs]` each. */
  add(observations: Float32Array, ofClass: number): void {
    const { inputs } = this;
    const sums = this.#sums[ofClass] as Float64Array;
    const all = observations.length / inputs;
    for (let start = 0; start < all; start += PIECE) {
      const count = Math.min(PIECE, all - start);
      const piece = this.#piece.subarray(0, this.#size * count);
      for (let input = 0; input < inputs; input++) {
        for (let index = 0; index < count; index++) {
          const value = observations[(start + index) * inputs + input]!;
          sums[input]! += value;
          piece[input * count + index] = value;
        }
      }
      piece.fill(0, inputs * count);
      addGram(this.#gram, piece, this.#size, count);
    }
  }

  /**
   * Returns the weights of each class, `[inputs]`. A class without observations has weights of zero. `lambda` must be
   * positive. Throws `RangeError` if an observation was infinite or NaN.
   */
  weights(lambda: number): readonly Float64Array[] {
    const matrix = this.#gram.slice();
    for (let index = 0; index < this.#size; index++) matrix[index * this.#size + index]! += lambda;
    const vectors = this.#sums.map((sums) => sums.slice());
    solvePositiveDefinite(matrix, this.#size, vectors);
    return vectors.map((vector) => vector.subarray(0, this.inputs));
  }
}
