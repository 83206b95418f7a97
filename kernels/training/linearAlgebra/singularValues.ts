import { addGram, GRAM_ROWS } from './gram.ts';
import { symmetricEigen } from './symmetricEigen.ts';

/** A matrix of `rows` rows of `columns` values. */
export interface Matrix {
  readonly values: Float32Array | Float64Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * The first `rank` singular values, the largest first, and their vectors. Vector k is `left` from k · rows on, and
 * `right` from k · columns on.
 */
export interface Singular {
  readonly values: Float64Array;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/** Values of the longer side that are multiplied at once. */
const PIECE = 128;
/** Below this share of the largest singular value, a vector is only rounding noise. */
const NEGLIGIBLE = 1e-7;

/**
 * The best approximation of a matrix of rank `rank` (Eckart and Young, 1936): `Σ value · left · rightᵀ`.
 *
 * Computed in double precision from the eigenvectors of the smaller of the two Gram matrices. Singular values below
 * 10⁻⁷ of the largest are returned as zero, with left or right vectors of zero. Throws `RangeError` if the matrix is
 * smaller than `rank`.
 */
export function truncatedSingular({ values, rows, columns }: Matrix, rank: number): Singular {
  const size = Math.min(rows, columns);
  if (!Number.isInteger(rank) || rank < 1 || !(rank <= size))
    throw new RangeError(`Rank ${rank} of a matrix of ${rows} × ${columns}, expected 1 to ${size}.`);
  const isWide = columns > rows;
  const near = symmetricEigen(gramOf({ values, rows, columns }), size).vectors.slice(0, rank * size);
  const farSize = isWide ? columns : rows;
  const far = new Float64Array(rank * farSize);
  const found = new Float64Array(rank);
  for (let k = 0; k < rank; k++) {
    const image = far.subarray(k * farSize, (k + 1) * farSize);
    multiply(values, { rows, columns, isTransposed: isWide }, near.subarray(k * size, (k + 1) * size), image);
    const length = Math.sqrt(image.reduce((sum, value) => sum + value * value, 0));
    const isNegligible = length <= NEGLIGIBLE * (found[0] as number);
    found[k] = isNegligible ? 0 : length;
    for (let index = 0; index < farSize; index++) image[index] = isNegligible ? 0 : image[index]! / length;
  }
  return isWide ? { values: found, left: near, right: far } : { values: found, left: far, right: near };
}

/** `A Aᵀ` of a wide matrix, `Aᵀ A` of another one. */
function gramOf({ values, rows, columns }: Matrix): Float64Array {
  const [size, far] = columns > rows ? [rows, columns] : [columns, rows];
  const [step, farStep] = columns > rows ? [columns, 1] : [1, columns];
  const padded = GRAM_ROWS * Math.ceil(size / GRAM_ROWS);
  const sums = new Float64Array(padded * padded);
  for (let start = 0; start < far; start += PIECE) {
    const count = Math.min(PIECE, far - start);
    const piece = new Float64Array(padded * count);
    for (let row = 0; row < size; row++)
      for (let k = 0; k < count; k++) piece[row * count + k] = values[row * step + (start + k) * farStep]!;
    addGram(sums, piece, padded, count);
  }
  const gram = new Float64Array(size * size);
  for (let i = 0; i < size; i++)
    for (let j = 0; j <= i; j++) gram[i * size + j] = gram[j * size + i] = sums[i * padded + j]!;
  return gram;
}

/** `A x`, or `Aᵀ x`, into `result`. */
function multiply(
  a: Matrix['values'],
  { rows, columns, isTransposed }: { rows: number; columns: number; isTransposed: boolean },
  x: Float64Array,
  result: Float64Array,
): void {
  for (let row = 0; row < rows; row++) {
    const start = row * columns;
    if (isTransposed) for (let column = 0; column < columns; column++) result[column]! += a[start + column]! * x[row]!;
    else {
      let sum = 0;
      for (let column = 0; column < columns; column++) sum += a[start + column]! * x[column]!;
      result[row] = sum;
    }
  }
}
