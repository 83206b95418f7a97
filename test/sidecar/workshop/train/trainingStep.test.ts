import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeviceKind } from '../../../../kernels/ggml/device.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import { AdamW } from '../../../../kernels/training/optimiser/adamW.ts';
import { defaultAdamW } from '../../../../kernels/training/optimiser/adamWOptions.ts';
import { Parameters, type WeightType } from '../../../../kernels/training/optimiser/parameters.ts';
import type { Hyperparameters } from '../../../../sidecar/models/architectures/architecture.ts';
import { llama } from '../../../../sidecar/models/architectures/llama.ts';
import type { PackedSequence } from '../../../../sidecar/workshop/train/batchStream.ts';
import { fillDropout, seedOf } from '../../../../sidecar/workshop/train/dropout.ts';
import { parameterSpec } from '../../../../sidecar/workshop/train/parameterSpecs.ts';
import { NetworkDevices, ParallelNetworks } from '../../../../sidecar/workshop/train/parallelNetworks.ts';
import { uniform } from '../../../reference/gradientCheck.ts';
import { plainLlamaLoss, type PlainLlamaSizes } from '../../../reference/plainLlama.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const SEQUENCE_TOKENS = 6;
const RATE = 0.01;
const SEED = 5;
/** Vulkan devices that report float16 multiply matrices in it. */
const LOSS_TOLERANCE = kind === 'cpu' ? 1e-5 : 1e-3;
const TOLERANCE = kind === 'cpu' ? 1e-4 : 5e-3;
/** The step of the finite differences, in double precision. */
const STEP = 1e-4;

const sizes: PlainLlamaSizes = {
  blockCount: 1,
  width: 8,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
  epsilon: 1e-5,
  ropeBase: 100,
  vocabularySize: 11,
};
const hyperparameters: Hyperparameters = {
  ...sizes,
  feedForwardWidth: 12,
  trainContextTokens: SEQUENCE_TOKENS,
  norm: { kind: 'rms', epsilon: sizes.epsilon },
  rope: { pairing: 'normal', dimensions: sizes.headSize, base: sizes.ropeBase },
  logitScale: 1,
};
const batches: readonly (readonly PackedSequence[])[] = [
  [
    sequence([1, 5, 3, 9, 2, 10, 4], [1, 0, 1, 1, 0.5, 1], [0, 3]),
    sequence([7, 7, 0, 1, 8, 6, 2], [1, 1, 1, 1, 1, 1], [0]),
  ],
  [
    sequence([3, 2, 1, 0, 10, 9, 8], [0, 0, 1, 1, 1, 1], [2, 4]),
    sequence([5, 5, 5, 1, 2, 3, 4], [1, 1, 0, 1, 1, 1], [0, 5]),
  ],
];
const total = batches.flat().reduce((sum, { weights }) => sum + weights.reduce((all, weight) => all + weight, 0), 0);

interface StepCase {
  readonly name: string;
  readonly tied?: boolean;
  readonly threads?: number;
  readonly dropout?: number;
  readonly outlierLoss?: number;
  readonly singleScaleNorm?: boolean;
}

const cases: readonly StepCase[] = [
  { name: 'a tied output', tied: true },
  { name: 'a separate output' },
  { name: 'two networks at a time', tied: true, threads: 2 },
  { name: 'dropout, in two networks', dropout: 0.3, threads: 2 },
  { name: 'a loss of outliers', outlierLoss: 0.2 },
  { name: 'norms of one gain', singleScaleNorm: true },
];

describe(`a training step equals plain loops in double precision on ${kind}: forward, loss, gradients over two batches, clipping and AdamW, with`, () => {
  for (const { name, tied = false, threads = 1, dropout = 0, outlierLoss = 0, singleScaleNorm = false } of cases) {
    it(name, async () => {
      using devices = await NetworkDevices.open(kind, { threads, batches: batches.length });
      const [device] = devices.all;
      assert.equal(devices.all.length, kind === 'cpu' ? threads : 1);
      const specs = llama
        .weights(hyperparameters)
        .filter((spec) => !spec.optional || (!tied && spec.name === 'output.weight'));
      using parameters = new Parameters(
        device,
        specs.map((spec) => parameterSpec(spec, { tiedOutput: tied, singleScaleNorm })),
        'F32',
        { networks: devices.all.length },
      );
      using optimiser = new AdamW(parameters, defaultAdamW, devices.all);
      using networks = new ParallelNetworks(
        {
          architecture: llama,
          hyperparameters,
          parameters,
          sequences: 2,
          sequenceTokens: SEQUENCE_TOKENS,
          dropout,
          outlierLoss: outlierLoss / batches.length,
        },
        devices.all,
      );
      const random = uniform(11);
      const weights = new Map(
        parameters.all.map(({ spec, master }) => [
          spec.name,
          Array.from({ length: master.elements }, () => (spec.decays ? 0 : 1) + 0.5 * Math.fround(random())),
        ]),
      );
      for (const { spec, master } of parameters.all)
        write(device, master, Float32Array.from(weights.get(spec.name) as number[]));
      await optimiser.refresh();

      const loss = await networks.accumulate(batches.flat(), total, SEED);
      const kept = batches.map((_, batch) => keptValues(dropout, batch));
      /** The loss with and without the outlier loss. */
      const plainLoss = (): { total: number; told: number } => {
        const plain = new Map(
          [...weights].map(([weight, values]) => [
            weight,
            weight.endsWith('norm.weight') && singleScaleNorm
              ? (Array(sizes.width).fill(values[0]) as number[])
              : values,
          ]),
        );
        let [told, outliers] = [0, 0];
        batches.forEach((batch, number) =>
          batch.forEach(({ tokens, weights: counts, starts }, index) => {
            const branchOutput = (y: readonly number[], place: number, position: number): readonly number[] =>
              y.map(
                (value, column) =>
                  value *
                  (kept[number]?.[
                    (place * batch.length * SEQUENCE_TOKENS + index * SEQUENCE_TOKENS + position) * sizes.width + column
                  ] as number),
              );
            const onBlock = (hidden: readonly (readonly number[])[]): void => {
              for (const value of hidden.flat())
                outliers +=
                  (outlierLoss * (value / 3) ** 4) /
                  (batches.flat().length * SEQUENCE_TOKENS * sizes.width * sizes.blockCount);
            };
            told +=
              plainLlamaLoss(sizes, plain, [...tokens], [...counts], documentStarts(starts), {
                branchOutput,
                onBlock,
              }) / total;
          }),
        );
        return { total: told + outliers, told };
      };
      assert.ok(Math.abs(loss - plainLoss().told) < LOSS_TOLERANCE, `loss ${loss}, expected ${plainLoss().told}`);

      const gradients = new Map<string, number[]>();
      for (const { spec, gradients: parts } of parameters.all) {
        const values = weights.get(spec.name) as number[];
        const expected = values.map((value, index) => {
          values[index] = value + STEP;
          const above = plainLoss().total;
          values[index] = value - STEP;
          const below = plainLoss().total;
          values[index] = value;
          return (above - below) / (2 * STEP);
        });
        const [first, ...others] = parts.map((part) => readF32(device, part)) as [Float32Array, ...Float32Array[]];
        const actual = first.map((value, index) =>
          others.reduce((sum, other) => sum + (other[index] as number), value),
        );
        gradients.set(spec.name, [...actual]);
        assertClose(actual, expected, TOLERANCE, `gradient of ${spec.name}`);
      }

      const { gradientNorm } = await optimiser.step(1, RATE);
      const expectedNorm = norm([...gradients.values()].flat());
      assert.ok(Math.abs(gradientNorm - expectedNorm) < 1e-4 * expectedNorm);
      const factor = Math.min(1, defaultAdamW.clipNorm / expectedNorm);
      for (const { spec, master } of parameters.all) {
        const before = weights.get(spec.name) as number[];
        const expected = before.map((weight, index) => {
          const gradient = factor * (gradients.get(spec.name)?.[index] as number);
          // In the first step the corrections of both moments cancel their factors.
          return (
            weight -
            RATE *
              (gradient / (Math.abs(gradient) + defaultAdamW.epsilon) +
                (spec.decays ? defaultAdamW.weightDecay : 0) * weight)
          );
        });
        assertClose(readF32(device, master), expected, 1e-4, `${spec.name} after the step`);
      }
    });
  }
});

/** The dropout factors of a batch, `[width, tokens, places]`: of the embeddings, and of both outputs of each block. */
function keptValues(dropout: number, batch: number): Float32Array {
  const values = new Float32Array(sizes.width * 2 * SEQUENCE_TOKENS * (1 + 2 * sizes.blockCount)).fill(1);
  if (dropout > 0) fillDropout(values, dropout, seedOf(SEED, batch));
  return values;
}

describe('gradients through weights in Q8_0', { skip: kind !== 'cpu' && "its products are the processor's" }, () => {
  const wide: Hyperparameters = {
    ...hyperparameters,
    blockCount: 2,
    width: 64,
    headSize: 32,
    feedForwardWidth: 96,
    vocabularySize: 64,
    rope: { pairing: 'normal', dimensions: 32, base: sizes.ropeBase },
  };

  /** Gradients of a mean over so many tokens that each gradient is tiny, as in real models. */
  async function gradients(weightType: WeightType): Promise<Map<string, Float32Array>> {
    using devices = await NetworkDevices.open(kind, { threads: 1, batches: 1 });
    const specs = llama
      .weights(wide)
      .filter(({ optional }) => !optional)
      .map((spec) => parameterSpec(spec, { tiedOutput: true }));
    using parameters = new Parameters(devices.all[0], specs, weightType);
    const random = uniform(3);
    for (const { spec, master } of parameters.all)
      write(
        devices.all[0],
        master,
        Float32Array.from({ length: master.elements }, () => (spec.decays ? 0 : 1) + 0.2 * random()),
      );
    using optimiser = new AdamW(parameters, defaultAdamW, devices.all);
    await optimiser.refresh();
    using networks = new ParallelNetworks(
      { architecture: llama, hyperparameters: wide, parameters, sequences: 2, sequenceTokens: SEQUENCE_TOKENS },
      devices.all,
    );
    await networks.accumulate(batches[0] as PackedSequence[], total * 1e5);
    return new Map(
      parameters.all.map(({ spec, gradient }) => [
        spec.name,
        readF32(devices.all[0], gradient).map((value) => value / parameters.gradientScale),
      ]),
    );
  }

  it('have the direction of float32 gradients, however small they are', async () => {
    const exact = await gradients('F32');
    for (const [name, values] of await gradients('Q8_0')) {
      const expected = exact.get(name) as Float32Array;
      const product = values.reduce((sum, value, index) => sum + value * (expected[index] as number), 0);
      const cosine = product / (norm([...values]) * norm([...expected]));
      assert.ok(cosine > 0.99, `${name}: cosine ${cosine}`);
    }
  });
});

function sequence(tokens: number[], weights: number[], starts: number[]): PackedSequence {
  return { tokens: Int32Array.from(tokens), weights: Float32Array.from(weights), starts: new Set(starts) };
}

function documentStarts(starts: ReadonlySet<number>): number[] {
  let start = 0;
  return Array.from({ length: SEQUENCE_TOKENS }, (_, position) => (start = starts.has(position) ? position : start));
}

const norm = (values: readonly number[]): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));

/** Compares the norm of the difference with the norm of the expected values. */
function assertClose(actual: Float32Array, expected: readonly number[], tolerance: number, what: string): void {
  const error = norm(expected.map((value, index) => value - (actual[index] as number))) / norm(expected);
  assert.ok(error <= tolerance, `${what} is ${error} off`);
}
