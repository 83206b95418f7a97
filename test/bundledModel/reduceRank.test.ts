import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { difference, reducedFactors } from '../../.scripts/bundledModel/reduceRank.ts';
import { fromFloat32 } from '../../kernels/ggml/dequantise.ts';
import { truncatedSingular } from '../../kernels/training/linearAlgebra/singularValues.ts';
import { normalDeviates } from '../../sidecar/models/decoding/random.ts';

const [WIDTH, HEIGHT, RANK, SCALE] = [12, 9, 4, 1.5];

describe('An adapter of a smaller rank', () => {
  const deviate = normalDeviates(1);
  const random = (count: number): Float32Array => Float32Array.from({ length: count }, () => deviate());
  const [down, up] = [random(WIDTH * RANK), random(RANK * HEIGHT)];
  const factors = {
    down: { type: 'F32', shape: [WIDTH, RANK], bytes: fromFloat32('F32', down, WIDTH) },
    up: { type: 'F32', shape: [RANK, HEIGHT], bytes: fromFloat32('F32', up, RANK) },
    rank: RANK,
    scale: SCALE,
  } as const;

  /** `B A` as rows of `WIDTH` values. */
  const product = (a: Float32Array, b: Float32Array, rank: number): Float64Array =>
    Float64Array.from({ length: HEIGHT * WIDTH }, (_, index) => {
      const [row, column] = [Math.floor(index / WIDTH), index % WIDTH];
      let sum = 0;
      for (let inner = 0; inner < rank; inner++) sum += b[row * rank + inner]! * a[inner * WIDTH + column]!;
      return sum;
    });
  const assertNear = (actual: Float64Array, expected: Float64Array): void =>
    actual.forEach((value, index) => assert.ok(Math.abs(value - expected[index]!) < 1e-4, `${index}: ${value}`));
  const whole = product(down, up, RANK).map((value) => value * SCALE);

  it('is the same with the same rank', () => {
    const same = reducedFactors(factors, RANK);
    assertNear(product(same.down, same.up, RANK), whole);
  });

  it('is the best approximation with a smaller rank', () => {
    const reduced = reducedFactors(factors, 2);
    const { values, left, right } = truncatedSingular({ values: whole, rows: HEIGHT, columns: WIDTH }, 2);
    const best = whole.map((_, index) => {
      const [row, column] = [Math.floor(index / WIDTH), index % WIDTH];
      return [0, 1].reduce((sum, k) => sum + values[k]! * left[k * HEIGHT + row]! * right[k * WIDTH + column]!, 0);
    });
    assertNear(product(reduced.down, reduced.up, 2), best);
  });

  it('changes matrices by the difference of two adapters', () => {
    const [otherDown, otherUp] = [random(WIDTH * 2), random(2 * HEIGHT)];
    const other = {
      down: { type: 'F32', shape: [WIDTH, 2], bytes: fromFloat32('F32', otherDown, WIDTH) },
      up: { type: 'F32', shape: [2, HEIGHT], bytes: fromFloat32('F32', otherUp, 2) },
      rank: 2,
      scale: 0.5,
    } as const;
    const expected = product(otherDown, otherUp, 2).map((value, index) => whole[index]! - 0.5 * value);
    const reduced = reducedFactors(difference(factors, other), RANK + 2);
    assertNear(product(reduced.down, reduced.up, RANK + 2), expected);
    const nothing = reducedFactors(difference(factors, factors), RANK);
    assertNear(product(nothing.down, nothing.up, RANK), new Float64Array(whole.length));
  });
});
