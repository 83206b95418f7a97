import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fromFloat32, toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { read, readF32, write } from '../../../../kernels/ggml/transfer.ts';
import { AdamW, NonFiniteGradientError } from '../../../../kernels/training/optimiser/adamW.ts';
import type { AdamWOptions } from '../../../../kernels/training/optimiser/adamWOptions.ts';
import { Parameters, type Parameter } from '../../../../kernels/training/optimiser/parameters.ts';
import { uniform } from '../../../reference/gradientCheck.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const options: AdamWOptions = { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, weightDecay: 0.1, clipNorm: 1 };
const specs = [
  { name: 'matrix', extents: [6, 4], decays: true, isMatrix: true },
  { name: 'gain', extents: [6], decays: false, isMatrix: false },
] as const;

/** AdamW in plain loops and double precision. */
class ReferenceAdamW {
  readonly first: number[][] = specs.map(() => []);
  readonly second: number[][] = specs.map(() => []);

  step(weights: number[][], gradients: readonly Float32Array[], step: number, rate: number): void {
    const norm = Math.sqrt(
      gradients.reduce((sum, gradient) => sum + gradient.reduce((squares, value) => squares + value ** 2, 0), 0),
    );
    const factor = norm > options.clipNorm ? options.clipNorm / norm : 1;
    weights.forEach((weight, index) => {
      const decay = specs[index]?.decays ? options.weightDecay : 0;
      const [m, v] = [this.first[index], this.second[index]] as [number[], number[]];
      weight.forEach((value, place) => {
        const g = factor * (gradients[index]?.[place] as number);
        m[place] = options.beta1 * (m[place] ?? 0) + (1 - options.beta1) * g;
        v[place] = options.beta2 * (v[place] ?? 0) + (1 - options.beta2) * g * g;
        const change =
          m[place] /
          (1 - options.beta1 ** step) /
          (Math.sqrt(v[place] / (1 - options.beta2 ** step)) + options.epsilon);
        weight[place] = value - rate * (change + decay * value);
      });
    });
  }
}

describe(`AdamW on ${kind}`, () => {
  let device: Device;
  // Each test gets its own device: lavapipe is unreliable where buffers are freed while other work runs.
  beforeEach(() => {
    device = new Device(kind, { threads: 1 });
  });
  afterEach(() => device[Symbol.dispose]());

  for (const productType of ['F32', 'BF16'] as const) {
    it(`equals plain loops, with clipping and decay, and keeps forward copies in ${productType}`, async () => {
      using parameters = new Parameters(device, specs, productType);
      using optimiser = new AdamW(parameters, options);
      const random = uniform(3);
      const weights = parameters.all.map(({ master }) => Array.from({ length: master.elements }, random));
      parameters.all.forEach(({ master }, index) =>
        write(device, master, Float32Array.from(weights[index] as number[])),
      );
      const reference = new ReferenceAdamW();
      // Gradients whose norm is above the limit in some steps and below it in others.
      for (const [index, size] of [0.01, 2, 0.1, 5].entries()) {
        const gradients = parameters.all.map(({ master }) =>
          Float32Array.from({ length: master.elements }, () => size * random()),
        );
        parameters.all.forEach(({ gradient }, number) => write(device, gradient, gradients[number] as Float32Array));
        const { gradientNorm } = await optimiser.step(index + 1, 0.01);
        reference.step(weights, gradients, index + 1, 0.01);
        const expectedNorm = Math.sqrt(
          gradients.flatMap((values) => [...values]).reduce((sum, value) => sum + value ** 2, 0),
        );
        assert.ok(Math.abs(gradientNorm - expectedNorm) < 1e-5 * expectedNorm);
        parameters.all.forEach(({ master }, number) =>
          assertClose(readF32(device, master), weights[number] as number[], 2e-6),
        );
      }
      const [matrix] = parameters.all;
      assert.ok(matrix?.transposed);
      const master = readF32(device, matrix.master);
      const forward = values(device, matrix.forward);
      const transposed = values(device, matrix.transposed);
      for (let row = 0; row < 4; row++) {
        for (let column = 0; column < 6; column++) {
          assert.equal(transposed[column * 4 + row], forward[row * 6 + column]);
          assert.ok(
            Math.abs((forward[row * 6 + column] as number) - (master[row * 6 + column] as number)) <=
              (productType === 'F32' ? 0 : 2 ** -8),
          );
        }
      }
    });
  }

  it('keeps matrices of whole blocks in Q8_0, also transposed, and others in BF16', async () => {
    const blocks = { name: 'blocks', extents: [64, 32], decays: true, isMatrix: true };
    using parameters = new Parameters(device, [blocks, ...specs], 'Q8_0');
    using optimiser = new AdamW(parameters, options);
    const random = uniform(5);
    for (const { master } of parameters.all)
      write(device, master, Float32Array.from({ length: master.elements }, random));
    await optimiser.refresh();
    assert.deepEqual(
      parameters.all.map(({ forward, transposed }) => [forward.type, transposed?.type]),
      [
        ['Q8_0', 'Q8_0'],
        ['BF16', 'BF16'],
        ['F32', undefined],
      ],
    );
    const [first] = parameters.all;
    assert.ok(first?.transposed);
    const master = readF32(device, first.master);
    const [forward, transposed] = [first.forward, first.transposed].map((tensor) => {
      const bytes = new Uint8Array(tensor.sizeBytes);
      read(device, tensor, bytes);
      return toFloat32('Q8_0', bytes);
    }) as [Float32Array, Float32Array];
    for (let row = 0; row < 32; row++) {
      for (let column = 0; column < 64; column++) {
        const expected = master[row * 64 + column] as number;
        // Half a step of the block's scale, which is at most 1 / 127, plus the rounding of the scale itself.
        assert.ok(Math.abs((forward[row * 64 + column] as number) - expected) <= 0.0045);
        assert.ok(Math.abs((transposed[column * 32 + row] as number) - expected) <= 0.0045);
      }
    }
  });

  for (const type of ['Q5_0', 'Q4_0'] as const) {
    it(`keeps matrices inside blocks in ${type}, transposes the rounded values, and keeps other matrices in Q8_0`, async () => {
      const hidden = { name: 'hidden', extents: [64, 32], decays: true, isMatrix: true, isHidden: true };
      using parameters = new Parameters(
        device,
        [hidden, { ...hidden, name: 'embedding', isHidden: false }, ...specs],
        type,
      );
      using optimiser = new AdamW(parameters, options);
      const random = uniform(6);
      for (const { master } of parameters.all)
        write(device, master, Float32Array.from({ length: master.elements }, random));
      await optimiser.refresh();
      assert.deepEqual(
        parameters.all.map(({ forward, transposed }) => [forward.type, transposed?.type]),
        [
          [type, 'Q8_0'],
          ['Q8_0', 'Q8_0'],
          ['BF16', 'BF16'],
          ['F32', undefined],
        ],
      );
      const [first] = parameters.all;
      assert.ok(first?.transposed);
      const forward = new Uint8Array(first.forward.sizeBytes);
      read(device, first.forward, forward);
      const written = toFloat32(type, fromFloat32(type, readF32(device, first.master), 64));
      const left = toFloat32(type, forward);
      // Devices may choose either of two levels if a value is halfway between them.
      assert.ok(
        left.filter((value, index) => Math.abs(value - (written[index] as number)) > 1e-3).length <=
          (kind === 'cpu' ? 0 : 8),
      );
      const turned = new Uint8Array(first.transposed.sizeBytes);
      read(device, first.transposed, turned);
      const transposed = toFloat32('Q8_0', turned);
      left.forEach((value, index) =>
        assert.ok(Math.abs((transposed[(index % 64) * 32 + Math.floor(index / 64)] as number) - value) <= 0.0045),
      );
    });
  }

  for (const count of [1, 2]) {
    it(`decays the product of two factors like ½ ‖U Vᵀ‖² in plain loops, ${count} at a time`, async () => {
      const [columns, rank, rows, rate] = [5, 2, 4, 0.01];
      const factors = [
        { name: 'up', extents: [rank, rows], decays: true, isMatrix: true, factor: { matrix: 'w', side: 'up' } },
        ...specs,
        { name: 'down', extents: [columns, rank], decays: true, isMatrix: true, factor: { matrix: 'w', side: 'down' } },
      ] as const;
      const devices = Array.from({ length: count }, (_, index) =>
        index === 0 ? device : new Device(kind, { threads: 1 }),
      );
      using parameters = new Parameters(device, factors, 'F32');
      using optimiser = new AdamW(parameters, { ...options, factorDecay: 'frobenius' }, devices);
      const random = uniform(8);
      for (const { master } of parameters.all)
        write(device, master, Float32Array.from({ length: master.elements }, random));
      const [up, , , down] = parameters.all.map(({ master }) => readF32(device, master)) as [
        Float32Array,
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      const norm = (): number => {
        let sum = 0;
        for (let row = 0; row < rows; row++) {
          for (let column = 0; column < columns; column++) {
            let value = 0;
            for (let k = 0; k < rank; k++)
              value += (up[row * rank + k] as number) * (down[k * columns + column] as number);
            sum += value * value;
          }
        }
        return sum / 2;
      };
      const slopes = (values: Float32Array): number[] =>
        Array.from(values, (value, index) => {
          const at = (distance: number): number => {
            values[index] = value + distance;
            return norm();
          };
          const slope = (at(2 ** -6) - at(-(2 ** -6))) / 2 ** -5;
          values[index] = value;
          return slope;
        });
      const expected = [slopes(up), slopes(down)].map((changes, index) =>
        changes.map((change, place) => ([up, down][index]?.[place] as number) - rate * options.weightDecay * change),
      );
      await optimiser.step(1, rate);
      assertClose(readF32(device, (parameters.all[0] as Parameter).master), expected[0] as number[], 2e-6);
      assertClose(readF32(device, (parameters.all[3] as Parameter).master), expected[1] as number[], 2e-6);
      for (const other of devices.slice(1)) other[Symbol.dispose]();
    });
  }

  it('changes nothing if a gradient is NaN', async () => {
    using parameters = new Parameters(device, specs, 'F32');
    using optimiser = new AdamW(parameters, options);
    const [matrix] = parameters.all;
    assert.ok(matrix);
    write(device, matrix.master, new Float32Array(24).fill(0.5));
    write(
      device,
      matrix.gradient,
      Float32Array.from({ length: 24 }, (_, index) => (index === 5 ? Number.NaN : 1)),
    );
    await assert.rejects(
      optimiser.step(1, 0.01),
      (error: Error) => error instanceof NonFiniteGradientError && /NaN in step 1/.test(error.message),
    );
    assert.deepEqual(readF32(device, matrix.master), new Float32Array(24).fill(0.5));
  });

  it('refreshes forward copies from written masters', async () => {
    using parameters = new Parameters(device, specs, 'BF16');
    using optimiser = new AdamW(parameters, options);
    const [matrix] = parameters.all;
    assert.ok(matrix);
    write(
      device,
      matrix.master,
      Float32Array.from({ length: 24 }, (_, index) => index),
    );
    await optimiser.refresh();
    assert.deepEqual(
      [...values(device, matrix.forward)],
      Array.from({ length: 24 }, (_, index) => index),
    );
  });
});

/** Values of an F32 or BF16 tensor. */
function values(device: Device, tensor: Tensor): Float32Array {
  if (tensor.type === 'F32') return readF32(device, tensor);
  const halves = new Uint16Array(tensor.elements);
  read(device, tensor, halves);
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

function assertClose(actual: Float32Array, expected: readonly number[], tolerance: number): void {
  expected.forEach((value, index) =>
    assert.ok(
      Math.abs((actual[index] as number) - value) <= tolerance,
      `value ${index}: ${actual[index]}, expected ${value}`,
    ),
  );
}
