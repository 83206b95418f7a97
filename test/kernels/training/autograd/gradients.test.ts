import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { crossEntropy } from '../../../../kernels/training/autograd/crossEntropy.ts';
import { gegluRule, geluRule } from '../../../../kernels/training/autograd/rules/activations.ts';
import { NotDifferentiableError } from '../../../../kernels/training/autograd/rule.ts';
import { Tape } from '../../../../kernels/training/autograd/tape.ts';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import { ShapeError } from '../../../../kernels/ggml/errors.ts';
import { Graph } from '../../../../kernels/ggml/graph.ts';
import type { Im2colOptions, RopeOptions } from '../../../../kernels/ggml/opAttributes.ts';
import * as ops from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { checkGradients, type GradientCase } from '../../../reference/gradientCheck.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** Vulkan devices that report float16 multiply matrices in it. */
const TOLERANCE = kind === 'cpu' ? 1e-3 : 1e-2;
/** Both operands of a product are rounded to eight bits. */
const BF16_TOLERANCE = 2 ** -7;

type Operation = (graph: Graph, a: Tensor, b: Tensor) => Tensor;

const unary = (
  name: string,
  apply: (graph: Graph, a: Tensor) => Tensor,
  range: { centre?: number; spread?: number } = {},
): GradientCase => ({
  name,
  build: (graph, { parameter }) => apply(graph, parameter([5, 3, 2], range)),
});

/** Cases of an operation whose second operand is repeated over the first. */
const broadcasting = (name: string, apply: Operation): GradientCase[] =>
  [[5, 3, 2, 2], [5], [1, 3], [1, 3, 1, 2], [5, 1, 2], [1]].map((extents) => ({
    name: `${name} with [${extents.join(', ')}] repeated`,
    // A divisor must not be near zero.
    build: (graph, { parameter }) =>
      apply(graph, parameter([5, 3, 2, 2]), parameter(extents, { centre: 2, spread: 0.5 })),
  }));

const ropeOptions: readonly RopeOptions[] = [
  { pairing: 'normal', dimensions: 8, base: 100 },
  { pairing: 'neox', dimensions: 6, base: 100, frequencyScale: 0.5 },
  {
    pairing: 'normal',
    dimensions: 8,
    base: 100,
    frequencyScale: 0.25,
    originalContext: 16,
    extensionFactor: 1,
    attentionFactor: 1.2,
  },
];

/** ggml has the derivative only on the processor. */
const im2colOptions: readonly Im2colOptions[] = [
  { kernel: [3, 3], stride: [1, 1], padding: [1, 1] },
  { kernel: [3, 3], stride: [2, 2], padding: [1, 1] },
  { kernel: [3, 1], stride: [1, 1], padding: [0, 0] },
];

/** GELU's tanh form. ggml's CPU code reads it from a table of float16 values, whose steps spoil finite differences. */
function smoothGelu(graph: Graph, x: Tensor): Tensor {
  const inner = ops.mul(
    graph,
    x,
    ops.scale(graph, ops.sqr(graph, x), 0.044715 * Math.sqrt(2 / Math.PI), Math.sqrt(2 / Math.PI)),
  );
  return ops.mul(graph, x, ops.scale(graph, ops.tanh(graph, inner), 0.5, 0.5));
}

const causal = [0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0];

const cases: readonly GradientCase[] = [
  ...broadcasting('add', ops.add),
  ...broadcasting('sub', ops.sub),
  ...broadcasting('mul', ops.mul),
  ...broadcasting('div', ops.div),
  unary('scale with a bias', (graph, a) => ops.scale(graph, a, -1.5, 0.5)),
  unary('sqr', ops.sqr),
  unary('sqrt', ops.sqrt, { centre: 2, spread: 0.5 }),
  unary('exp', ops.exp),
  unary('log', ops.log, { centre: 2, spread: 0.5 }),
  unary('silu', ops.silu),
  // Values that no step moves across the corner.
  unary('relu', ops.relu, { centre: 2, spread: 0.5 }),
  { ...unary('relu where a part is below zero', ops.relu), step: 0.002 },
  unary('sigmoid', ops.sigmoid),
  unary('tanh', ops.tanh),
  {
    name: 'gelu',
    build: (graph, { parameter }, tape) => {
      const x = parameter([5, 3]);
      return tape.custom([x], geluRule, () => smoothGelu(graph, x));
    },
  },
  { name: 'swiglu', build: (graph, { parameter }) => ops.swiglu(graph, parameter([5, 3]), parameter([5, 3])) },
  {
    name: 'geglu',
    build: (graph, { parameter }, tape) => {
      const gate = parameter([5, 3]);
      const up = parameter([5, 3]);
      return tape.custom([gate, up], gegluRule, () => ops.mul(graph, smoothGelu(graph, gate), up));
    },
  },
  // Steps that cross no bound.
  { ...unary('clamp', (graph, a) => ops.clamp(graph, a, -0.42, 0.53)), step: 0.002 },
  unary('sumRows', ops.sumRows),
  unary('repeat', (graph, a) => ops.repeat(graph, ops.reshape(graph, a, [5, 1, 6]), [5, 4, 6])),
  ...[false, true].flatMap((composed) => {
    const how = composed ? ' from plain operations' : '';
    return [
      { ...unary(`rmsNorm${how}`, (graph, a) => ops.rmsNorm(graph, a, 1e-2)), options: { composed } },
      { ...unary(`norm${how}`, (graph, a) => ops.norm(graph, a, 1e-2)), options: { composed } },
      { ...unary(`softMax${how}`, (graph, a) => ops.softMax(graph, a, undefined, 1.5)), options: { composed } },
      {
        name: `softMax with a mask${how}`,
        options: { composed },
        build: (graph, { parameter, constant }) =>
          ops.softMax(graph, parameter([3, 3, 2, 2]), constant([...causal, ...causal], [3, 3, 1, 2]), 0.7),
      } satisfies GradientCase,
    ];
  }),
  ...(kind === 'cpu' ? im2colOptions : []).map(
    (options) =>
      ({
        name: `im2col of [${options.kernel.join(', ')}], stride ${options.stride.join(' and ')}, padding ${options.padding.join(' and ')}`,
        build: (graph, { parameter }) => ops.im2col(graph, parameter([5, 4, 2, 2]), options),
      }) satisfies GradientCase,
  ),
  { name: 'mulMat', build: (graph, { parameter }) => ops.mulMat(graph, parameter([6, 4]), parameter([6, 5])) },
  {
    name: 'mulMat with a matrix for all batches',
    build: (graph, { parameter }) => ops.mulMat(graph, parameter([6, 4]), parameter([6, 5, 3])),
  },
  // Vulkan can't repeat a matrix over a fourth dimension.
  ...(kind === 'vulkan'
    ? []
    : [
        {
          name: 'mulMat with a matrix for two dimensions of batches',
          build: (graph, { parameter }) => ops.mulMat(graph, parameter([6, 4]), parameter([6, 5, 3, 2])),
        } satisfies GradientCase,
      ]),
  {
    name: 'mulMat with a matrix for each two batches',
    build: (graph, { parameter }) => ops.mulMat(graph, parameter([6, 4, 2, 2]), parameter([6, 5, 4, 2])),
  },
  {
    name: 'mulMat of permuted operands',
    // The result is linear in each operand, so a wide step reduces the effect of the products' own rounding.
    step: 0.3,
    build: (graph, { parameter }) =>
      ops.mulMat(
        graph,
        ops.permute(graph, parameter([6, 2, 4]), [0, 2, 1, 3]),
        ops.permute(graph, parameter([6, 4, 5]), [0, 2, 1, 3]),
      ),
  },
  {
    name: 'getRows with a row taken twice',
    build: (graph, { parameter, integers }) => ops.getRows(graph, parameter([4, 5]), integers([3, 0, 3, 1])),
  },
  {
    name: 'getRows of several matrices, each row once',
    build: (graph, { parameter, integers }) =>
      ops.getRows(graph, parameter([4, 5, 2]), integers([3, 0, 1, 2, 4, 0], [3, 2])),
  },
  {
    name: 'setRows',
    // It writes in place, so the previous values are computed again for each evaluation.
    build: (graph, { parameter, integers }) =>
      ops.setRows(graph, ops.scale(graph, parameter([4, 5]), 2), parameter([4, 2]), integers([3, 1])),
  },
  ...ropeOptions.map(
    (options) =>
      ({
        name: `rope, ${options.pairing}${options.extensionFactor ? ', YaRN' : ''}`,
        build: (graph, { parameter, integers }) => ops.rope(graph, parameter([8, 2, 3]), integers([0, 5, 9]), options),
      }) satisfies GradientCase,
  ),
  {
    name: 'rope with frequency factors',
    build: (graph, { parameter, integers, constant }) =>
      ops.rope(graph, parameter([8, 2, 3]), integers([0, 5, 9]), {
        pairing: 'normal',
        dimensions: 8,
        base: 100,
        frequencyFactors: constant([1, 2, 3, 4], [4]),
      }),
  },
  unary('permute', (graph, a) => ops.permute(graph, a, [2, 0, 1, 3])),
  unary('contiguous of a transposed tensor', (graph, a) => ops.contiguous(graph, ops.transpose(graph, a))),
  unary('reshape', (graph, a) => ops.reshape(graph, a, [15, 2])),
  unary('a window', (graph, a) => ops.view(graph, a, [2, 2, 2], { offsetBytes: 4 * 6 })),
  unary('windows that overlap', (graph, a) =>
    ops.add(graph, ops.view(graph, a, [3, 3, 2]), ops.view(graph, a, [3, 3, 2], { offsetBytes: 8 })),
  ),
  ...([0, 1, 2] as const).map(
    (dimension) =>
      ({
        name: `concat along ${dimension}`,
        build: (graph, { parameter }) => {
          const extents = [3, 3, 3];
          extents[dimension] = 2;
          return ops.concat(graph, parameter([3, 3, 3]), parameter(extents), dimension);
        },
      }) satisfies GradientCase,
  ),
  unary('a value used in several ways', (graph, a) => ops.add(graph, ops.mul(graph, a, ops.silu(graph, a)), a)),
  {
    name: 'cross entropy over rows of different weight, some without',
    build: (_graph, { parameter, integers, constant }, tape) =>
      crossEntropy(tape, {
        logits: parameter([7, 4], { spread: 2 }),
        places: integers([3, 7 + 0, 14 + 6, 21 + 3]),
        weights: constant([0.5, 0, 1, 0.25], [4]),
      }),
  },
];

describe(`gradients equal central finite differences on ${kind}`, () => {
  let device: Device;
  // Each test gets its own device: lavapipe is unreliable where buffers are freed while other work runs.
  beforeEach(() => {
    device = new Device(kind, { threads: 1 });
  });
  afterEach(() => device[Symbol.dispose]());

  for (const gradientCase of cases) it(gradientCase.name, () => checkGradients(device, gradientCase, TOLERANCE));

  for (const gradientCase of cases.filter(({ name }) => name.startsWith('mulMat'))) {
    it(`${gradientCase.name}, derivatives in BF16`, () =>
      checkGradients(device, { ...gradientCase, options: { productType: 'BF16' } }, BF16_TOLERANCE));
  }

  it('builds no gradients for nodes without a parameter', () => {
    using graph = new Graph(device);
    const frozen = graph.input('frozen', 'F32', [4, 4]);
    const trained = graph.input('trained', 'F32', [4, 4]);
    const x = graph.input('x', 'F32', [4, 2]);
    const tape = new Tape(graph, [trained]);
    // An operation without derivative is allowed before the first parameter.
    const before = ops.geluErf(graph, ops.mulMat(graph, frozen, x));
    const after = ops.mulMat(graph, frozen, ops.mulMat(graph, trained, before));
    const loss = ops.sumRows(graph, ops.reshape(graph, after, [8]));
    let products = 0;
    const addNode = graph.node.bind(graph);
    graph.node = (op, ...rest) => {
      if (op === 'mulMat') products++;
      return addNode(op, ...rest);
    };
    const gradients = tape.gradients(loss);
    assert.deepEqual(
      [...gradients.keys()].map(({ name }) => name),
      ['trained'],
    );
    // A product for the gradient of the last one's input, and another for the trained matrix.
    assert.equal(products, 2);
  });

  it('names an operation without derivative', () => {
    using graph = new Graph(device);
    const trained = graph.input('trained', 'F32', [4]);
    const tape = new Tape(graph, [trained]);
    const loss = ops.sumRows(graph, ops.geluErf(graph, trained));
    assert.throws(
      () => tape.gradients(loss),
      (error: Error) => error instanceof NotDifferentiableError && /geluErf of trained/.test(error.message),
    );
  });

  it('finds a parameter whose first reader does not lead to the loss', () => {
    using graph = new Graph(device);
    const trained = graph.input('trained', 'F32', [4]);
    const tape = new Tape(graph, [trained]);
    ops.sqr(graph, trained);
    const gradients = tape.gradients(ops.sumRows(graph, ops.scale(graph, trained, 3)));
    assert.deepEqual([...gradients.keys()], [trained]);
  });

  it('names the parameter that the loss does not depend on', () => {
    using graph = new Graph(device);
    const trained = graph.input('trained', 'F32', [4]);
    const idle = graph.input('idle', 'F32', [4]);
    const tape = new Tape(graph, [trained, idle]);
    const loss = ops.sumRows(graph, trained);
    assert.throws(
      () => tape.gradients(loss),
      (error: Error) => error instanceof NotDifferentiableError && /idle/.test(error.message),
    );
  });

  it('refuses a loss with several values', () => {
    using graph = new Graph(device);
    const trained = graph.input('trained', 'F32', [4]);
    const tape = new Tape(graph, [trained]);
    assert.throws(() => tape.gradients(ops.sqr(graph, trained)), ShapeError);
  });
});
