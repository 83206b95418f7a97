import path from 'node:path';
import { MAX_PRODUCT_TOKENS } from '../../../kernels/blocks/attendTransposed.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { formatBytes } from '../gguf/header.ts';
import { availableMemoryBytes } from '../availableMemory.ts';
import { memoryNeeds, planMemory, RESERVE_BYTES, type MemoryPlan, type MemoryRequest } from '../memory.ts';
import { LOGIT_ROWS } from '../evaluator.ts';
import type { LocatedTensor } from '../gguf/locate.ts';
import type { ModelShape } from '../gguf/validate.ts';
import type { OpenRequest } from '../openedModel.ts';
import { stateBytes, type Hyperparameters } from '../architectures/architecture.ts';
import { checkpointLimit } from './cache/recurrentState.ts';
import type { CheckedModel } from './network/openNetwork.ts';
import { describeSplit, planSplit, type Split, type SplitRequest } from './network/split.ts';

/** If the whole model leaves a smaller context than this on the GPU, the model is shared instead. */
const ENOUGH_CONTEXT_TOKENS = 4_096;

type MemoryNeeds = Omit<MemoryRequest, 'availableBytes'>;

/** The memory that a model needs, wherever it is. */
export interface PlannedNeeds extends MemoryNeeds {
  /** As `tier`, if sequences keep all rows in main memory. The processor scores pages by other keys than a GPU. */
  readonly tierInMainMemory?: MemoryRequest['tier'];
}

/** How a model will be held: its contexts, and the parts on the GPU. */
export interface ModelPlan extends MemoryPlan {
  /** Absent if all weights are on one device. */
  readonly split?: Split;
  /** Set if sequences keep all rows in main memory. The GPU then has the rows that are attended. */
  readonly slowTierInMainMemory?: true;
  /** A sentence for the user if not everything is on one device. */
  readonly reason?: string;
}

/** The memory that a model may take. */
export interface FreeMemory {
  readonly mainBytes: number;
  readonly gpu?: {
    /** Such as "CUDA (NVIDIA GeForce RTX 4090)". */
    readonly label: string;
    readonly freeBytes: number;
    /** The part of its memory that is also main memory. */
    readonly unifiedBytes: number;
  };
}

/** A tensor of the model with its size in the file. */
export type SizedWeight = SplitRequest['weights'][number];

/** Plans a model before it is loaded, as `decidePlan`, with the memory that is free now. */
export async function planModel(
  request: OpenRequest,
  model: CheckedModel,
  { batchTokens, ...choice }: Pick<PlannedNeeds, 'batchTokens' | 'keptRows' | 'choosing' | 'tier' | 'tierInMainMemory'>,
): Promise<ModelPlan> {
  const { params, file, device } = request;
  const mainBytes = await availableMemoryBytes();
  const needs = {
    ...needsOf(file, model, { device: device.device, contextSizeTokens: params.contextSizeTokens, batchTokens }),
    modelName: path.basename(params.modelPath),
    ...choice,
  };
  if (device.device === 'cpu') return decidePlan(needs, [], { mainBytes });
  const weights = sizedWeights(model);
  const { free, unifiedSize } = await device.llama.getVramState();
  return decidePlan(needs, weights, {
    mainBytes,
    gpu: { label: device.label, freeBytes: free, unifiedBytes: unifiedSize },
  });
}

/**
 * Returns the memory that a model needs on a device if all rows are kept. Blocks that Chorus does not run need none.
 * `contextSizeTokens` 0 chooses the context.
 */
export function needsOf(
  file: Pick<OpenRequest['file'], 'shape'>,
  model: Pick<CheckedModel, 'tensors' | 'specs' | 'hyperparameters'>,
  {
    device,
    contextSizeTokens,
    batchTokens,
  }: { readonly device: OpenRequest['device']['device'] } & Pick<MemoryRequest, 'contextSizeTokens' | 'batchTokens'>,
): Omit<PlannedNeeds, 'modelName'> {
  const loadedBytes = sizedWeights(model).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const weightBytes = loadedBytes + (device === 'cpu' ? tiedOutputBytes(model.tensors) : 0);
  return {
    shape: withBlocks(file.shape, model.hyperparameters),
    weightBytes,
    batchTokens,
    stateBytes: stateNeeds(model.hyperparameters, device),
    logitRows: LOGIT_ROWS,
    scoredTokens: device === 'cpu' ? MAX_PRODUCT_TOKENS : 0,
    contextSizeTokens,
  };
}

/** The tensors that the model loads. */
function sizedWeights({ specs, tensors }: Pick<CheckedModel, 'specs' | 'tensors'>): readonly SizedWeight[] {
  return specs.flatMap(({ name, use }) => {
    const tensor = tensors.get(name);
    return tensor ? [{ name, use, sizeBytes: tensor.sizeBytes }] : [];
  });
}

/** The shape of a model that runs only its first blocks, of which recurrent ones have no rows. */
function withBlocks(shape: ModelShape, { blockCount, recurrent, kvHeads, headSize }: Hyperparameters): ModelShape {
  const share = blockCount / shape.blockCount;
  const attending = recurrent?.blocks.filter((isRecurrent) => !isRecurrent).length;
  return {
    ...shape,
    blockCount,
    queryElementsPerToken: shape.queryElementsPerToken * share,
    cacheElementsPerToken:
      attending === undefined ? shape.cacheElementsPerToken * share : attending * 2 * kvHeads * headSize,
  };
}

/** The bytes of a sequence's states: two on the device, and checkpoints in main memory. */
function stateNeeds(hyperparameters: Hyperparameters, device: OpenRequest['device']['device']): number {
  const checkpoints = device === 'cpu' ? checkpointLimit(hyperparameters) : 0;
  return (2 + checkpoints) * stateBytes(hyperparameters);
}

/**
 * The bytes of an embedding that is loaded a second time as the output matrix (`tiedOutput.ts`). It is 0 if the model
 * has an output matrix of its own.
 */
export function tiedOutputBytes(tensors: ReadonlyMap<string, LocatedTensor>): number {
  return tensors.has('output.weight') ? 0 : (tensors.get('token_embd.weight')?.sizeBytes ?? 0);
}

/**
 * Decides what the GPU takes: the whole model if that leaves a useful context, else as much as fits. The processor
 * takes the rest. If sequences attend only some rows, all rows are kept in main memory where that makes a longer
 * context. Throws `TroubleError` 'out-of-memory' with the numbers.
 */
export function decidePlan(
  needs: PlannedNeeds,
  weights: readonly SizedWeight[],
  { mainBytes, gpu }: FreeMemory,
): ModelPlan {
  if (!gpu) return planMemory({ ...needs, availableBytes: mainBytes });
  const { freeBytes, unifiedBytes, label } = gpu;
  const { blockCount, trainContextTokens } = needs.shape;
  const onGpu = attempt(() => planMemory({ ...needs, availableBytes: freeBytes }));
  const beside = planBeside(needs, { mainBytes, gpu });
  const whole = beside && beside.contextSizeTokens > (onGpu?.contextSizeTokens ?? 0) ? beside : onGpu;
  if (
    whole &&
    whole.contextSizeTokens >= Math.min(ENOUGH_CONTEXT_TOKENS, trainContextTokens, needs.contextSizeTokens || Infinity)
  )
    return whole;
  // Memory that both devices share counts once.
  const shared = planMemory({ ...needs, availableBytes: mainBytes + Math.max(0, freeBytes - unifiedBytes) });
  const split = splitFor(needs, weights, shared, freeBytes);
  if (split)
    return {
      ...shared,
      split,
      reason: describeSplit(split, { blockCount, freeBytes, neededBytes: shared.neededBytes, device: label }),
    };
  if (whole) return whole;
  throw new TroubleError(
    'out-of-memory',
    `Not even one layer of ${needs.modelName} fits into the memory of ${label}. Choose the processor (chorus.device: cpu), or a smaller model.`,
  );
}

/**
 * Plans the model and the attended rows on the GPU, and all rows of the sequences in main memory. Returns `undefined`
 * if that does not fit, or if no rows are chosen.
 */
function planBeside(
  { tier, tierInMainMemory, ...needs }: PlannedNeeds,
  { mainBytes, gpu }: Required<FreeMemory>,
): ModelPlan | undefined {
  if (!tier || !tierInMainMemory) return undefined;
  const { freeBytes, unifiedBytes, label } = gpu;
  const onGpu = attempt(() =>
    planMemory({ ...needs, tier: { ...tier, cacheElementBytes: 0, scoredElementBytes: 0 }, availableBytes: freeBytes }),
  );
  if (!onGpu) return undefined;
  // The processor attends all rows, and chooses pages, where all rows are.
  const inMain: MemoryNeeds = {
    ...needs,
    weightBytes: 0,
    scoredTokens: MAX_PRODUCT_TOKENS,
    tier: { ...tierInMainMemory, rows: 0 },
  };
  const mainFreeBytes = mainBytes - Math.min(unifiedBytes, onGpu.neededBytes);
  const kept = attempt(() => planMemory({ ...inMain, availableBytes: mainFreeBytes }));
  if (!kept) return undefined;
  const contextSizeTokens = Math.min(kept.contextSizeTokens, onGpu.contextSizeTokens);
  const sequences = Math.min(kept.sequences, onGpu.sequences);
  const { cacheBytes } = memoryNeeds(inMain, contextSizeTokens, sequences);
  return {
    contextSizeTokens,
    sequences,
    neededBytes: onGpu.neededBytes + kept.neededBytes,
    slowTierInMainMemory: true,
    reason: `${label} has ${formatBytes(freeBytes)} free: it holds the model and the attended rows. All rows, up to ${formatBytes(cacheBytes)}, are kept in main memory.`,
  };
}

function splitFor(
  needs: MemoryNeeds,
  weights: readonly SizedWeight[],
  { contextSizeTokens, sequences }: MemoryPlan,
  freeBytes: number,
): Split | undefined {
  const { cacheBytes, computeBytes } = memoryNeeds(needs, contextSizeTokens, sequences);
  const { blockCount } = needs.shape;
  return planSplit({
    weights,
    blockCount,
    cacheBytesPerBlock: cacheBytes / blockCount,
    reservedBytes: computeBytes + RESERVE_BYTES,
    freeBytes,
  });
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TroubleError) return undefined;
    throw error;
  }
}
