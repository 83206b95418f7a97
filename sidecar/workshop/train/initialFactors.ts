import { truncatedSingular, type Matrix } from '../../../kernels/training/linearAlgebra/singularValues.ts';
import type { Random } from './random.ts';

/**
 * The values of a matrix's factors. `down` is `Vᵀ`: `rank` rows of all columns. `up` is `U`: all rows of `rank` values.
 */
export interface FactorValues {
  readonly down: Float32Array;
  readonly up: Float32Array;
}

/**
 * The best approximation of a matrix with this rank. Both factors share its singular values: `U √Σ` and `√Σ Vᵀ`
 * (spectral initialisation, arXiv 2105.01029). With `ones` each singular value is 1 instead (arXiv 2209.13569).
 */
export function spectralFactors(matrix: Matrix, rank: number, { ones = false } = {}): FactorValues {
  const { values, left, right } = truncatedSingular(matrix, rank);
  const { rows, columns } = matrix;
  const share = Float64Array.from(values, (value) => (ones ? 1 : Math.sqrt(value)));
  return {
    down: Float32Array.from(right, (value, index) => value * (share[Math.floor(index / columns)] as number)),
    up: Float32Array.from({ length: rows * rank }, (_, index) => {
      const [row, k] = [Math.floor(index / rank), index % rank];
      return (left[k * rows + row] as number) * (share[k] as number);
    }),
  };
}

/**
 * Normally distributed factors (He et al., arXiv 1502.01852, for a linear layer). `Vᵀ` keeps the size of its input, and
 * `U` gives the product's values the deviation `spread`.
 *
 * So the product of both deviations is `spread ⁄ √rank`. Two factors with the usual 0.02 would have a product near
 * zero.
 */
export function normalFactors(
  {
    rows,
    columns,
    rank,
    spread,
  }: { readonly rows: number; readonly columns: number; readonly rank: number; readonly spread: number },
  random: Random,
): FactorValues {
  const normal = (count: number, deviation: number): Float32Array =>
    Float32Array.from({ length: count }, () => deviation * random.normal());
  return {
    down: normal(columns * rank, 1 / Math.sqrt(columns)),
    up: normal(rows * rank, spread * Math.sqrt(columns / rank)),
  };
}

/**
 * Factors of an adapter without effect at first (arXiv 2106.09685): `U` is zero, and `Vᵀ` keeps the size of its input.
 */
export function adapterFactors(
  sizes: { readonly rows: number; readonly columns: number; readonly rank: number },
  random: Random,
): FactorValues {
  return normalFactors({ ...sizes, spread: 0 }, random);
}
