import path from 'node:path';
import { TroubleError } from '../../engine/engine.ts';
import type { WeightSpec } from '../architectures/architecture.ts';
import { availableMemoryBytes, memoryNeeds, planMemory, RESERVE_BYTES, type MemoryPlan, type MemoryRequest } from '../memory.ts';
import type { OpenRequest } from '../openedModel.ts';
import type { CheckedModel } from './openNetwork.ts';
import { describeSplit, planSplit, type Split } from './placement.ts';

/** A context below this is not worth having all of a model on the GPU. */
const ENOUGH_CONTEXT_TOKENS = 4_096;

/** How a model will be held: its contexts, and what of it the GPU takes. */
export interface ModelPlan extends MemoryPlan {
  /** Absent where all of the model is on one device. */
  readonly split?: Split;
  /** For the user, where the model is split. */
  readonly reason?: string;
}

/**
 * Decides before anything is loaded. A GPU takes the whole model where that leaves a useful context, else what fits; the processor the
 * rest. Throws `TroubleError` 'out-of-memory' with the numbers.
 */
export async function planModel(request: OpenRequest, model: CheckedModel, { batchTokens, keptRows, tier }: Pick<MemoryRequest, 'batchTokens' | 'keptRows' | 'tier'>): Promise<ModelPlan> {
  const { params, file, device } = request;
  const mainBytes = await availableMemoryBytes();
  const needs: Omit<MemoryRequest, 'availableBytes'> = {
    modelName: path.basename(params.modelPath),
    shape: file.shape,
    weightBytes: file.weightBytes,
    batchTokens,
    keptRows,
    tier,
    keepsScores: false,
    contextSizeTokens: params.contextSizeTokens,
  };
  if (device.device === 'cpu') return planMemory({ ...needs, availableBytes: mainBytes });
  const { free, unifiedSize } = await device.llama.getVramState();
  const whole = attempt(() => planMemory({ ...needs, availableBytes: free }));
  if (whole && whole.contextSizeTokens >= Math.min(ENOUGH_CONTEXT_TOKENS, file.shape.trainContextTokens, params.contextSizeTokens || Infinity)) return whole;
  // Where both are one memory, it counts once.
  const shared = planMemory({ ...needs, availableBytes: mainBytes + Math.max(0, free - unifiedSize) });
  const split = splitFor(needs, model, shared, free);
  if (split) {
    const { blockCount } = file.shape;
    return { ...shared, split, reason: describeSplit(split, { blockCount, freeBytes: free, neededBytes: shared.neededBytes, device: device.label }) };
  }
  if (whole) return whole;
  throw new TroubleError('out-of-memory', `Not even one layer of ${needs.modelName} fits into the memory of ${device.label}. Choose the processor (chorus.device: cpu), or a smaller model.`);
}

function splitFor(needs: Omit<MemoryRequest, 'availableBytes'>, model: CheckedModel, { contextSizeTokens, sequences }: MemoryPlan, freeBytes: number): Split | undefined {
  const { cacheBytes, computeBytes } = memoryNeeds(needs, contextSizeTokens, sequences);
  const { blockCount } = needs.shape;
  const weights = model.specs.flatMap(({ name, use }: WeightSpec) => {
    const tensor = model.tensors.get(name);
    return tensor ? [{ name, use, sizeBytes: tensor.sizeBytes }] : [];
  });
  return planSplit({ weights, blockCount, cacheBytesPerBlock: cacheBytes / blockCount, reservedBytes: computeBytes + RESERVE_BYTES, freeBytes });
}

function attempt<Result>(work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof TroubleError) return undefined;
    throw error;
  }
}
