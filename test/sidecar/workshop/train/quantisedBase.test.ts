import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { readF32, write } from '../../../../kernels/ggml/transfer.ts';
import { AdamW } from '../../../../kernels/training/optimiser/adamW.ts';
import type { WeightType } from '../../../../kernels/training/optimiser/parameters.ts';
import { writeInitialValues } from '../../../../sidecar/workshop/train/initialValues.ts';
import { planLowRank } from '../../../../sidecar/workshop/train/lowRankPlan.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { placeModel } from '../../../../sidecar/workshop/train/placedModel.ts';
import { modelFromFile } from '../../../../sidecar/workshop/train/trainedModel.ts';
import { TrainingNetwork } from '../../../../sidecar/workshop/train/trainingNetwork.ts';
import { quantize } from '../../../../sidecar/workshop/quantize/quantize.ts';
import { uniform } from '../../../reference/gradientCheck.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';

const SEQUENCE_TOKENS = 160;
/** The loss changes so much within the finite difference that the rounding of products hardly counts. */
const LOSS_CHANGE = 0.2;

let folder: string;
let options: TrainOptions;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-quantised-base-'));
  options = await tinyTraining(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

/** An adapter over a quantised model, with factors that are not zero, and its gradients. */
async function withGradients<Result>(
  modelPath: string,
  weightType: WeightType,
  recompute: boolean,
  use: (found: {
    readonly gradients: readonly Float32Array[];
    /** The loss after a step along the gradients, divided by their norm. */
    readonly lossAt: (distance: number) => Promise<number>;
  }) => Promise<Result> | Result,
): Promise<Result> {
  using device = new Device('cpu', { threads: 1 });
  const model = await modelFromFile(modelPath);
  const plan = planLowRank(model, { ...options, scratch: undefined, adapter: { rank: 4, alpha: 8 } });
  using placed = await placeModel(model, device, { freeze: [], weightType, plan });
  const { parameters, constant, transposes, lowRank } = placed;
  await writeInitialValues(placed, { seed: 1 });
  const random = uniform(8);
  for (const { spec, master } of parameters.all)
    if (spec.factor?.side === 'up')
      write(
        device,
        master,
        Float32Array.from({ length: master.elements }, () => 0.05 * random()),
      );
  using optimiser = new AdamW(parameters);
  await optimiser.refresh();
  using network = new TrainingNetwork({
    ...model,
    parameters,
    frozen: constant,
    transposes,
    lowRank,
    sequences: 1,
    sequenceTokens: SEQUENCE_TOKENS,
    recompute,
  });
  const batch = {
    tokens: Int32Array.from(
      { length: SEQUENCE_TOKENS + 1 },
      (_, index) => (index * 53 + 11) % model.hyperparameters.vocabularySize,
    ),
    weights: new Float32Array(SEQUENCE_TOKENS).fill(1),
    starts: new Set([0, 70]),
  };
  parameters.clearGradients();
  await network.accumulate([batch], SEQUENCE_TOKENS);
  const gradients = parameters.all.map(({ gradient }) =>
    readF32(device, gradient).map((value) => value / parameters.gradientScale),
  );
  const values = parameters.all.map(({ master }) => readF32(device, master));
  const length = norm(gradients);
  const lossAt = async (distance: number): Promise<number> => {
    parameters.all.forEach(({ master }, index) =>
      write(
        device,
        master,
        (values[index] as Float32Array).map(
          (value, place) => value + (distance * ((gradients[index] as Float32Array)[place] as number)) / length,
        ),
      ),
    );
    await optimiser.refresh();
    return network.accumulate([batch], SEQUENCE_TOKENS);
  };
  return await use({ gradients, lossAt });
}

describe('gradients through a frozen quantised base', () => {
  for (const type of ['Q8_0', 'Q4_0', 'Q5_0', 'IQ4_NL'] as const) {
    it(`equal fourth-order central finite differences, with a base in ${type}`, async () => {
      const modelPath = await baseIn(type);
      await withGradients(modelPath, 'BF16', false, async ({ gradients, lossAt }) => {
        const slope = norm(gradients);
        const step = LOSS_CHANGE / slope;
        const [near, far] = [
          (await lossAt(step)) - (await lossAt(-step)),
          (await lossAt(2 * step)) - (await lossAt(-2 * step)),
        ];
        const difference = (8 * near - far) / (12 * step);
        assert.ok(Math.abs(difference - slope) < 0.02 * slope, `the slope is ${slope}, the difference ${difference}`);
      });
    });

    it(`have the direction of gradients with products in float32, with a base in ${type}`, async () => {
      const modelPath = await baseIn(type);
      const exact = await withGradients(modelPath, 'F32', false, ({ gradients }) => gradients);
      const actual = await withGradients(modelPath, 'BF16', false, ({ gradients }) => gradients);
      const product = actual.reduce(
        (sum, values, index) =>
          sum +
          values.reduce((own, value, place) => own + value * ((exact[index] as Float32Array)[place] as number), 0),
        0,
      );
      const cosine = product / (norm(actual) * norm(exact));
      assert.ok(cosine > 0.995, `the cosine is ${cosine}`);
    });
  }

  it('are the same, bit for bit, where blocks are computed again', async () => {
    const modelPath = await baseIn('Q8_0');
    for (const weightType of ['F32', 'BF16'] as const) {
      const kept = await withGradients(modelPath, weightType, false, ({ gradients }) => gradients);
      const recomputed = await withGradients(modelPath, weightType, true, ({ gradients }) => gradients);
      assert.ok(norm(kept) > 0);
      assert.deepEqual(recomputed, kept);
    }
  });

  async function baseIn(type: string): Promise<string> {
    const outputPath = path.join(folder, `${type}.gguf`);
    await quantize({ modelPath: options.modelPath, outputPath, type, patterns: [] });
    return outputPath;
  }
});

const norm = (values: readonly Float32Array[]): number =>
  Math.sqrt(values.reduce((sum, part) => sum + part.reduce((own, value) => own + value ** 2, 0), 0));
