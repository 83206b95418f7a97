import type { Backend } from '../models/backend.ts';
import { ChunkSizer } from './chunkSizer.ts';

/** The duration of a prompt chunk that runs to its end: the longest wait after a cancellation or preemption. */
const SHORT_CHUNK_MS = 60;
const SHORT_MIN_TOKENS = 4;
/**
 * The duration of a prompt chunk that can be interrupted: the most work that a preempted request loses. From 64 tokens
 * on attention is computed in tiles, which deep contexts need.
 */
const INTERRUPTIBLE_CHUNK_MS = 800;
const INTERRUPTIBLE_MIN_TOKENS = 64;

/** Sizes of prompt chunks that run to their end, and of chunks that can be interrupted. */
export interface ChunkSizers {
  readonly short: ChunkSizer;
  /** Absent where the backend cannot interrupt an evaluation. */
  readonly interruptible?: ChunkSizer;
}

/** Creates the sizers for a backend. `attentionCostSlope`: see `priorSlope` of `ChunkSizer`. */
export function createChunkSizers(
  { batchTokens, isInterruptible }: Pick<Backend, 'batchTokens' | 'isInterruptible'>,
  attentionCostSlope: number,
): ChunkSizers {
  const sizer = (targetMs: number, minTokens: number): ChunkSizer =>
    new ChunkSizer({ targetMs, minTokens, maxTokens: batchTokens, priorSlope: attentionCostSlope });
  return {
    short: sizer(SHORT_CHUNK_MS, SHORT_MIN_TOKENS),
    interruptible: isInterruptible ? sizer(INTERRUPTIBLE_CHUNK_MS, INTERRUPTIBLE_MIN_TOKENS) : undefined,
  };
}
