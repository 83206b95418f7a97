import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { convolution1d, convolutionRows } from '../../../kernels/blocks/convolution1d.ts';
import { attendProducts } from '../../../kernels/blocks/attendProducts.ts';
import { causalConvolution, convolution2d } from '../../../kernels/blocks/convolution2d.ts';
import { crossAttention, encodeCrossCache, encoderAttention } from '../../../kernels/blocks/crossAttention.ts';
import { fromFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import { uniformNumbers } from '../../../sidecar/models/decoding/random.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const WIDTH = 32;
const HEADS = 2;
const HEAD_SIZE = WIDTH / HEADS;

type Inputs = Readonly<
  Record<string, { readonly extents: readonly number[]; readonly values: Float32Array; readonly type?: TensorType }>
>;

function uniform(count: number, seed: number): Float32Array {
  const next = uniformNumbers(seed);
  return Float32Array.from({ length: count }, () => 2 * next() - 1);
}

/** The result of a graph with these inputs. */
function compute(inputs: Inputs, build: (graph: Graph, tensors: Record<string, Tensor>) => Tensor): Float32Array {
  using device = new Device(kind, { threads: 1 });
  using graph = new Graph(device);
  using memory = new DeviceMemory(device);
  const tensors = Object.fromEntries(
    Object.entries(inputs).map(([name, { extents, type }]) => [name, graph.input(name, type ?? 'F32', extents)]),
  );
  const result = build(graph, tensors);
  graph.expand(result, { read: true });
  graph.allocate(memory);
  for (const [name, { extents, values, type }] of Object.entries(inputs))
    write(device, tensors[name] as Tensor, type ? fromFloat32(type, values, extents[0] as number) : values);
  graph.computeSync();
  return readF32(device, result);
}

function assertNear(actual: Float32Array, expected: Float64Array, tolerance: number): void {
  assert.equal(actual.length, expected.length);
  const largest = Math.max(...expected.map(Math.abs));
  actual.forEach((value, index) =>
    assert.ok(
      Math.abs(value - (expected[index] as number)) <= tolerance * largest,
      `${index}: ${value}, expected ${expected[index]}`,
    ),
  );
}

describe(`a convolution over time on ${kind}`, () => {
  /** The convolution in loops over outputs, times, taps and channels. */
  function plain(
    x: Float32Array,
    weights: Float32Array,
    bias: Float32Array,
    shape: { channels: number; time: number; taps: number; stride: number; padding: number },
  ): Float64Array {
    const { channels, time, taps, stride, padding } = shape;
    const outputs = bias.length;
    const columns = Math.floor((time + 2 * padding - taps) / stride) + 1;
    return Float64Array.from({ length: outputs * columns }, (_, index) => {
      const output = index % outputs;
      const column = Math.floor(index / outputs);
      let sum = bias[output] as number;
      for (let tap = 0; tap < taps; tap++) {
        const at = column * stride + tap - padding;
        if (at < 0 || at >= time) continue;
        for (let channel = 0; channel < channels; channel++)
          sum +=
            (weights[(output * channels + channel) * taps + tap] as number) * (x[at * channels + channel] as number);
      }
      return sum;
    });
  }

  const cases = [
    { channels: 5, time: 9, taps: 3, stride: 1, padding: 1, outputs: 4, rowLength: 15 },
    { channels: 6, time: 10, taps: 3, stride: 2, padding: 1, outputs: 7, rowLength: 18 },
    { channels: 6, time: 11, taps: 3, stride: 2, padding: 1, outputs: 3, rowLength: 32, type: 'Q8_0', tolerance: 0.02 },
    { channels: 32, time: 8, taps: 2, stride: 1, padding: 0, outputs: 5, rowLength: 64, type: 'F16', tolerance: 0.002 },
  ] as const;
  for (const shape of cases) {
    const { channels, time, taps, outputs, rowLength } = shape;
    const type = 'type' in shape ? shape.type : undefined;
    it(`equals plain loops for ${taps} taps at stride ${shape.stride}, ${type ?? 'F32'}`, () => {
      const x = uniform(channels * time, 1);
      const weights = uniform(outputs * channels * taps, 2);
      const bias = uniform(outputs, 3);
      const inputs: Inputs = {
        x: { extents: [channels, time], values: x },
        weight: {
          extents: [rowLength, outputs],
          values: convolutionRows(weights, { taps, channels, rowLength }),
          type,
        },
        bias: { extents: [outputs], values: bias },
      };
      const actual = compute(inputs, (graph, tensors) =>
        convolution1d(
          graph,
          tensors['x'] as Tensor,
          { weight: tensors['weight'] as Tensor, bias: tensors['bias'] as Tensor },
          shape,
        ),
      );
      assertNear(actual, plain(x, weights, bias, shape), 'tolerance' in shape ? shape.tolerance : 1e-5);
    });
  }
});

describe(`attention without a mask on ${kind}`, () => {
  const names = ['query', 'key', 'value', 'output'] as const;
  const matrices = Object.fromEntries(names.map((name, index) => [name, uniform(WIDTH * WIDTH, 10 + index)])) as Record<
    (typeof names)[number],
    Float32Array
  >;
  const matrixInputs: Inputs = Object.fromEntries(
    names.map((name) => [name, { extents: [WIDTH, WIDTH], values: matrices[name] }]),
  );
  const weightsOf = (tensors: Record<string, Tensor>) =>
    Object.fromEntries(names.map((name) => [name, { weight: tensors[name] as Tensor }])) as Record<
      (typeof names)[number],
      { weight: Tensor }
    >;
  const options = { headSize: HEAD_SIZE, heads: HEADS, scale: 1 / Math.sqrt(HEAD_SIZE) };

  const project = (x: ArrayLike<number>, matrix: Float32Array): Float64Array =>
    Float64Array.from({ length: x.length }, (_, index) => {
      const row = index % WIDTH;
      const token = Math.floor(index / WIDTH);
      let sum = 0;
      for (let column = 0; column < WIDTH; column++)
        sum += (matrix[row * WIDTH + column] as number) * (x[token * WIDTH + column] as number);
      return sum;
    });

  /** The attention of each token of `x` to all of `memory`. */
  function plain(x: Float32Array, memory: Float32Array): Float64Array {
    const [query, key, value] = [
      project(x, matrices.query),
      project(memory, matrices.key),
      project(memory, matrices.value),
    ];
    const rows = memory.length / WIDTH;
    const attended = new Float64Array(x.length);
    for (let token = 0; token < x.length / WIDTH; token++) {
      for (let head = 0; head < HEADS; head++) {
        const at = (tensor: Float64Array, row: number, index: number): number =>
          tensor[row * WIDTH + head * HEAD_SIZE + index] as number;
        const scores = Array.from({ length: rows }, (_, row) => {
          let dot = 0;
          for (let index = 0; index < HEAD_SIZE; index++) dot += at(query, token, index) * at(key, row, index);
          return Math.exp(dot * options.scale);
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        for (let index = 0; index < HEAD_SIZE; index++)
          attended[token * WIDTH + head * HEAD_SIZE + index] = scores.reduce(
            (sum, score, row) => sum + (score / total) * at(value, row, index),
            0,
          );
      }
    }
    return project(attended, matrices.output);
  }

  it('equals plain loops within a sequence', () => {
    const x = uniform(WIDTH * 7, 20);
    const actual = compute({ ...matrixInputs, x: { extents: [WIDTH, 7], values: x } }, (graph, tensors) =>
      encoderAttention(graph, tensors['x'] as Tensor, weightsOf(tensors), options),
    );
    assertNear(actual, plain(x, x), 2e-3);
  });

  it('reads the filled rows of the encoder cache', () => {
    const x = uniform(WIDTH * 3, 21);
    const memory = uniform(WIDTH * 5, 22);
    const inputs: Inputs = {
      ...matrixInputs,
      x: { extents: [WIDTH, 3], values: x },
      memory: { extents: [WIDTH, 5], values: memory },
      keys: { extents: [WIDTH, 5], values: new Float32Array(WIDTH * 5) },
      values: { extents: [WIDTH, 5], values: new Float32Array(WIDTH * 5) },
    };
    const actual = compute(inputs, (graph, tensors) => {
      const weights = weightsOf(tensors);
      const cache = { key: tensors['keys'] as Tensor, value: tensors['values'] as Tensor };
      encodeCrossCache(graph, tensors['memory'] as Tensor, weights, cache);
      return crossAttention(graph, tensors['x'] as Tensor, weights, { ...cache, rows: 5 }, options);
    });
    assertNear(actual, plain(x, memory), 2e-3);
  });
});

describe(`a convolution over bands and time on ${kind}`, () => {
  const [BANDS, FRAMES, CHANNELS, COUNT, OUTPUTS] = [6, 5, 2, 2, 3];

  for (const { stride, row } of [
    { stride: 1, row: 18 },
    { stride: 2, row: 18 },
    { stride: 2, row: 32 },
  ]) {
    it(`sums over a window, stride ${stride}, rows of ${row}`, () => {
      const [x, weights, bias] = [
        uniform(BANDS * FRAMES * CHANNELS * COUNT, 1),
        uniform(row * OUTPUTS, 2),
        uniform(OUTPUTS, 3),
      ];
      const actual = compute(
        {
          x: { extents: [BANDS, FRAMES, CHANNELS, COUNT], values: x },
          weight: { extents: [row, OUTPUTS], values: weights },
          bias: { extents: [OUTPUTS], values: bias },
        },
        (graph, t) =>
          convolution2d(
            graph,
            t['x'] as Tensor,
            { weight: t['weight'] as Tensor, bias: t['bias'] as Tensor },
            { kernel: [3, 3], stride: [stride, stride], padding: [1, 1] },
          ),
      );
      const [places, times] = [Math.floor((BANDS - 1) / stride) + 1, Math.floor((FRAMES - 1) / stride) + 1];
      const expected = Float64Array.from({ length: OUTPUTS * places * times * COUNT }, (_, index) => {
        const [output, place, time, number] = [
          index % OUTPUTS,
          Math.floor(index / OUTPUTS) % places,
          Math.floor(index / OUTPUTS / places) % times,
          Math.floor(index / OUTPUTS / places / times),
        ];
        let sum = bias[output] as number;
        for (let channel = 0; channel < CHANNELS; channel++) {
          for (let tap = 0; tap < 9; tap++) {
            const [band, frame] = [place * stride + (tap % 3) - 1, time * stride + Math.floor(tap / 3) - 1];
            if (band < 0 || band >= BANDS || frame < 0 || frame >= FRAMES) continue;
            sum +=
              (weights[output * row + channel * 9 + tap] as number) *
              (x[band + BANDS * (frame + FRAMES * (channel + CHANNELS * number))] as number);
          }
        }
        return sum;
      });
      assertNear(actual, expected, 1e-5);
    });
  }
});

describe(`a causal convolution on ${kind}`, () => {
  it('sees only the current and earlier columns', () => {
    const [channels, time, outputs, count] = [4, 6, 3, 2];
    const [x, weights] = [uniform(channels * time * count, 1), uniform(3 * channels * outputs, 2)];
    const actual = compute(
      {
        x: { extents: [channels, time, count], values: x },
        weight: { extents: [3 * channels, outputs], values: weights },
        bias: { extents: [outputs], values: new Float32Array(outputs) },
      },
      (graph, t) =>
        causalConvolution(graph, t['x'] as Tensor, { weight: t['weight'] as Tensor, bias: t['bias'] as Tensor }, 3),
    );
    const expected = Float64Array.from({ length: outputs * (time - 2) * count }, (_, index) => {
      const [output, column, number] = [
        index % outputs,
        Math.floor(index / outputs) % (time - 2),
        Math.floor(index / outputs / (time - 2)),
      ];
      let sum = 0;
      for (let channel = 0; channel < channels; channel++)
        for (let tap = 0; tap < 3; tap++)
          sum +=
            (weights[output * 3 * channels + channel * 3 + tap] as number) *
            (x[channel + channels * (column + tap + time * number)] as number);
      return sum;
    });
    assertNear(actual, expected, 1e-5);
  });
});

describe(`attendProducts on ${kind}`, () => {
  it('weighs the rows of another sequence by similarity, except masked rows', () => {
    const [tokens, rows] = [3, 5];
    const [q, k, v] = [uniform(WIDTH * tokens, 1), uniform(WIDTH * rows, 2), uniform(WIDTH * rows, 3)];
    const mask = Float32Array.from({ length: rows * tokens }, (_, index) => (index % rows === 4 ? -Infinity : 0));
    const actual = compute(
      {
        q: { extents: [WIDTH, tokens], values: q },
        k: { extents: [WIDTH, rows], values: k },
        v: { extents: [WIDTH, rows], values: v },
        mask: { extents: [rows, tokens], values: mask },
      },
      (graph, t) =>
        attendProducts(
          graph,
          { query: t['q'] as Tensor, key: t['k'] as Tensor, value: t['v'] as Tensor, mask: t['mask'] as Tensor },
          { heads: HEADS },
        ),
    );
    const expected = Float64Array.from({ length: WIDTH * tokens }, (_, index) => {
      const [component, token] = [index % WIDTH, Math.floor(index / WIDTH)];
      const first = Math.floor(component / HEAD_SIZE) * HEAD_SIZE;
      const likeness = Array.from({ length: rows - 1 }, (_, row) => {
        let sum = 0;
        for (let part = first; part < first + HEAD_SIZE; part++)
          sum += (q[token * WIDTH + part] as number) * (k[row * WIDTH + part] as number);
        return Math.exp(sum / Math.sqrt(HEAD_SIZE));
      });
      const total = likeness.reduce((sum, value) => sum + value, 0);
      return likeness.reduce((sum, value, row) => sum + (value / total) * (v[row * WIDTH + component] as number), 0);
    });
    assertNear(actual, expected, kind === 'cpu' ? 1e-5 : 1e-2);
  });
});
