import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import { SpectralNorms } from '../../../../sidecar/workshop/outliers/spectralNorm.ts';
import { uniform } from '../../../reference/gradientCheck.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;

/** A matrix `[columns, rows]` with these singular values: a diagonal matrix between random reflections. */
function withSingularValues(values: readonly number[], columns: number, rows: number): Float32Array {
  const matrix = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: columns }, (_, column) => (row === column ? (values[row] ?? 0) : 0)),
  );
  const random = uniform(3);
  const direction = (length: number): number[] => {
    const vector = Array.from({ length }, random);
    const size = Math.hypot(...vector);
    return vector.map((value) => value / size);
  };
  const [left, right] = [direction(rows), direction(columns)];
  const reflected = matrix.map((row) => {
    const along = row.reduce((sum, value, column) => sum + value * (right[column] as number), 0);
    return row.map((value, column) => value - 2 * along * (right[column] as number));
  });
  const along = right.map((_, column) =>
    reflected.reduce((sum, row, index) => sum + (row[column] as number) * (left[index] as number), 0),
  );
  return Float32Array.from(
    reflected.flatMap((row, index) =>
      row.map((value, column) => value - 2 * (left[index] as number) * (along[column] as number)),
    ),
  );
}

describe(`the spectral norm by power iteration on ${kind}`, () => {
  let device: Device;
  let norms: SpectralNorms;
  before(() => {
    device = new Device(kind, { threads: 2 });
    norms = new SpectralNorms(device);
  });
  after(() => {
    norms[Symbol.dispose]();
    device[Symbol.dispose]();
  });

  const cases: readonly (readonly [what: string, values: readonly number[], columns: number, rows: number])[] = [
    ['a wide matrix', [5, 3, 2, 1], 40, 24],
    ['a tall matrix', [0.02, 0.015], 24, 40],
    ['a matrix with similar first values', [7, 6.9, 6.8, 1], 32, 32],
    ['a matrix of rank one', [9], 16, 48],
  ];
  for (const [what, values, columns, rows] of cases) {
    it(`of ${what} is its largest singular value`, async () => {
      const norm = await norms.of(withSingularValues(values, columns, rows), columns);
      assert.ok(Math.abs(norm / (values[0] as number) - 1) < 2e-3, `${norm}, expected ${values[0]}`);
    });
  }

  it('of zeros is zero', async () => {
    assert.equal(await norms.of(new Float32Array(24 * 40), 24), 0);
  });
});
