import path from 'node:path';
import { MAX_PRODUCT_TOKENS } from '../../../kernels/blocks/attendTransposed.ts';
import { TroubleError } from '../../common/troubleError.ts';
import { formatBytes } from '../gguf/header.ts';
import { availableMemoryBytes } from '../availableMemory.ts';
import { memoryNeeds, planMemory, RESERVE_BYTES, type MemoryPlan, type MemoryRequest } from '../memory.ts';
import { LOGIT_ROWS } from '../evaluator.ts';
import type { LocatedTensor } from '../gguf/locate.ts';
import type { OpenRequest } from '../openedModel.ts';
import type { CheckedModel } from './network/openNetwork.ts';
import { describeSplit, planSplit, type Split, type SplitRequest } from './network/split.ts';

/** A context below this is not worth having all of a model on the GPU. */
const ENOUGH_CONTEXT_TOKENS = 4_096;

type MemoryNeeds = Omit<MemoryRequest, 'availableBytes'>;

/** What a model takes, wherever it is. */
export interface PlannedNeeds extends MemoryNeeds {
  /**
   * As `tier`, where everything that sequences keep is in main memory: the processor scores pages by other keys than a
   * GPU.
   */
  readonly tierInMainMemory?: MemoryRequest['tier'];
}

/** How a model will be held: its contexts, and what of it the GPU takes. */
export interface ModelPlan extends MemoryPlan {
  /** Absent where all weights are on one device. */
  readonly split?: Split;
  /** Everything that sequences keep is in main memory, and on the GPU what is attended of it. */
  readonly slowTierInMainMemory?: true;
  /** For the user, where not everything is on one device. */
  readonly reason?: string;
}

/** Memory that a model may take. */
export interface FreeMemory {
  readonly mainBytes: number;
  readonly gpu?: {
    /** "CUDA (NVIDIA GeForce RTX 4090)" */
    readonly label: string;
    readonly freeBytes: number;
    /** What of its memory is main memory too. */
    readonly unifiedBytes: number;
  };
}

/** A tensor of the model, and how large it is in its file. */
export type SizedWeight = SplitRequest['weights'][number];

/** Decides before anything is loaded, as `decidePlan`, with the memory that is free now. */
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
  const weights = model.specs.flatMap(({ name, use }) => {
    const tensor = model.tensors.get(name);
    return tensor ? [{ name, use, sizeBytes: tensor.sizeBytes }] : [];
  });
  const { free, unifiedSize } = await device.llama.getVramState();
  return decidePlan(needs, weights, {
    mainBytes,
    gpu: { label: device.label, freeBytes: free, unifiedBytes: unifiedSize },
  });
}

/** What a model takes on a device with all its rows kept; `contextSizeTokens`: 0 chooses. */
export function needsOf(
  file: Pick<OpenRequest['file'], 'shape'>,
  model: Pick<CheckedModel, 'tensors'>,
  {
    device,
    contextSizeTokens,
    batchTokens,
  }: { readonly device: OpenRequest['device']['device'] } & Pick<MemoryRequest, 'contextSizeTokens' | 'batchTokens'>,
): Omit<PlannedNeeds, 'modelName'> {
  const weightBytes = file.shape.weightBytes + (device === 'cpu' ? tiedOutputBytes(model.tensors) : 0);
  return {
    shape: file.shape,
    weightBytes,
    batchTokens,
    logitRows: LOGIT_ROWS,
    scoredTokens: device === 'cpu' ? MAX_PRODUCT_TOKENS : 0,
    contextSizeTokens,
  };
}

/**
 * What an embedding takes that is there twice as the output matrix (`tiedOutput.ts`), in bytes: nothing where a model
 * has an output matrix of its own.
 */
export function tiedOutputBytes(tensors: ReadonlyMap<string, LocatedTensor>): number {
  return tensors.has('output.weight') ? 0 : (tensors.get('token_embd.weight')?.sizeBytes ?? 0);
}

/**
 * A GPU takes the whole model where that leaves a useful context, else what fits; the processor the rest. Where a
 * sequence attends some of what it keeps, and all of that does not fit beside the model, it is kept in main memory, as
 * long as that makes a longer context. Throws `TroubleError` 'out-of-memory' with the numbers.
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
  // Where both are one memory, it counts once.
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
 * The model and what is attended on the GPU, everything else that sequences keep in main memory; `undefined` where that
 * does not fit, or nothing is chosen.
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
  // What attends everything, and chooses, computes where that is.
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
    reason: `${label} has ${formatBytes(freeBytes)} free: it holds the model and what is attended of contexts. All of them, up to ${formatBytes(cacheBytes)}, are kept in main memory.`,
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
