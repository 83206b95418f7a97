import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  adapterFactors,
  normalFactors,
  spectralFactors,
  type FactorValues,
} from '../../../../sidecar/workshop/train/initialFactors.ts';
import { Random } from '../../../../sidecar/workshop/train/random.ts';
import { jacobiSingular } from '../../../reference/jacobiSingular.ts';

const [rows, columns, rank] = [24, 16, 5];
const random = new Random(3);
const values = Float32Array.from({ length: rows * columns }, () => random.normal());
const whole = jacobiSingular(values, rows, columns);

describe('initial factors', () => {
  it('are the best approximation of their matrix, sharing its singular values', () => {
    const factors = spectralFactors({ values, rows, columns }, rank);
    const product = jacobiSingular(productOf(factors, rank), rows, columns).values;
    product.forEach((value, index) => close(value, index < rank ? (whole.values[index] as number) : 0, 1e-5));
    // The remainder has no part in the kept directions.
    const difference = jacobiSingular(
      productOf(factors, rank).map((value, index) => (values[index] as number) - value),
      rows,
      columns,
    ).values;
    difference.forEach((value, index) => close(value, whole.values[index + rank] ?? 0, 1e-5));
    for (let k = 0; k < rank; k++) {
      const down = factors.down.subarray(k * columns, (k + 1) * columns);
      const up = factors.up.filter((_, index) => index % rank === k);
      for (const vector of [down, up]) close(squares(vector), whole.values[k] as number, 1e-4);
    }
  });

  it('have only singular values of 1, in the directions of the largest', () => {
    const product = productOf(spectralFactors({ values, rows, columns }, rank, { ones: true }), rank);
    const { values: found } = jacobiSingular(product, rows, columns);
    found.forEach((value, index) => close(value, index < rank ? 1 : 0, 1e-5));
    for (let k = 0; k < rank; k++) {
      const [left, right] = [whole.left[k] as number[], whole.right[k] as number[]];
      const along = product.reduce(
        (sum, value, index) =>
          sum + value * (left[Math.floor(index / columns)] as number) * (right[index % columns] as number),
        0,
      );
      close(along, 1, 1e-5);
    }
  });

  it('are normal numbers whose product has the deviation of a random matrix', () => {
    const sizes = { rows: 200, columns: 120, rank: 30, spread: 0.02 };
    const factors = normalFactors(sizes, new Random(1));
    const product = productOf(factors, sizes.rank, sizes);
    close(deviation(factors.down), 1 / Math.sqrt(sizes.columns), 0.03 / Math.sqrt(sizes.columns));
    close(deviation(product), sizes.spread, 0.05 * sizes.spread);
    close(
      deviation(factors.down) * deviation(factors.up),
      sizes.spread / Math.sqrt(sizes.rank),
      (0.05 * sizes.spread) / Math.sqrt(sizes.rank),
    );
  });

  it('have a product of zero in an adapter', () => {
    const factors = adapterFactors({ rows, columns, rank }, new Random(1));
    assert.ok(factors.down.every((value) => value !== 0));
    assert.ok(productOf(factors, rank).every((value) => value === 0));
  });
});

function productOf({ down, up }: FactorValues, kept: number, sizes = { rows, columns }): number[] {
  return Array.from({ length: sizes.rows * sizes.columns }, (_, index) => {
    const [row, column] = [Math.floor(index / sizes.columns), index % sizes.columns];
    let sum = 0;
    for (let k = 0; k < kept; k++) sum += (up[row * kept + k] as number) * (down[k * sizes.columns + column] as number);
    return sum;
  });
}

const squares = (all: ArrayLike<number>): number => Array.from(all).reduce((sum, value) => sum + value * value, 0);
const deviation = (all: ArrayLike<number>): number => Math.sqrt(squares(all) / all.length);
const close = (actual: number, expected: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);
