import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import { AdamW } from '../../../../kernels/training/optimiser/adamW.ts';
import type { AdamWOptions } from '../../../../kernels/training/optimiser/adamWOptions.ts';
import { Parameters } from '../../../../kernels/training/optimiser/parameters.ts';
import { uniform } from '../../../reference/gradientCheck.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const options: AdamWOptions = {
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0.1,
  clipNorm: 1,
  muonMomentum: 0.9,
};
const RATE = 0.01;
/** Vulkan devices that report float16 multiply matrices in it. */
const TOLERANCE = kind === 'cpu' ? 1e-5 : 1e-3;

type Matrix = readonly (readonly number[])[];
const product = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) =>
    (b[0] ?? []).map((_, column) => row.reduce((sum, value, index) => sum + value * (b[index]?.[column] as number), 0)),
  );
const transposed = (a: Matrix): number[][] => (a[0] ?? []).map((_, column) => a.map((row) => row[column] as number));
const combined = (a: Matrix, factor: number, b: Matrix, other: number): number[][] =>
  a.map((row, y) => row.map((value, x) => factor * value + other * (b[y]?.[x] as number)));
const asMatrix = (values: ArrayLike<number>, columns: number): number[][] =>
  Array.from({ length: values.length / columns }, (_, row) =>
    Array.from({ length: columns }, (_column, column) => values[row * columns + column] as number),
  );

/** Newton–Schulz in plain loops and double precision. */
function orthogonal(matrix: Matrix): Matrix {
  if (matrix.length > (matrix[0]?.length ?? 0)) return transposed(orthogonal(transposed(matrix)));
  const norm = Math.hypot(...matrix.flat());
  let x: Matrix = matrix.map((row) => row.map((value) => value / (norm + 1e-7)));
  for (let iteration = 0; iteration < 5; iteration++) {
    const square = product(x, transposed(x));
    x = combined(x, 3.4445, product(combined(square, -4.775, product(square, square), 2.0315), x), 1);
  }
  return x;
}

describe(`Muon on ${kind}`, () => {
  let device: Device;
  // Each test gets its own device: lavapipe is unreliable where buffers are freed while other work runs.
  beforeEach(() => {
    device = new Device(kind, { threads: 1 });
  });
  afterEach(() => device[Symbol.dispose]());

  const shapes: readonly (readonly [what: string, extents: readonly [number, number, number?]])[] = [
    ['a square matrix', [12, 12]],
    ['a wide one', [16, 8]],
    ['a tall one', [8, 20]],
    ['each of a stack of experts', [8, 12, 3]],
  ];
  for (const [what, extents] of shapes) {
    it(`equals plain loops with ${what}: momentum, orthogonal direction, decay`, async () => {
      const specs = [
        {
          name: 'matrix',
          extents: extents.filter((extent) => extent !== undefined),
          decays: true,
          isMatrix: true,
          isHidden: true,
        },
      ];
      using parameters = new Parameters(device, specs, 'F32');
      using optimiser = new AdamW(parameters, options);
      const [{ master, gradient, second, transposed: copy }] = parameters.all as [Parameters['all'][number]];
      const random = uniform(3);
      const [columns, rows, count = 1] = extents;
      const size = columns * rows;
      const initial = Float32Array.from({ length: master.elements }, random);
      write(device, master, initial);
      let weights = Array.from({ length: count }, (_, index): Matrix =>
        asMatrix(initial.subarray(index * size, (index + 1) * size), columns),
      );
      let velocities = weights.map((matrix): Matrix => matrix.map((row) => row.map(() => 0)));
      for (const [step, spread] of [0.01, 2, 0.1].entries()) {
        const values = Float32Array.from({ length: master.elements }, () => spread * random());
        write(device, gradient, values);
        const { gradientNorm } = await optimiser.step(step + 1, RATE);
        const factor = Math.min(1, options.clipNorm / gradientNorm);
        const gradients = weights.map((_, index): Matrix =>
          asMatrix(
            values.subarray(index * size, (index + 1) * size).map((value) => factor * value),
            columns,
          ),
        );
        velocities = velocities.map((velocity, index) => combined(velocity, 0.9, gradients[index] as Matrix, 1));
        weights = weights.map((matrix, index) => {
          const direction = orthogonal(combined(gradients[index] as Matrix, 1, velocities[index] as Matrix, 0.9));
          return combined(
            matrix,
            1 - RATE * options.weightDecay,
            direction,
            -RATE * 0.2 * Math.sqrt(Math.max(columns, rows)),
          );
        });
        const expected = weights.flat(2);
        readF32(device, master).forEach((value, index) =>
          assert.ok(
            Math.abs(value - (expected[index] as number)) < TOLERANCE,
            `${index} in step ${step}: ${value}, expected ${expected[index]}`,
          ),
        );
      }
      assert.ok(readF32(device, second).every((value) => value === 0));
      assert.deepEqual(
        asMatrix(readF32(device, copy as typeof master).subarray(0, size), rows),
        transposed(asMatrix(readF32(device, master).subarray(0, size), columns)),
      );
    });
  }

  it('brings all singular values of a direction close to one', () => {
    const random = uniform(9);
    const direction = orthogonal(Array.from({ length: 8 }, () => Array.from({ length: 16 }, random)));
    const square = product(direction, transposed(direction));
    square.forEach((row, index) => assert.ok((row[index] as number) > 0.3 && (row[index] as number) < 1.6));
  });

  it('leaves parameters that are not hidden to AdamW', async () => {
    const specs = [
      { name: 'hidden', extents: [8, 8], decays: true, isMatrix: true, isHidden: true },
      { name: 'embedding', extents: [8, 8], decays: true, isMatrix: true, isHidden: false },
      { name: 'gain', extents: [8], decays: false, isMatrix: false },
    ];
    const step = async (given: AdamWOptions): Promise<Float32Array[]> => {
      using parameters = new Parameters(device, specs, 'F32');
      using optimiser = new AdamW(parameters, given);
      const random = uniform(4);
      for (const { master, gradient } of parameters.all)
        for (const tensor of [master, gradient])
          write(device, tensor, Float32Array.from({ length: tensor.elements }, random));
      await optimiser.step(1, RATE);
      return parameters.all.map(({ master }) => readF32(device, master));
    };
    const [muon, adamW] = [await step(options), await step({ ...options, muonMomentum: undefined })];
    assert.deepEqual(muon.slice(1), adamW.slice(1));
    assert.notDeepEqual(muon[0], adamW[0]);
  });
});
