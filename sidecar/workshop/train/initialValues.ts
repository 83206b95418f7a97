import { write } from '../../../kernels/ggml/transfer.ts';
import type { WeightSpec } from '../../models/architectures/architecture.ts';
import { adapterFactors, normalFactors, spectralFactors } from './initialFactors.ts';
import { plannedBlocks } from './lowRankPlan.ts';
import type { LowRankOptions } from './options.ts';
import type { PlacedModel } from './placedModel.ts';
import { Random } from './random.ts';
import { fitted, readValues } from './tensorValues.ts';

/**
 * The deviation of random weights (GPT-2). Output matrices of blocks have a smaller deviation, by the number of blocks.
 */
const INITIAL_SPREAD = 0.02;

export interface InitialOptions {
  readonly seed: number;
  /** The initialisation of factors. Default: spectral. */
  readonly init?: LowRankOptions['init'];
  /** Whole weights by name, which replace those of the file. */
  readonly values?: ReadonlyMap<string, Float32Array>;
}

/**
 * Writes the initial values of a training: weights of the file or random weights, and their factors if factors are
 * trained. Throws `TroubleError`.
 */
export async function writeInitialValues(
  placed: PlacedModel,
  { seed, init = 'spectral', values }: InitialOptions,
): Promise<void> {
  const { model, parameters, plan } = placed;
  const random = new Random(seed);
  const { blockCount } = model.hyperparameters;
  const wholeValues = async (spec: WeightSpec): Promise<Float32Array> => {
    const given = values?.get(spec.name);
    if (given) return given;
    const source = model.tensors.get(spec.name);
    return source ? readValues(source) : randomWeight(spec, blockCount, random);
  };
  const byName = new Map(parameters.all.map((parameter) => [parameter.spec.name, parameter]));
  for (const spec of model.specs) {
    const rank = plan?.ranks.get(spec.name);
    if (rank === undefined) {
      const parameter = byName.get(spec.name);
      if (parameter)
        write(parameters.device, parameter.master, fitted(await wholeValues(spec), parameter.master.elements));
      continue;
    }
    const [columns, rows] = spec.extents as [number, number];
    const sizes = { rows, columns, rank };
    const { down, up } = placed.factors(spec.name);
    const factors = plan?.isAdapter
      ? adapterFactors(sizes, random)
      : init === 'he'
        ? normalFactors({ ...sizes, spread: spreadOf(spec.name, blockCount) }, random)
        : spectralFactors({ rows, columns, values: await wholeValues(spec) }, rank, { ones: init === 'spectral-ones' });
    write(parameters.device, down.master, factors.down);
    write(parameters.device, up.master, factors.up);
  }
  // Similar gates at first, as in new mixtures of whole models.
  for (const block of plan?.experts === undefined ? [] : plannedBlocks(plan)) {
    const { master } = placed.router(block);
    write(parameters.device, master, randomValues(master.elements, INITIAL_SPREAD, random));
  }
}

function randomWeight({ name, extents, use }: WeightSpec, blockCount: number, random: Random): Float32Array {
  const count = extents.reduce((product, extent) => product * extent, 1);
  if (use === 'vector') return new Float32Array(count).fill(name.endsWith('norm.weight') ? 1 : 0);
  return randomValues(count, spreadOf(name, blockCount), random);
}

const randomValues = (count: number, spread: number, random: Random): Float32Array =>
  Float32Array.from({ length: count }, () => spread * random.normal());

function spreadOf(name: string, blockCount: number): number {
  const entersResidual = name.includes('attn_output') || name.includes('ffn_down');
  return entersResidual ? INITIAL_SPREAD / Math.sqrt(2 * blockCount) : INITIAL_SPREAD;
}
