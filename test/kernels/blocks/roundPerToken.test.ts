import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { roundPerToken } from '../../../kernels/blocks/roundPerToken.ts';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { permute } from '../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import { roundRows } from '../../../sidecar/workshop/outliers/roundRows.ts';
import { uniform } from '../../reference/gradientCheck.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;

describe(`roundPerToken on ${kind}`, () => {
  function rounded(
    values: readonly number[],
    extents: readonly number[],
    bits: number,
    turn: (graph: Graph, x: Tensor) => Tensor = (_, x) => x,
  ): Float32Array {
    using device = new Device(kind, { threads: 1 });
    using graph = new Graph(device);
    using memory = new DeviceMemory(device);
    const x = graph.input('x', 'F32', extents);
    const result = roundPerToken(graph, turn(graph, x), bits);
    graph.expand(result, { read: true });
    graph.allocate(memory);
    write(device, x, Float32Array.from(values));
    graph.computeSync();
    return readF32(device, result);
  }

  const near = (actual: Float32Array, expected: readonly number[]): void => {
    assert.equal(actual.length, expected.length);
    actual.forEach((value, index) =>
      assert.ok(
        Math.abs(value - (expected[index] as number)) <= 1e-6 * Math.max(1, Math.abs(expected[index] as number)),
        `${index}: ${value}, expected ${expected[index]}`,
      ),
    );
  };

  it('rounds to whole steps of the largest magnitude divided by 127, or by 7 in four bits', () => {
    near(rounded([127, 0.4, -3.6, 12.5001, -127, 64], [6], 8), [127, 0, -4, 13, -127, 64]);
    near(rounded([-1, 0.08, 0.06, 0.52, 0.9], [5], 4), [-1, 1 / 7, 0, 4 / 7, 6 / 7]);
  });

  it('gives each row its own scale, and keeps rows of zeros', () => {
    near(rounded([10, 0.05, 0, 0, -0.1, 0.0005], [2, 3], 8), [10, 10 / 127, 0, 0, -0.1, 0.1 / 127]);
  });

  for (const bits of [8, 4]) {
    it(`equals plain loops in ${bits} bits, also for strided tensors`, () => {
      const random = uniform(5);
      const values = Array.from({ length: 64 * 6 }, () => random() ** 5);
      const expected = Float32Array.from(values);
      roundRows(expected, 64, bits);
      near(rounded(values, [64, 6], bits), [...expected]);
      const byHead = Array.from({ length: 6 }, (_, row) => expected.subarray(row * 64, (row + 1) * 64));
      // [64, 3, 2] with its last two dimensions swapped
      near(
        rounded(values, [64, 3, 2], bits, (graph, x) => permute(graph, x, [0, 2, 1, 3])),
        [0, 3, 1, 4, 2, 5].flatMap((row) => [...(byHead[row] as Float32Array)]),
      );
    });
  }
});
