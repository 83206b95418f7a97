import { rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { TroubleError } from '../../common/troubleError.ts';
import type { MakingOptions } from '../making.ts';
import { sizeOfParts } from '../../models/gguf/parts.ts';
import type { UpcycleParams, UpcycleResult } from '../protocol.ts';
import { readHiddenStates } from './hiddenStates.ts';
import { openInputs, type Inputs } from './inputs.ts';
import { compose, type RouterWeights } from './compose.ts';
import { denseRecipe, type Recipe } from './recipe.ts';
import { hiddenRouters, randomRouters } from './routers.ts';
import { countParameters, writeWith } from './writeWith.ts';

/**
 * Makes a mixture of dense models of the same shape (Branch-Attend-Mix, arXiv 2408.08274). Throws `TroubleError` and
 * leaves nothing at `outputPath`.
 */
export async function upcycle(params: UpcycleParams, options: MakingOptions = {}): Promise<UpcycleResult> {
  const inputs = await openInputs(params.modelPaths, params.outputPath);
  try {
    const recipe = recipeOf(params, inputs);
    const content = await compose(
      inputs,
      recipe,
      recipe.experts > 1 ? await routersOf(params, inputs, options) : noRouters,
    );
    await writeWith(params.outputPath, content, 'Writing', options);
    return {
      outputPath: params.outputPath,
      experts: recipe.experts,
      parameterCount: countParameters(content),
      sizeBytes: await sizeOfParts(params.outputPath),
    };
  } finally {
    await inputs.close();
  }
}

/** For a dense model. */
const noRouters: RouterWeights = () => new Float32Array(0);

function recipeOf(params: UpcycleParams, inputs: Inputs): Recipe {
  const { name, keepsArchitecture } = params;
  if (params.dense || inputs.count < 2) return { ...denseRecipe, name, keepsArchitecture };
  if (keepsArchitecture)
    throw new TroubleError(
      'invalid-input',
      'A mixture has the architecture "chorus". Only an average can keep the architecture of its models. Make a model without experts, or leave out the architecture.',
    );
  const { attention, cache, expertsUsed, gateMode, interval } = params;
  const { blockCount } = inputs.first.model.hyperparameters;
  const check = (what: string, value: number, most: number): void => {
    if (value > most) throw new TroubleError('invalid-input', `${what} is ${value}, expected at most ${most}.`);
  };
  check('The number of experts used', expertsUsed, inputs.count);
  if (typeof attention === 'number') check('The number of attention experts used', attention, inputs.count);
  check('The interval of blocks with experts', interval, blockCount);
  return { experts: inputs.count, expertsUsed, gateMode, attention, cache, interval, name };
}

async function routersOf(
  { gates, outputPath }: UpcycleParams,
  inputs: Inputs,
  options: MakingOptions,
): Promise<RouterWeights> {
  const { width } = inputs.first.model.hyperparameters;
  if (gates.kind === 'random') return randomRouters({ width, experts: inputs.count, seed: gates.seed });
  if (gates.prompts.length !== inputs.count)
    throw new TroubleError(
      'invalid-input',
      `There are prompts for ${gates.prompts.length} experts, but ${inputs.count} models.`,
    );
  // The average of all inputs gives a good estimate of the routers' inputs.
  const seedPath = path.join(path.dirname(outputPath), `.${path.basename(outputPath)}.${process.pid}.average.gguf`);
  try {
    const average = await compose(inputs, denseRecipe, noRouters);
    await writeWith(seedPath, average, 'Averaging', options);
    const states = await readHiddenStates(seedPath, gates.prompts, {
      blockKind: inputs.blockKind,
      signal: options.signal,
      onProgress: (share) => options.onProgress?.({ step: 'Reading prompts', share }),
    });
    return hiddenRouters(states, gates.scale);
  } finally {
    await rm(seedPath, { force: true });
  }
}
