import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { truncatedSingular, type Singular } from '../../../../kernels/training/linearAlgebra/singularValues.ts';
import { symmetricEigen } from '../../../../kernels/training/linearAlgebra/symmetricEigen.ts';
import { uniform } from '../../../reference/gradientCheck.ts';
import { jacobiSingular } from '../../../reference/jacobiSingular.ts';

const random = (count: number, seed: number): Float64Array => Float64Array.from({ length: count }, uniform(seed));

describe('symmetricEigen', () => {
  for (const size of [1, 2, 3, 17, 40]) {
    it(`finds orthonormal vectors of ${size} rows that the matrix scales by their values`, () => {
      const half = random(size * size, size);
      const matrix = half.map(
        (value, index) => value + (half[(index % size) * size + Math.floor(index / size)] as number),
      );
      const { values, vectors } = symmetricEigen(matrix, size);
      for (let k = 0; k < size; k++) {
        const vector = vectors.subarray(k * size, (k + 1) * size);
        for (let row = 0; row < size; row++) {
          const image = vector.reduce((sum, value, column) => sum + value * (matrix[row * size + column] as number), 0);
          close(image, (values[k] as number) * (vector[row] as number), 1e-12 * size);
        }
        for (let other = 0; other <= k; other++)
          close(dot(vector, vectors.subarray(other * size, (other + 1) * size)), other === k ? 1 : 0, 1e-12 * size);
      }
      assert.deepEqual(
        [...values],
        [...values].sort((a, b) => b - a),
      );
    });
  }

  it('handles equal values, and zeros', () => {
    assert.deepEqual([...symmetricEigen(Float64Array.of(2, 0, 0, 0, 2, 0, 0, 0, 0), 3).values], [2, 2, 0]);
    assert.deepEqual([...symmetricEigen(new Float64Array(16), 4).values], [0, 0, 0, 0]);
    const { values } = symmetricEigen(new Float64Array(25).fill(1), 5);
    [5, 0, 0, 0, 0].forEach((expected, index) => close(values[index] as number, expected, 1e-13));
  });

  it('refuses NaN', () => {
    assert.throws(() => symmetricEigen(Float64Array.of(1, NaN, NaN, 1), 2), RangeError);
  });
});

describe('truncatedSingular', () => {
  for (const { rows, columns, rank } of [
    { rows: 12, columns: 12, rank: 12 },
    { rows: 30, columns: 9, rank: 4 },
    { rows: 9, columns: 30, rank: 4 },
    { rows: 1, columns: 5, rank: 1 },
  ]) {
    it(`equals Jacobi rotations for ${rows} × ${columns}, up to the signs of vectors`, () => {
      const values = random(rows * columns, 3);
      const found = truncatedSingular({ values, rows, columns }, rank);
      const isWide = columns > rows;
      const tall = isWide
        ? Float64Array.from(values, (_, index) => values[(index % rows) * columns + Math.floor(index / rows)] as number)
        : values;
      const expected = jacobiSingular(tall, Math.max(rows, columns), Math.min(rows, columns));
      for (let k = 0; k < rank; k++) {
        close(found.values[k] as number, expected.values[k] as number, 1e-10);
        const [left, right] = [vector(found.left, k, rows), vector(found.right, k, columns)];
        const [near, far] = isWide ? [expected.right[k], expected.left[k]] : [expected.left[k], expected.right[k]];
        const sign = Math.sign(dot(left, near as number[]));
        left.forEach((value, index) => close(sign * value, (near as number[])[index] as number, 1e-8));
        right.forEach((value, index) => close(sign * value, (far as number[])[index] as number, 1e-8));
      }
    });
  }

  it('restores the matrix if all values are kept', () => {
    const values = random(8 * 6, 4);
    assertProduct(truncatedSingular({ values, rows: 8, columns: 6 }, 6), values, 1e-12);
  });

  it('gives zeros beyond the rank of a matrix, and restores it from the rest', () => {
    const [u, v] = [random(20 * 3, 5), random(3 * 7, 6)];
    const values = Float64Array.from({ length: 20 * 7 }, (_, index) =>
      [0, 1, 2].reduce(
        (sum, k) => sum + (u[Math.floor(index / 7) * 3 + k] as number) * (v[k * 7 + (index % 7)] as number),
        0,
      ),
    );
    const found = truncatedSingular({ values, rows: 20, columns: 7 }, 5);
    assert.deepEqual([...found.values.subarray(3)], [0, 0]);
    assertProduct(found, values, 1e-12);
  });

  it('refuses a rank above the smaller side', () => {
    assert.throws(
      () => truncatedSingular({ values: new Float64Array(6), rows: 2, columns: 3 }, 3),
      /Rank 3 of a matrix of 2 × 3, expected 1 to 2/,
    );
  });
});

const vector = (all: Float64Array, k: number, size: number): Float64Array => all.subarray(k * size, (k + 1) * size);
const dot = (a: Float64Array, b: ArrayLike<number>): number =>
  a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);
const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

function assertProduct({ values, left, right }: Singular, expected: Float64Array, tolerance: number): void {
  const [rank, rows, columns] = [values.length, left.length / values.length, right.length / values.length];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let k = 0; k < rank; k++)
        sum += (values[k] as number) * (left[k * rows + row] as number) * (right[k * columns + column] as number);
      close(sum, expected[row * columns + column] as number, tolerance);
    }
  }
}
