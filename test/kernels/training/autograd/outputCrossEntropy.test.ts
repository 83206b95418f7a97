import assert from 'node:assert/strict';
import process from 'node:process';
import { describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../../kernels/ggml/graphMemory.ts';
import { mulMat, scale } from '../../../../kernels/ggml/ops.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import { crossEntropy } from '../../../../kernels/training/autograd/crossEntropy.ts';
import { outputCrossEntropy, STRETCH_ROWS } from '../../../../kernels/training/autograd/outputCrossEntropy.ts';
import { Tape } from '../../../../kernels/training/autograd/tape.ts';
import { uniform } from '../../../reference/gradientCheck.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const TOLERANCE = kind === 'cpu' ? 1e-5 : 1e-3;
const [width, vocabulary] = [24, 37];
const LOGIT_SCALE = 0.7;

async function lossAndSlopes(rows: number, isByStretch: boolean): Promise<readonly [number, Float32Array]> {
  using device = new Device(kind, { threads: 1 });
  using graph = new Graph(device, { maxNodes: 256 });
  using memory = new DeviceMemory(device);
  const hidden = graph.input('hidden', 'F32', [width, rows]);
  const output = graph.input('output', 'F32', [width, vocabulary]);
  const places = graph.input('places', 'I32', [rows]);
  const weights = graph.input('weights', 'F32', [rows]);
  const tape = new Tape(graph, [hidden]);
  const loss = isByStretch
    ? outputCrossEntropy(tape, { hidden, output, logitScale: LOGIT_SCALE, places, weights })
    : crossEntropy(tape, { logits: scale(graph, mulMat(graph, output, hidden), LOGIT_SCALE), places, weights });
  const whole = scale(graph, loss, 3);
  const slopes = tape.gradients(whole).get(hidden);
  assert.ok(slopes);
  graph.expand(whole, { read: true });
  graph.expand(slopes, { read: true });
  graph.allocate(memory);
  const random = uniform(4);
  for (const input of [hidden, output, weights])
    write(device, input, Float32Array.from({ length: input.elements }, random));
  const stretch = isByStretch ? STRETCH_ROWS : rows;
  write(
    device,
    places,
    Int32Array.from({ length: rows }, (_, row) => (row % stretch) * vocabulary + ((row * 5) % vocabulary)),
  );
  await graph.compute();
  return [readF32(device, whole)[0] as number, readF32(device, slopes)];
}

describe(`the cross-entropy of a frozen output on ${kind}`, () => {
  for (const rows of [7, STRETCH_ROWS, 2 * STRETCH_ROWS + 44]) {
    it(`equals the cross-entropy of all logits at once, with its gradient, for ${rows} rows`, async () => {
      const [expectedLoss, expected] = await lossAndSlopes(rows, false);
      const [loss, slopes] = await lossAndSlopes(rows, true);
      assert.ok(
        Math.abs(loss - expectedLoss) < TOLERANCE * Math.abs(expectedLoss),
        `${loss}, expected ${expectedLoss}`,
      );
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expected.forEach((value, index) =>
        assert.ok(
          Math.abs((slopes[index] as number) - value) < TOLERANCE * largest,
          `slope ${index} is ${slopes[index]}, expected ${value}`,
        ),
      );
    });
  }
});
