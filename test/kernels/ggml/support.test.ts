import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { UnsupportedOpError } from '../../../kernels/ggml/errors.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import * as ops from '../../../kernels/ggml/ops.ts';
import type { Op } from '../../../kernels/ggml/support.ts';
import * as training from '../../../kernels/ggml/trainingOps.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { write } from '../../../kernels/ggml/transfer.ts';
import { tensorTypes, type TensorType } from '../../../kernels/ggml/types.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const types = Object.keys(tensorTypes) as TensorType[];
const all: readonly TensorType[] = types;
const isFloat = (type: TensorType): boolean => type === 'F32' || type === 'F16' || type === 'BF16';

type Make = (type: TensorType, ...extents: number[]) => Tensor;
/** Builds an operation on a main tensor of `type`. Some operations have a second tensor of type `other`. */
interface Row {
  readonly op: Op;
  /** Distinguishes rows of the same operation. */
  readonly detail?: string;
  readonly others?: readonly TensorType[];
  build(graph: Graph, make: Make, type: TensorType, other: TensorType): Tensor;
}

const WINDOW = { kernel: [2, 1], stride: [2, 1], padding: [0, 0] } as const;

const unary = (op: Op, apply: (graph: Graph, a: Tensor) => Tensor): Row => ({
  op,
  build: (graph, make, type) => apply(graph, make(type, 256, 2)),
});
const pair = (op: Op, apply: (graph: Graph, a: Tensor, b: Tensor) => Tensor): Row => ({
  op,
  others: all,
  build: (graph, make, type, other) => apply(graph, make(type, 256, 2), make(other, 256, 2)),
});

const rows: readonly Row[] = [
  pair('add', ops.add),
  pair('sub', ops.sub),
  pair('mul', ops.mul),
  pair('div', ops.div),
  pair('outProd', ops.outProd),
  pair('swiglu', ops.swiglu),
  pair('geglu', ops.geglu),
  pair('swigluClamped', ops.swigluClamped),
  pair('concat', (graph, a, b) => ops.concat(graph, a, b, 1)),
  unary('silu', ops.silu),
  unary('gelu', ops.gelu),
  unary('geluErf', ops.geluErf),
  unary('sigmoid', ops.sigmoid),
  unary('tanh', ops.tanh),
  unary('relu', ops.relu),
  unary('sqr', ops.sqr),
  unary('sqrt', ops.sqrt),
  unary('sumRows', ops.sumRows),
  unary('pool1d', ops.maxRows),
  unary('pool2d', (graph, a) => ops.pool(graph, a, 7, 'avg')),
  unary('contiguous', (graph, a) => ops.contiguous(graph, ops.permute(graph, a, [0, 2, 1, 3]))),
  unary('im2col', (graph, a) => ops.im2col(graph, a, WINDOW)),
  ...(kind === 'cpu'
    ? [
        unary('im2colBack', (graph, a) =>
          training.im2colBack(graph, ops.reshape(graph, a, [2, 128, 2]), ops.reshape(graph, a, [256, 2]), WINDOW),
        ),
      ]
    : []),
  unary('scale', (graph, a) => ops.scale(graph, a, 2)),
  unary('exp', ops.exp),
  unary('log', ops.log),
  unary('step', ops.step),
  unary('floor', ops.floor),
  unary('fill', (graph, a) => ops.fill(graph, a, 1)),
  pair('siluBack', training.siluBack),
  pair('rmsNormBack', (graph, gradient, a) => training.rmsNormBack(graph, gradient, a, 1e-5)),
  pair('softMaxBack', (graph, gradient, result) => training.softMaxBack(graph, gradient, result, 2)),
  {
    op: 'addToWindow',
    others: all,
    build: (graph, make, type, other) => {
      const a = make(type, 256, 2);
      return training.addToWindow(graph, a, make(other, 256, 1), { strides: a.strides, offsetBytes: a.strides[1] });
    },
  },
  unary('clamp', (graph, a) => ops.clamp(graph, a, -1, 1)),
  unary('norm', (graph, a) => ops.norm(graph, a, 1e-5)),
  unary('rmsNorm', (graph, a) => ops.rmsNorm(graph, a, 1e-5)),
  unary('repeat', (graph, a) => ops.repeat(graph, a, [256, 4])),
  unary('argsort', ops.argsortDescending),
  unary('topK', (graph, a) => ops.topK(graph, a, 8)),
  {
    op: 'addId',
    others: ['F32'],
    build: (graph, make, type, other) =>
      ops.addId(graph, make(type, 256, 2, 3), make(other, 256, 4), make('I32', 2, 3)),
  },
  {
    op: 'mulMat',
    others: all,
    build: (graph, make, type, other) => ops.mulMat(graph, make(type, 256, 8), make(other, 256, 3)),
  },
  {
    op: 'mulMatId',
    others: all,
    build: (graph, make, type, other) =>
      ops.mulMatId(graph, make(type, 256, 8, 4), make(other, 256, 1, 3), make('I32', 2, 3)),
  },
  { op: 'copy', others: all, build: (graph, make, type, other) => ops.cast(graph, make(type, 256, 2), other) },
  { op: 'getRows', build: (graph, make, type) => ops.getRows(graph, make(type, 256, 4), make('I32', 3)) },
  {
    op: 'setRows',
    others: all,
    build: (graph, make, type, other) => ops.setRows(graph, make(type, 256, 4), make(other, 256, 2), make('I64', 2)),
  },
  {
    op: 'softMax',
    others: all,
    build: (graph, make, type, other) => ops.softMax(graph, make(type, 256, 2), make(other, 256, 2)),
  },
  {
    op: 'softMax',
    detail: ', with sinks',
    others: all,
    build: (graph, make, type, other) =>
      ops.softMax(graph, make('F32', 256, 2, 3), make(type, 256, 2), 1, make(other, 3)),
  },
  {
    op: 'rope',
    build: (graph, make, type) =>
      ops.rope(graph, make(type, 64, 2, 3), make('I32', 3), { pairing: 'neox', dimensions: 64, base: 10_000 }),
  },
  {
    op: 'ropeBack',
    build: (graph, make, type) =>
      ops.ropeBack(graph, make(type, 64, 2, 3), make('I32', 3), { pairing: 'neox', dimensions: 64, base: 10_000 }),
  },
  {
    op: 'getRowsBack',
    build: (graph, make, type) => {
      const gradient = make(type, 256, 3);
      return training.getRowsBack(graph, gradient, make('I32', 3), gradient);
    },
  },
  {
    op: 'stepAdamW',
    build: (graph, make, type) => {
      const [weight, gradient, first, second] = Array.from({ length: 4 }, () => make(type, 256, 2)) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      return training.stepAdamW(graph, { weight, gradient, first, second }, make('F32', 7));
    },
  },
  {
    op: 'flashAttention',
    others: all,
    build: (graph, make, type, other) =>
      ops.flashAttention(
        graph,
        { q: make('F32', 64, 2, 4), k: make(type, 64, 256, 2), v: make(other, 64, 256, 2), mask: make('F16', 256, 2) },
        0.125,
      ),
  },
  {
    op: 'flashAttention',
    detail: ', with sinks',
    others: all,
    build: (graph, make, type, other) =>
      ops.flashAttention(
        graph,
        {
          q: make('F32', 64, 2, 4),
          k: make(type, 64, 256, 2),
          v: make(type, 64, 256, 2),
          mask: make('F16', 256, 2),
          sinks: make(other, 4),
        },
        0.125,
      ),
  },
];

describe(`the list of supported operations on ${kind}`, () => {
  // Each test gets its own device: lavapipe corrupts its memory if a device outlives many graphs.
  let device: Device;
  beforeEach(() => {
    device = new Device(kind, { threads: 1 });
  });
  afterEach(() => device[Symbol.dispose]());

  for (const row of rows) {
    it(`lets ${row.op} run on every type that it allows${row.detail ?? ''}`, () => {
      let ran = 0;
      for (const type of types) for (const other of row.others ?? [type]) if (runs(device, row, type, other)) ran++;
      assert.ok(ran > 0);
    });
  }

  it('refuses operations that would abort, and names operation, tensors and device', () => {
    using graph = new Graph(device);
    const a = graph.input('weights', 'Q4_K', [256, 2]);
    assert.throws(
      () => ops.rmsNorm(graph, a, 1e-5),
      (error: Error) =>
        error instanceof UnsupportedOpError &&
        /rmsNorm.*weights Q4_K\[256, 2, 1, 1\].*cpu|rmsNorm.*weights Q4_K/.test(error.message),
    );
  });
});

/** Computes a row on zeros. Returns false if the list refuses the types. */
function runs(device: Device, row: Row, type: TensorType, other: TensorType): boolean {
  using graph = new Graph(device, { maxNodes: 64 });
  using memory = new DeviceMemory(device);
  const inputs: Tensor[] = [];
  const make: Make = (wanted, ...extents) => {
    // Rows of attention heads are shorter than a block of the larger quantised types.
    if ((extents[0] as number) % tensorTypes[wanted].blockElements !== 0) throw new UnsupportedOpError('no such row');
    const input = graph.input(`${wanted}.${inputs.length}`, wanted, extents);
    inputs.push(input);
    return input;
  };
  let result: Tensor;
  try {
    result = row.build(graph, make, type, other);
  } catch (error) {
    if (error instanceof UnsupportedOpError) return false;
    throw error;
  }
  graph.expand(result, { read: isFloat(result.type) });
  graph.allocate(memory);
  for (const input of inputs) write(device, input, new Uint8Array(input.sizeBytes));
  graph.computeSync();
  return true;
}
