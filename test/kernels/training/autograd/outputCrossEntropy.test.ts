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

  it('has the loss of soft targets, and a gradient that equals central finite differences', async () => {
    const rows = STRETCH_ROWS + 9;
    const targets = 3;
    using device = new Device(kind, { threads: 1 });
    using graph = new Graph(device, { maxNodes: 256 });
    using memory = new DeviceMemory(device);
    const hidden = graph.input('hidden', 'F32', [width, rows]);
    const output = graph.input('output', 'F32', [width, vocabulary]);
    const places = graph.input('places', 'I32', [targets, rows]);
    const weights = graph.input('weights', 'F32', [rows]);
    const soft = { shares: graph.input('shares', 'F32', [targets, rows]), tails: graph.input('tails', 'F32', [rows]) };
    const tape = new Tape(graph, [hidden]);
    const loss = outputCrossEntropy(tape, { hidden, output, logitScale: LOGIT_SCALE, places, weights, soft });
    const slopes = tape.gradients(loss).get(hidden);
    assert.ok(slopes);
    graph.expand(loss, { read: true });
    graph.expand(slopes, { read: true });
    graph.allocate(memory);
    const random = uniform(6);
    const filled = (count: number): Float32Array => Float32Array.from({ length: count }, random);
    const [states, matrix, counts] = [filled(width * rows), filled(width * vocabulary), filled(rows)];
    const token = (row: number, target: number): number => (row * 7 + target * 11) % vocabulary;
    const shareOf = (row: number, target: number): number => (0.1 + ((row + target) % 4) / 10) / 2;
    const tailOf = (row: number): number => 1 - shareOf(row, 0) - shareOf(row, 1) - shareOf(row, 2);
    const perTarget = (value: (row: number, target: number) => number): number[] =>
      Array.from({ length: rows * targets }, (_, index) => value(Math.floor(index / targets), index % targets));
    const lossOf = async (values: Float32Array): Promise<number> => {
      // A computation may overwrite its inputs.
      write(device, output, matrix);
      write(device, weights, counts);
      write(
        device,
        places,
        Int32Array.from(perTarget((row, target) => (row % STRETCH_ROWS) * vocabulary + token(row, target))),
      );
      write(device, soft.shares, Float32Array.from(perTarget(shareOf)));
      write(
        device,
        soft.tails,
        Float32Array.from({ length: rows }, (_, row) => tailOf(row)),
      );
      write(device, hidden, values);
      await graph.compute();
      return readF32(device, loss)[0] as number;
    };
    const actual = await lossOf(states);
    const gradient = readF32(device, slopes);

    let expected = 0;
    for (let row = 0; row < rows; row++) {
      const logits = Array.from({ length: vocabulary }, (_, place) => {
        let sum = 0;
        for (let column = 0; column < width; column++)
          sum += (matrix[place * width + column] as number) * (states[row * width + column] as number);
        return LOGIT_SCALE * sum;
      });
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
      let [own, rest] = [0, 1];
      for (let target = 0; target < targets; target++) {
        const probability = Math.exp(logits[token(row, target)] as number) / total;
        own -= shareOf(row, target) * Math.log(probability);
        rest -= probability;
      }
      expected += (counts[row] as number) * (own - tailOf(row) * Math.log(rest));
    }
    assert.ok(Math.abs(actual - expected) < TOLERANCE * rows, `the loss is ${actual}, expected ${expected}`);

    const length = Math.sqrt(gradient.reduce((sum, value) => sum + value ** 2, 0));
    const step = 0.02;
    const at = (distance: number): Promise<number> =>
      lossOf(states.map((value, index) => value + (distance * (gradient[index] as number)) / length));
    const difference = ((await at(step)) - (await at(-step))) / (2 * step);
    assert.ok(Math.abs(difference - length) < 100 * TOLERANCE * length, `${length}, the difference is ${difference}`);
  });
});
