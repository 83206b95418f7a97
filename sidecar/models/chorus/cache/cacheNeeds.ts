import type { DeviceKind } from '../../../../kernels/ggml/device.ts';
import { rowBytes, tensorTypes, type TensorType } from '../../../../kernels/ggml/types.ts';
import { TroubleError } from '../../../common/troubleError.ts';
import type { Hyperparameters } from '../../architectures/architecture.ts';
import type { MemoryRequest } from '../../memory.ts';
import { BATCH_TOKENS } from '../network/batchTokens.ts';
import type { PlannedNeeds } from '../planModel.ts';
import { mostObservedBytes } from '../selection/promptChunks.ts';
import { tierRows } from '../tiers/choiceSchedule.ts';
import { scoredType } from '../tiers/scoredKeys.ts';
import { tierGraphBytes } from '../tiers/tierGraphBytes.ts';
import { lastAttendingAll, type TierOptions } from '../tiers/tierOptions.ts';
import { parseCacheChoice, type CacheChoice } from './cacheChoice.ts';

/** A multiple of the block size of every type, so that its bytes are a whole number. */
const BLOCK_ELEMENTS = 256;
/** The rows for tokens behind a prompt of which only some rows are kept. */
const ANSWER_ROWS = 2_048;

/**
 * Returns the cache that a text such as "tiered:1024" describes. Layers that attend a window of the last tokens can't
 * attend chosen pages, so a model with such layers gets the full cache instead. A model with recurrent layers gets the
 * full cache too: few of its layers have rows. Throws `TroubleError` 'invalid-input'.
 */
export function cacheFor({ headSize, sliding, recurrent }: Hyperparameters, text = 'full'): CacheChoice {
  const { tier, ...choice } = parseCacheChoice(text);
  if (recurrent) return parseCacheChoice('full');
  if (!tier || sliding) return choice;
  const { blockElements } = tensorTypes[tier.cacheType];
  if (headSize % blockElements !== 0)
    throw new TroubleError(
      'invalid-input',
      `The cache "${text}" keeps rows in ${tier.cacheType}, in blocks of ${blockElements} values; this model's heads have ${headSize}. Leave out "type".`,
    );
  return { ...choice, tier };
}

/** The most rows that a sequence holds; infinite if it keeps all. */
export const mostRows = ({ capacity }: CacheChoice): number => capacity + ANSWER_ROWS;

/** Returns the memory that a cache needs on a kind of device. */
export function cacheNeeds(
  choice: CacheChoice,
  kind: DeviceKind,
  hyperparameters: Hyperparameters,
): Pick<PlannedNeeds, 'keptRows' | 'choosing' | 'tier' | 'tierInMainMemory'> {
  return {
    keptRows: choice.capacity === Infinity ? undefined : mostRows(choice),
    choosing: choosingNeeds(choice, hyperparameters),
    tier: choice.tier && tierNeeds(choice.tier, kind, hyperparameters),
    tierInMainMemory: choice.tier && tierNeeds(choice.tier, 'cpu', hyperparameters),
  };
}

/** The memory for attending pages of a context, all of which a device of this kind keeps. */
function tierNeeds(tier: TierOptions, kind: DeviceKind, { headSize }: Hyperparameters): MemoryRequest['tier'] {
  const scored = scoredType(tier, kind, headSize);
  const elementBytes = (type: TensorType): number => rowBytes(type, BLOCK_ELEMENTS) / BLOCK_ELEMENTS;
  return {
    rows: tierRows(tier),
    longerThan: lastAttendingAll(tier),
    graphBytes: (rows, shape) => tierGraphBytes(tier, rows, shape),
    cacheElementBytes: elementBytes(tier.cacheType),
    // Only keys are scored, which are half of the elements.
    scoredElementBytes: scored ? elementBytes(scored) / 2 / tier.meanRows : 0,
  };
}

/** The memory for choosing rows while a prompt is read. */
function choosingNeeds(
  { selector, capacity, window }: CacheChoice,
  { headSize }: Hyperparameters,
): MemoryRequest['choosing'] {
  const { observation } = selector;
  const tokens = observation?.of === 'window' ? Math.min(window, BATCH_TOKENS) : BATCH_TOKENS;
  return {
    longerThan: capacity,
    observedBytes: (rows, heads) =>
      mostObservedBytes(tokens, observation?.tokenBytes?.({ rows, heads, headSize }) ?? 0),
    scoringBytes: (rows, heads) => selector.scoringBytes?.({ rows, heads, headSize }) ?? 0,
    readings: observation?.of === 'replay' ? 2 : 1,
  };
}
