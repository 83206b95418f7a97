import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { solvePositiveDefinite } from '../../../../kernels/training/linearAlgebra/cholesky.ts';
import { addGram } from '../../../../kernels/training/linearAlgebra/gram.ts';
import { RidgeRegression } from '../../../../kernels/training/linearAlgebra/ridgeRegression.ts';
import { uniform } from '../../../reference/gradientCheck.ts';
import { plainRidge } from '../../../reference/plainRidge.ts';

const random = (count: number, seed: number): Float32Array => Float32Array.from({ length: count }, uniform(seed));

describe('RidgeRegression', () => {
  for (const { inputs, counts, lambda } of [
    { inputs: 7, counts: [150, 20, 131], lambda: 0.01 },
    { inputs: 8, counts: [0, 128, 300], lambda: 0.01 },
    { inputs: 19, counts: [3, 2], lambda: 0.01 },
    { inputs: 1, counts: [4], lambda: 5 },
  ])
    it(`equals plain loops for ${counts.join(' + ')} observations of ${inputs} inputs`, () => {
      const fit = new RidgeRegression(inputs, counts.length);
      const rows: number[][] = [];
      const classOf: number[] = [];
      for (const [ofClass, count] of counts.entries()) {
        const observations = random(count * inputs, 1 + ofClass);
        // In two parts, since observations arrive in pieces.
        const half = inputs * Math.floor(count / 3);
        fit.add(observations.subarray(0, half), ofClass);
        fit.add(observations.subarray(half), ofClass);
        for (let row = 0; row < count; row++) {
          rows.push([...observations.subarray(row * inputs, (row + 1) * inputs)]);
          classOf.push(ofClass);
        }
      }
      const expected = plainRidge(rows, classOf, { classes: counts.length, lambda });
      const found = fit.weights(lambda);
      expected.forEach((weights, ofClass) =>
        weights.forEach((weight, input) => close(found[ofClass]?.[input] as number, weight, 1e-9)),
      );
      counts.forEach((count, ofClass) => {
        if (count === 0) assert.ok(found[ofClass]?.every((weight) => weight === 0));
      });
      assert.deepEqual(fit.weights(lambda), found);
    });

  it('refuses NaN and infinite observations', () => {
    for (const value of [NaN, Infinity]) {
      const fit = new RidgeRegression(5, 2);
      fit.add(Float32Array.of(1, 2, value, 4, 5), 1);
      assert.throws(() => fit.weights(0.01), RangeError);
    }
  });
});

describe('addGram', () => {
  it('adds the products of all rows, in the lower triangle', () => {
    const [size, count] = [12, 5];
    const a = Float64Array.from(random(size * count, 9));
    const gram = new Float64Array(size * size).fill(2);
    addGram(gram, a, size, count);
    for (let i = 0; i < size; i++)
      for (let j = 0; j <= i; j++) {
        let sum = 2;
        for (let k = 0; k < count; k++) sum += a[i * count + k]! * a[j * count + k]!;
        close(gram[i * size + j] as number, sum, 1e-14);
      }
  });
});

describe('solvePositiveDefinite', () => {
  it('refuses matrices that are not positive definite', () => {
    for (const values of [[0], [-1], [1, 0, 2, 1], [1, 0, 1, 1]])
      assert.throws(
        () => solvePositiveDefinite(Float64Array.from(values), Math.sqrt(values.length), [new Float64Array(2)]),
        RangeError,
      );
  });
});

function close(actual: number, expected: number, tolerance: number): void {
  assert.ok(
    Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected)),
    `${actual}, expected ${expected}`,
  );
}
