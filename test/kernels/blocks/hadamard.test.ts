import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hadamardMatrix } from '../../../kernels/blocks/hadamard.ts';
import { plainHadamard } from '../../reference/plainHadamard.ts';

/** Head sizes, and the largest power of two that divides each. */
const sizes = [
  [1, 1],
  [2, 2],
  [32, 32],
  [64, 64],
  [80, 16],
  [96, 32],
  [128, 128],
  [192, 64],
] as const;

describe('hadamardMatrix', () => {
  for (const [size, order] of sizes) {
    it(`rotates ${size} components by ${order}, as butterflies do, and back again`, () => {
      const matrix = hadamardMatrix(size);
      const vector = Array.from({ length: size }, (_, index) => Math.sin(7 * index + 1));
      const product = (of: readonly number[]): number[] =>
        Array.from({ length: size }, (_, row) =>
          of.reduce((sum, value, column) => sum + value * (matrix[row * size + column] as number), 0),
        );
      const rotated = product(vector);
      const expected = Array.from({ length: size / order }, (_, part) =>
        plainHadamard(vector.slice(part * order, (part + 1) * order)),
      ).flat();
      for (const [index, value] of rotated.entries())
        assert.ok(
          Math.abs(value - (expected[index] as number)) < 1e-5,
          `component ${index} is ${value}, expected ${expected[index]}`,
        );
      for (const [index, value] of product(rotated).entries())
        assert.ok(
          Math.abs(value - (vector[index] as number)) < 1e-5,
          `component ${index} comes back as ${value}, was ${vector[index]}`,
        );
    });
  }
});
