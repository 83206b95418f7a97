import assert from 'node:assert/strict';
import { Device } from '../../kernels/ggml/device.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';
import { AdamW } from '../../kernels/training/optimiser/adamW.ts';
import { writeInitialValues } from '../../sidecar/workshop/train/initialValues.ts';
import type { LowRankPlan } from '../../sidecar/workshop/train/lowRankPlan.ts';
import { placeModel, type PlacedModel } from '../../sidecar/workshop/train/placedModel.ts';
import type { TrainedModel } from '../../sidecar/workshop/train/trainedModel.ts';
import { TrainingNetwork } from '../../sidecar/workshop/train/trainingNetwork.ts';
import { uniform } from './gradientCheck.ts';

/** So few tokens that a finite difference rarely changes a token's expert. */
const TOKENS = 5;
/**
 * Steps of the differences, relative to the norm of the parameter. If a step changes an expert, which is a jump, a
 * shorter step does not.
 */
const STEPS = [1e-3, 1e-4] as const;
const TOLERANCE = 5e-3;
/** The rounding error of the loss in float32. */
const LOSS_ERROR = 2e-6;

/**
 * For each parameter of a whole network, compares the slope along its gradient and a random direction with central
 * differences: of second order, and if they differ, of fourth order. `prepare` may change the initial values.
 */
export async function checkNetworkGradients(
  model: TrainedModel,
  plan?: LowRankPlan,
  { prepare, recompute }: { readonly prepare?: (placed: PlacedModel) => void; readonly recompute?: boolean } = {},
): Promise<void> {
  using device = new Device('cpu', { threads: 1 });
  using placed = await placeModel(model, device, { freeze: [], weightType: 'F32', plan });
  await writeInitialValues(placed, { seed: 1 });
  prepare?.(placed);
  const { parameters } = placed;
  using optimiser = new AdamW(parameters);
  using network = new TrainingNetwork({
    ...model,
    parameters,
    frozen: placed.constant,
    lowRank: placed.lowRank,
    mixture: placed.mixture,
    recompute,
    sequences: 1,
    sequenceTokens: TOKENS,
  });
  const random = uniform(5);
  const batch = {
    tokens: Int32Array.from(
      { length: TOKENS + 1 },
      (_, index) => (index * 53 + 11) % model.hyperparameters.vocabularySize,
    ),
    weights: new Float32Array(TOKENS).fill(1),
    starts: new Set([0, 3]),
  };
  const loss = async (): Promise<number> => {
    await optimiser.refresh();
    return network.accumulate([batch], TOKENS);
  };
  parameters.clearGradients();
  await loss();
  const gradients = parameters.all.map(({ gradient }) => readF32(device, gradient));
  for (const [index, { spec, master }] of parameters.all.entries()) {
    const gradient = gradients[index] as Float32Array;
    const values = readF32(device, master);
    const [length, valuesLength] = [norm(gradient), norm(values)];
    if (valuesLength === 0) continue;
    const noise = values.map(() => random());
    const noiseLength = norm(noise);
    const direction = gradient.map(
      (value, place) => (length > 0 ? value / length : 0) + (0.5 * (noise[place] as number)) / noiseLength,
    );
    const at = async (distance: number): Promise<number> => {
      write(
        device,
        master,
        values.map((value, place) => value + distance * (direction[place] as number)),
      );
      return loss();
    };
    const actual = gradient.reduce((sum, value, place) => sum + value * (direction[place] as number), 0);
    const differences: number[] = [];
    let isRight = false;
    const judge = (expected: number, size: number): void => {
      differences.push(expected);
      isRight = Math.abs(actual - expected) <= TOLERANCE * Math.abs(expected) + LOSS_ERROR / size;
    };
    for (const step of STEPS) {
      const size = step * valuesLength;
      const near = (await at(size)) - (await at(-size));
      judge(near / (2 * size), size);
      if (isRight) break;
      judge((8 * near - ((await at(2 * size)) - (await at(-2 * size)))) / (12 * size), size);
      if (isRight) break;
    }
    write(device, master, values);
    assert.ok(isRight, `${spec.name}: a slope of ${actual}, the differences say ${differences.join(' and ')}`);
  }
}

const norm = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0));
