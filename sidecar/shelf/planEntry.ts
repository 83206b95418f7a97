import { MAX_PRODUCT_TOKENS } from '../../kernels/blocks/attendTransposed.ts';
import { TroubleError } from '../common/troubleError.ts';
import { BATCH_TOKENS } from '../models/chorus/network/batchTokens.ts';
import { decidePlan, type ModelPlan, type SizedWeight } from '../models/chorus/planModel.ts';
import { LOGIT_ROWS } from '../models/evaluator.ts';
import { blockOf } from '../models/chorus/network/split.ts';
import type { ModelShape } from '../models/gguf/validate.ts';
import { memoryNeeds } from '../models/memory.ts';
import type { ShelfPlan } from '../protocol/client.ts';
import type { CatalogueModel, CatalogueQuantisation } from './catalogue/schema.ts';
import type { Machine } from './machine.ts';

/** Tokens a second at which the user can wait for ghost text, and at which prose arrives as fast as it is read. */
const QUICK_TOKENS_PER_SECOND = 20;
const MODERATE_TOKENS_PER_SECOND = 7;
const LEAST_CONTEXT_TOKENS = 512;
const LEAST_SEQUENCES = 2;

/**
 * Plans what would run where on `machine`, by the same rules as loading. A `contextSizeTokens` of 0 means automatic.
 */
export function planEntry(
  model: CatalogueModel,
  quantisation: CatalogueQuantisation,
  machine: Machine,
  contextSizeTokens: number,
): ShelfPlan {
  const fileBytes = sizeOf(quantisation);
  const shape = shapeOf(model, fileBytes);
  const weights = weightsOf(model, fileBytes);
  // The processor holds the output matrix twice (`tiedOutput.ts`).
  const weightBytes = fileBytes + (model.shape.tiedOutput && !machine.gpu ? outputBytesOf(model, fileBytes) : 0);
  const needs = {
    modelName: model.name,
    shape,
    weightBytes,
    batchTokens: BATCH_TOKENS,
    logitRows: LOGIT_ROWS,
    scoredTokens: machine.gpu ? 0 : MAX_PRODUCT_TOKENS,
    contextSizeTokens,
  };
  let plan: ModelPlan;
  try {
    plan = decidePlan(needs, weights, machine);
  } catch (error) {
    if (!(error instanceof TroubleError)) throw error;
    const { cacheBytes, computeBytes } = memoryNeeds(
      needs,
      Math.min(shape.trainContextTokens, contextSizeTokens || LEAST_CONTEXT_TOKENS),
      LEAST_SEQUENCES,
    );
    return { fit: 'none', neededBytes: weightBytes + cacheBytes + computeBytes, speed: 'slow' };
  }
  const tokensPerSecond = 1 / weights.reduce((seconds, weight) => seconds + secondsOf(weight, model, plan, machine), 0);
  return {
    fit: !machine.gpu ? 'cpu' : plan.split ? 'shared' : 'gpu',
    neededBytes: plan.neededBytes,
    contextSizeTokens: plan.contextSizeTokens,
    tokensPerSecond,
    speed:
      tokensPerSecond >= QUICK_TOKENS_PER_SECOND
        ? 'quick'
        : tokensPerSecond >= MODERATE_TOKENS_PER_SECOND
          ? 'moderate'
          : 'slow',
  };
}

/** Returns the approximate bytes of all files of a quantisation. */
export function sizeOf({ files }: CatalogueQuantisation): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

function shapeOf({ architecture, shape, contextTokens, parameters }: CatalogueModel, weightBytes: number): ModelShape {
  const { blockCount, embeddingLength, headCount, keyValueHeadCount, headLength, vocabularySize } = shape;
  return {
    architecture,
    blockCount,
    trainContextTokens: contextTokens,
    embeddingLength,
    vocabularySize,
    headCount,
    queryElementsPerToken: blockCount * headCount * headLength,
    cacheElementsPerToken: blockCount * keyValueHeadCount * 2 * headLength,
    parameterCount: parameters,
    weightBytes,
  };
}

/**
 * The tensors of a model as far as a plan distinguishes them: each block, its experts, and the output. All have the
 * same number of bytes a parameter.
 */
function weightsOf(model: CatalogueModel, weightBytes: number): readonly SizedWeight[] {
  const { blockCount, expertShare = 0 } = model.shape;
  const outputBytes = outputBytesOf(model, weightBytes);
  const expertBytes = Math.min(expertShare * weightBytes, weightBytes - outputBytes);
  const blocks = Array.from({ length: blockCount }, (_, block): SizedWeight[] => [
    { name: `blk.${block}.dense`, use: 'matrix', sizeBytes: (weightBytes - outputBytes - expertBytes) / blockCount },
    ...(expertBytes > 0
      ? [{ name: `blk.${block}.experts`, use: 'experts' as const, sizeBytes: expertBytes / blockCount }]
      : []),
  ]);
  return [...blocks.flat(), { name: 'output', use: 'matrix', sizeBytes: outputBytes }];
}

function outputBytesOf(
  { parameters, shape: { embeddingLength, vocabularySize } }: CatalogueModel,
  weightBytes: number,
): number {
  return Math.min(1, (vocabularySize * embeddingLength) / parameters) * weightBytes;
}

/** The seconds that a tensor adds to one token. Only the active share of experts is read. */
function secondsOf(
  { name, use, sizeBytes }: SizedWeight,
  model: CatalogueModel,
  { split }: ModelPlan,
  machine: Machine,
): number {
  const isOnCpu =
    !machine.gpu ||
    (split?.kind === 'experts'
      ? use === 'experts'
      : split !== undefined && (blockOf(name) ?? Infinity) < split.firstGpuBlock);
  const read = use === 'experts' ? sizeBytes * activeExpertShare(model) : sizeBytes;
  return read / (isOnCpu ? machine.mainBytesPerSecond : machine.gpuBytesPerSecond);
}

function activeExpertShare({
  parameters,
  activeParameters = parameters,
  shape: { expertShare = 0 },
}: CatalogueModel): number {
  const experts = expertShare * parameters;
  return experts === 0 ? 1 : Math.min(1, Math.max(0, (activeParameters - (parameters - experts)) / experts));
}
