import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { attendProducts } from '../../../kernels/blocks/attendProducts.ts';
import { causalConvolution, channelsLast, convolution2d } from '../../../kernels/blocks/convolution2d.ts';
import { denseMixtureOfExperts } from '../../../kernels/blocks/denseMixtureOfExperts.ts';
import { feedForward } from '../../../kernels/blocks/feedForward.ts';
import type { GateMode } from '../../../kernels/blocks/gates.ts';
import { linear } from '../../../kernels/blocks/linear.ts';
import { factorProduct, lowRank } from '../../../kernels/blocks/lowRank.ts';
import { mixtureOfExperts, type ExpertWeights } from '../../../kernels/blocks/mixtureOfExperts.ts';
import { norm } from '../../../kernels/blocks/norm.ts';
import { outlierLoss } from '../../../kernels/blocks/outlierLoss.ts';
import { packedAttention, type PackedInputs } from '../../../kernels/blocks/packedAttention.ts';
import { packedMixtureOfAttention } from '../../../kernels/blocks/packedMixtureOfAttention.ts';
import { routerLoss } from '../../../kernels/blocks/routerLoss.ts';
import { parallelBlock, serialBlock, type BlockParts } from '../../../kernels/blocks/transformerBlock.ts';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../../kernels/ggml/transfer.ts';
import {
  checkGradients,
  compareGradients,
  uniform,
  type CaseInputs,
  type GradientCase,
} from '../../reference/gradientCheck.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** The tolerance of finite differences. */
const TOLERANCE = 1e-3;
/**
 * Vulkan devices that report float16 multiply matrices in it. That is too coarse for the finite differences of a block,
 * so their gradients are compared with the processor's.
 */
const DEVICE_TOLERANCE = 1e-2;
/** The tolerance of values from two graphs. */
const VALUE_TOLERANCE = kind === 'cpu' ? 1e-5 : 1e-2;

const WIDTH = 8;
const HIDDEN = 6;
const EXPERTS = 3;
const SEQUENCE_TOKENS = 4;
const SEQUENCES = 2;
const TOKENS = SEQUENCE_TOKENS * SEQUENCES;
/** A step so short that no finite difference changes the choice of experts. */
const CHOICE_STEP = 0.002;
const attentionOptions = {
  headSize: 4,
  heads: 2,
  kvHeads: 1,
  scale: 0.5,
  rope: { pairing: 'normal', dimensions: 4, base: 100 },
} as const;

/** Inputs of two sequences, the second with two documents. */
function packedInputs({ constant, integers }: CaseInputs): PackedInputs {
  const documentStart = [0, 0, 0, 0, 0, 0, 2, 2];
  const mask = documentStart.flatMap((start, token) =>
    Array.from({ length: SEQUENCE_TOKENS }, (_, other) =>
      other >= start && other <= token % SEQUENCE_TOKENS ? 0 : -1e9,
    ),
  );
  return {
    positions: integers(Array.from({ length: TOKENS }, (_, token) => token % SEQUENCE_TOKENS)),
    mask: constant(mask, [SEQUENCE_TOKENS, SEQUENCE_TOKENS, 1, SEQUENCES]),
    sequenceTokens: SEQUENCE_TOKENS,
    sequences: SEQUENCES,
    productType: 'F32',
  };
}

const attentionWeights = ({ parameter }: CaseInputs) => ({
  query: { weight: parameter([WIDTH, 8]) },
  key: { weight: parameter([WIDTH, 4]) },
  value: { weight: parameter([WIDTH, 4]) },
  output: { weight: parameter([8, WIDTH]) },
});

function parts(graph: Graph, inputs: CaseInputs, kindOfBlock: 'serial' | 'parallel'): BlockParts {
  const { parameter } = inputs;
  const gain = (): { weight: Tensor } => ({ weight: parameter([WIDTH], { centre: 1, spread: 0.2 }) });
  const attentionNorm = gain();
  const feedForwardNorm = kindOfBlock === 'serial' ? gain() : undefined;
  const attention = attentionWeights(inputs);
  const packed = packedInputs(inputs);
  const networks = {
    gate: { weight: parameter([WIDTH, HIDDEN]) },
    up: { weight: parameter([WIDTH, HIDDEN]) },
    down: { weight: parameter([HIDDEN, WIDTH]) },
  };
  return {
    attentionNorm: (x) => norm(graph, x, attentionNorm, { kind: 'rms', epsilon: 1e-5 }),
    attention: (x) => packedAttention(graph, x, attention, packed, attentionOptions),
    feedForwardNorm: feedForwardNorm && ((x) => norm(graph, x, feedForwardNorm, { kind: 'rms', epsilon: 1e-5 })),
    feedForward: (x) => feedForward(graph, x, networks, 'silu'),
  };
}

/** A single gate divided by itself is one, so its router has no gradient to check. */
const experts = ({ parameter, constant }: CaseInputs, { trainsRouter }: { trainsRouter: boolean }): ExpertWeights => ({
  router: trainsRouter
    ? parameter([WIDTH, EXPERTS], { spread: 2 })
    : constant(Array.from({ length: WIDTH * EXPERTS }, uniform(9)), [WIDTH, EXPERTS]),
  gate: { weight: parameter([WIDTH, HIDDEN, EXPERTS]), bias: parameter([HIDDEN, EXPERTS]) },
  up: { weight: parameter([WIDTH, HIDDEN, EXPERTS]) },
  down: { weight: parameter([HIDDEN, WIDTH, EXPERTS]), bias: parameter([WIDTH, EXPERTS]) },
});

const mixtureOfAttention = (
  cache: 'expert' | 'shared',
  expertsUsed: number | undefined,
  gateMode: GateMode = 'renormalised',
): GradientCase => ({
  name: `mixture of attention, ${cache === 'expert' ? 'keys and values of each expert' : 'shared keys and values'}, ${expertsUsed === undefined ? 'all experts' : `${expertsUsed} of ${EXPERTS}, ${gateMode} gates`}`,
  step: expertsUsed === undefined ? undefined : CHOICE_STEP,
  build: (graph, inputs) => {
    const { parameter } = inputs;
    const keyExperts = cache === 'expert' ? EXPERTS : 1;
    const weights = {
      router: parameter([WIDTH, EXPERTS], { spread: 2 }),
      query: { weight: parameter([WIDTH, 8 * EXPERTS]) },
      key: { weight: parameter([WIDTH, 4 * keyExperts]) },
      value: { weight: parameter([WIDTH, 4 * keyExperts]) },
      output: parameter([8 * EXPERTS, WIDTH]),
      outputBias: parameter([EXPERTS, WIDTH]),
    };
    return packedMixtureOfAttention(graph, parameter([WIDTH, TOKENS]), weights, packedInputs(inputs), {
      ...attentionOptions,
      experts: EXPERTS,
      expertsUsed,
      gateMode,
      cache,
    });
  },
});

/** Strides of the 2-D convolutions, and the length of their rows. ggml has their derivative only on the processor. */
const convolutions = [
  [1, 1, 20],
  [2, 1, 18],
  [2, 2, 32],
] as const;

const cases: readonly GradientCase[] = [
  {
    name: 'linear',
    build: (graph, { parameter }) =>
      linear(graph, parameter([WIDTH, 3]), { weight: parameter([WIDTH, 5]), bias: parameter([5]) }),
  },
  ...(['rms', 'layer'] as const).map(
    (normKind) =>
      ({
        name: `${normKind} norm`,
        build: (graph, { parameter }) =>
          norm(
            graph,
            parameter([WIDTH, 3]),
            { weight: parameter([WIDTH]), bias: parameter([WIDTH]) },
            { kind: normKind, epsilon: 1e-3 },
          ),
      }) satisfies GradientCase,
  ),
  {
    name: 'feed-forward network',
    build: (graph, { parameter }) =>
      feedForward(
        graph,
        parameter([WIDTH, 3]),
        {
          gate: { weight: parameter([WIDTH, HIDDEN]) },
          up: { weight: parameter([WIDTH, HIDDEN]) },
          down: { weight: parameter([HIDDEN, WIDTH]) },
        },
        'silu',
      ),
  },
  ...(kind === 'cpu' ? convolutions : []).map(
    ([width, height, row]) =>
      ({
        name: `2-D convolution, stride ${width} and ${height}, rows of ${row}`,
        build: (graph, { parameter }) =>
          channelsLast(
            graph,
            convolution2d(
              graph,
              parameter([6, 5, 2, 2]),
              { weight: parameter([row, 3]), bias: parameter([3]) },
              { kernel: [3, 3], stride: [width, height], padding: [1, 1] },
            ),
          ),
      }) satisfies GradientCase,
  ),
  ...(kind === 'cpu' ? [3] : []).map(
    (taps) =>
      ({
        name: 'causal convolution',
        build: (graph, { parameter }) =>
          causalConvolution(
            graph,
            parameter([WIDTH, 6, 2]),
            { weight: parameter([taps * WIDTH, 5]), bias: parameter([5]) },
            taps,
          ),
      }) satisfies GradientCase,
  ),
  {
    name: 'attention to another sequence',
    build: (graph, { parameter, constant }) => {
      // The second sequence is shorter.
      const mask = constant(
        Array.from({ length: 5 * 3 * 2 }, (_, index) => (index >= 15 && index % 5 >= 3 ? -1e9 : 0)),
        [5, 3, 1, 2],
      );
      return attendProducts(
        graph,
        { query: parameter([WIDTH, 3, 2]), key: parameter([WIDTH, 5, 2]), value: parameter([WIDTH, 5, 2]), mask },
        { heads: 2 },
      );
    },
  },
  {
    name: 'attention',
    build: (graph, inputs) =>
      packedAttention(
        graph,
        inputs.parameter([WIDTH, TOKENS]),
        attentionWeights(inputs),
        packedInputs(inputs),
        attentionOptions,
      ),
  },
  {
    name: 'attention in stretches',
    build: (graph, inputs) =>
      packedAttention(
        graph,
        inputs.parameter([WIDTH, TOKENS]),
        attentionWeights(inputs),
        { ...packedInputs(inputs), stretchTokens: 3 },
        attentionOptions,
      ),
  },
  {
    name: 'attention with norms of its heads',
    build: (graph, inputs) => {
      const headGain = (): { weight: Tensor } => ({ weight: inputs.parameter([4], { centre: 1, spread: 0.2 }) });
      const weights = { ...attentionWeights(inputs), queryNorm: headGain(), keyNorm: headGain() };
      return packedAttention(graph, inputs.parameter([WIDTH, TOKENS]), weights, packedInputs(inputs), {
        ...attentionOptions,
        headNorm: { kind: 'rms', epsilon: 1e-5 },
      });
    },
  },
  {
    name: 'serial block',
    build: (graph, inputs) => serialBlock(graph, inputs.parameter([WIDTH, TOKENS]), parts(graph, inputs, 'serial')),
  },
  {
    name: 'parallel block',
    build: (graph, inputs) => parallelBlock(graph, inputs.parameter([WIDTH, TOKENS]), parts(graph, inputs, 'parallel')),
  },
  ...(['faithful', 'renormalised', 'scaled'] as const).flatMap((gateMode: GateMode) =>
    [1, 2].map(
      (expertsUsed) =>
        ({
          name: `mixture of experts, ${expertsUsed} of ${EXPERTS}, ${gateMode} gates`,
          step: CHOICE_STEP,
          build: (graph, inputs) =>
            denseMixtureOfExperts(
              graph,
              inputs.parameter([WIDTH, 5]),
              experts(inputs, { trainsRouter: gateMode !== 'renormalised' || expertsUsed > 1 }),
              { expertsUsed, gateMode },
            ),
        }) satisfies GradientCase,
    ),
  ),
  mixtureOfAttention('expert', undefined),
  mixtureOfAttention('shared', undefined),
  mixtureOfAttention('expert', 2),
  mixtureOfAttention('shared', 2),
  mixtureOfAttention('expert', 1, 'scaled'),
  mixtureOfAttention('shared', 1, 'faithful'),
  {
    name: 'losses of a router',
    build: (graph, { parameter }) =>
      routerLoss(graph, parameter([WIDTH, 5]), parameter([WIDTH, EXPERTS], { spread: 2 }), {
        expertsUsed: 1,
        balance: 0.5,
        z: 0.3,
      }),
  },
  {
    name: 'loss of outliers',
    build: (graph, { parameter }) => outlierLoss(graph, parameter([WIDTH, 5], { spread: 5 }), 0.7),
  },
  {
    name: 'norm of one gain for all values',
    build: (graph, { parameter }) =>
      norm(graph, parameter([WIDTH, 3]), { weight: parameter([1], { centre: 1 }) }, { kind: 'rms', epsilon: 1e-3 }),
  },
  {
    name: 'product of low rank',
    build: (graph, { parameter }) =>
      lowRank(graph, parameter([WIDTH, 3]), { down: parameter([WIDTH, 2]), up: parameter([2, 5]), factor: 1 }),
  },
  {
    name: 'adapter beside a frozen layer',
    build: (graph, { parameter, constant }) => {
      const base = constant(Array.from({ length: WIDTH * 5 }, uniform(5)), [WIDTH, 5]);
      return linear(graph, parameter([WIDTH, 3]), {
        weight: { base, down: parameter([WIDTH, 2]), up: parameter([2, 5]), factor: 0.5 },
        bias: parameter([5]),
      });
    },
  },
  {
    name: 'matrix of two factors',
    build: (graph, { parameter }) => factorProduct(graph, { down: parameter([WIDTH, 2]), up: parameter([2, 5]) }),
  },
];

describe(`gradients of blocks equal ${kind === 'cpu' ? 'central finite differences' : "the processor's"} on ${kind}`, () => {
  let device: Device;
  // Each test gets its own device: lavapipe is unreliable where buffers are freed while other work runs.
  beforeEach(() => {
    device = new Device(kind, { threads: 1 });
  });
  afterEach(() => device[Symbol.dispose]());

  for (const gradientCase of cases) {
    it(gradientCase.name, () => {
      if (kind === 'cpu') checkGradients(device, gradientCase, TOLERANCE);
      else {
        using reference = new Device('cpu', { build: kind, threads: 1 });
        compareGradients({ device, reference }, gradientCase, DEVICE_TOLERANCE);
      }
    });
  }

  it('attention in stretches equals attention in a single stretch', () => {
    using graph = new Graph(device);
    using memory = new DeviceMemory(device);
    const random = uniform(4);
    const inputs = new Map<Tensor, Float32Array | Int32Array>();
    const make = (type: 'F32' | 'I32', extents: readonly number[], data: Float32Array | Int32Array): Tensor => {
      const tensor = graph.input(`input${inputs.size}`, type, extents);
      inputs.set(tensor, data);
      return tensor;
    };
    const caseInputs: CaseInputs = {
      parameter: (extents) =>
        make(
          'F32',
          extents,
          Float32Array.from({ length: extents.reduce((product, extent) => product * extent, 1) }, random),
        ),
      constant: (data, extents) => make('F32', extents, Float32Array.from(data)),
      integers: (data, extents = [data.length]) => make('I32', extents, Int32Array.from(data)),
    };
    const [x, weights, packed] = [
      caseInputs.parameter([WIDTH, TOKENS]),
      attentionWeights(caseInputs),
      packedInputs(caseInputs),
    ];
    const outputs = [SEQUENCE_TOKENS, 1, 2, 3].map((stretchTokens) =>
      packedAttention(graph, x, weights, { ...packed, stretchTokens }, attentionOptions),
    );
    for (const output of outputs) graph.expand(output, { read: true });
    graph.allocate(memory);
    for (const [input, data] of inputs) write(device, input, data);
    graph.computeSync();
    const [expected, ...inStretches] = outputs.map((output) => readF32(device, output)) as [
      Float32Array,
      ...Float32Array[],
    ];
    for (const actual of inStretches)
      actual.forEach((value, index) => assert.ok(Math.abs(value - (expected[index] as number)) < VALUE_TOLERANCE));
  });

  it('a mixture computed by every expert equals the mixture of the chosen experts', () => {
    using graph = new Graph(device);
    using memory = new DeviceMemory(device);
    const random = uniform(2);
    const inputs: Tensor[] = [];
    const parameter = (extents: readonly number[]): Tensor => {
      const tensor = graph.input(`input${inputs.length}`, 'F32', extents);
      inputs.push(tensor);
      return tensor;
    };
    const weights = experts(
      { parameter, constant: () => assert.fail(), integers: () => assert.fail() },
      { trainsRouter: true },
    );
    const x = parameter([WIDTH, 5]);
    const outputs = (['faithful', 'renormalised', 'scaled'] as const).flatMap((gateMode) =>
      [1, 2].map(
        (expertsUsed) =>
          [
            mixtureOfExperts(graph, x, weights, { expertsUsed, gateMode }),
            denseMixtureOfExperts(graph, x, weights, { expertsUsed, gateMode }),
          ] as const,
      ),
    );
    for (const output of outputs.flat()) graph.expand(output, { read: true });
    graph.allocate(memory);
    for (const input of inputs) write(device, input, Float32Array.from({ length: input.elements }, random));
    graph.computeSync();
    for (const [chosen, dense] of outputs) {
      const expected = readF32(device, chosen);
      readF32(device, dense).forEach((value, index) =>
        assert.ok(Math.abs(value - (expected[index] as number)) < VALUE_TOLERANCE),
      );
    }
  });
});
