import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { mulMat } from '../../../kernels/ggml/ops.ts';
import { repackedBufferType } from '../../../kernels/ggml/repack.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import { uniform } from '../../reference/gradientCheck.ts';

/** The relative error from rounding inputs to eight bits in blocks of 32 or 256. */
const INPUT_ROUNDING = 0.03;

describe('products with matrices in the fastest layout of this processor', () => {
  const cases: readonly (readonly [type: TensorType, columns: readonly number[]])[] = [
    ['Q8_0', [32, 64, 96, 576]],
    ['Q4_0', [32, 64, 96, 576]],
    ['Q4_K', [256, 768]],
    ['Q6_K', [256, 768]],
    ['F16', [32, 64, 576]],
    ['BF16', [32, 64, 576]],
  ];
  for (const [type, widths] of cases) {
    for (const columns of widths) {
      it(`equal plain loops: ${type}, rows of ${columns}`, () => {
        const [rows, tokens] = [96, 33];
        const random = uniform(7);
        const weights = fromFloat32(type, Float32Array.from({ length: columns * rows }, random), columns);
        const exact = toFloat32(type, weights);
        const input = Float32Array.from({ length: columns * tokens }, random);
        using device = new Device('cpu', { threads: 2 });
        using storage = new Storage(device, { maxTensors: 1 });
        const matrix = storage.declare('w', type, [columns, rows]);
        storage.allocate({ bufferType: repackedBufferType(device, type, [columns, rows], 'matrix'), weights: true });
        write(device, matrix, weights);
        using graph = new Graph(device);
        using memory = new DeviceMemory(device);
        const x = graph.input('x', 'F32', [columns, tokens]);
        const product = mulMat(graph, matrix, x);
        graph.expand(product, { read: true });
        graph.allocate(memory);
        write(device, x, input);
        graph.computeSync();
        let [error, size] = [0, 0];
        readF32(device, product).forEach((value, index) => {
          const [token, row] = [Math.floor(index / rows), index % rows];
          let expected = 0;
          for (let column = 0; column < columns; column++)
            expected += (exact[row * columns + column] as number) * (input[token * columns + column] as number);
          error += (value - expected) ** 2;
          size += expected ** 2;
        });
        assert.ok(Math.sqrt(error / size) <= INPUT_ROUNDING, `${Math.sqrt(error / size)} of the products' size`);
      });
    }
  }
});
