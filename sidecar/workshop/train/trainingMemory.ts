import { AllocationError } from '../../../kernels/ggml/errors.ts';
import { TroubleError } from '../../common/troubleError.ts';
import type { Hyperparameters } from '../../models/architectures/architecture.ts';
import { formatBytes } from '../../models/gguf/header.ts';
import { RESERVE_BYTES } from '../../models/memory.ts';

export interface TrainingSize {
  readonly hyperparameters: Pick<Hyperparameters, 'blockCount' | 'heads' | 'vocabularySize'>;
  /** The names of the trained weights. Absent: all. */
  readonly trained?: readonly string[];
  readonly sequenceTokens: number;
  /** The sequences that a network computes at once, and the number of parallel networks. */
  readonly sequences: number;
  readonly networks: number;
}

const FLOAT_BYTES = 4;

/**
 * The least memory for sequences besides the weights: the mask, attention probabilities, and logits with their
 * gradients. Probabilities count for all heads of blocks whose attention has derivatives; half of them are never
 * computed.
 */
export function leastSequenceBytes({
  hyperparameters,
  trained,
  sequenceTokens,
  sequences,
  networks,
}: TrainingSize): number {
  const { blockCount, heads, vocabularySize } = hyperparameters;
  const blocks = trained ? blockCount - lowestBlock(trained, blockCount) : blockCount;
  const attention = sequenceTokens ** 2 * (1 + (blocks * heads) / 2);
  return networks * sequences * (attention + 2 * sequenceTokens * vocabularySize) * FLOAT_BYTES;
}

/**
 * The first block whose attention scores depend on a trained weight. The probabilities of earlier blocks are freed
 * after their use.
 */
function lowestBlock(trained: readonly string[], blockCount: number): number {
  const firstAttention = (name: string): number => {
    if (name.startsWith('token_embd.')) return 0;
    const [, block, ofScores] = /^blk\.(\d+)\.(attn_(?:norm|q|k|v))?/.exec(name) ?? [];
    return block === undefined ? blockCount : Number(block) + (ofScores ? 0 : 1);
  };
  return trained.reduce((least, name) => Math.min(least, firstAttention(name)), blockCount);
}

/** Throws `TroubleError` 'out-of-memory' for sequences that can't fit, before the system kills the process. */
export function requireSequenceMemory(size: TrainingSize, availableBytes: number): void {
  const freeBytes = Math.max(0, availableBytes - RESERVE_BYTES);
  const neededBytes = leastSequenceBytes(size);
  if (neededBytes <= freeBytes) return;
  const { sequenceTokens, sequences, networks } = size;
  const most = mostTokens(size, freeBytes);
  throw new TroubleError(
    'out-of-memory',
    `--sequence ${sequenceTokens} needs at least ${formatBytes(neededBytes)} of memory, but only ${formatBytes(freeBytes)} are free. Expected ${most} tokens or fewer with --micro-batch ${sequences} and ${networks} in parallel. ` +
      'Choose a shorter --sequence, a smaller --micro-batch or fewer --threads.',
  );
}

/**
 * Calls `make` and returns its result. Throws `TroubleError` 'out-of-memory' if the device has no memory for such
 * sequences.
 */
export function withinMemory<Result>(
  { sequenceTokens, sequences }: Pick<TrainingSize, 'sequenceTokens' | 'sequences'>,
  make: () => Result,
): Result {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof AllocationError)) throw error;
    throw new TroubleError(
      'out-of-memory',
      `--sequence ${sequenceTokens} with --micro-batch ${sequences} does not fit: ${error.message} Choose a shorter --sequence, a smaller --micro-batch or fewer --threads.`,
      { cause: error },
    );
  }
}

/** The longest sequences, in tokens, that fit into `freeBytes`. */
function mostTokens(size: TrainingSize, freeBytes: number): number {
  let [fits, tooLong] = [0, size.sequenceTokens];
  while (tooLong - fits > 1) {
    const middle = Math.floor((fits + tooLong) / 2);
    if (leastSequenceBytes({ ...size, sequenceTokens: middle }) <= freeBytes) fits = middle;
    else tooLong = middle;
  }
  return fits;
}
