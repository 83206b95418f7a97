/**
 * Solves `M x = b` for a symmetric positive definite matrix by Cholesky's factors, `M = L Lᵀ`.
 *
 * `matrix[size · size]` needs only its lower triangle, which becomes `L`. Each of `vectors`, `[size]`, is a `b` and
 * becomes its `x`. Throws `RangeError` if the matrix is not positive definite, or not finite.
 */
export function solvePositiveDefinite(matrix: Float64Array, size: number, vectors: readonly Float64Array[]): void {
  factorise(matrix, size);
  for (const vector of vectors) {
    // L y = b
    for (let i = 0; i < size; i++) {
      let sum = vector[i]!;
      for (let k = 0; k < i; k++) sum -= matrix[i * size + k]! * vector[k]!;
      vector[i] = sum / matrix[i * size + i]!;
    }
    // Lᵀ x = y, by rows of L, so that memory is read in order.
    for (let i = size - 1; i >= 0; i--) {
      const value = (vector[i]! /= matrix[i * size + i]!);
      for (let k = 0; k < i; k++) vector[k]! -= matrix[i * size + k]! * value;
    }
  }
}

function factorise(matrix: Float64Array, size: number): void {
  for (let i = 0; i < size; i++) {
    const row = i * size;
    for (let j = 0; j <= i; j++) {
      const other = j * size;
      let sum = matrix[row + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[row + k]! * matrix[other + k]!;
      if (j < i) matrix[row + j] = sum / matrix[other + j]!;
      else if (sum > 0 && Number.isFinite(sum)) matrix[row + j] = Math.sqrt(sum);
      else throw new RangeError(`The matrix is not positive definite: pivot ${i} is ${sum}.`);
    }
  }
}
