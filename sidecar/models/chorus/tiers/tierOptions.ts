import type { TensorType } from '../../../../kernels/ggml/types.ts';

/** How much of a long context is attended, and how it is chosen. */
export interface TierOptions {
  /** Rows that each KV head attends besides the last tokens', a multiple of `pageRows`. */
  readonly capacity: number;
  readonly pageRows: number;
  /**
   * Neighbouring rows that are scored by their keys' mean, which reads and multiplies less; 1: each by its own. Divides
   * `pageRows`.
   */
  readonly meanRows: number;
  /** The last tokens, which are attended in any case; a multiple of `pageRows`. */
  readonly window: number;
  /** After so many tokens of an answer the rows are chosen anew. */
  readonly refreshTokens: number;
  /** The last tokens where an answer begins, whose queries choose: a question, or what stands before the cursor. */
  readonly queries: number;
  /** An answer's last tokens, whose queries choose anew; no more than `queries`. */
  readonly refreshQueries: number;
  /** Absent: all heads choose anew after `refreshTokens`. */
  readonly refreshedHeads?: RefreshedHeads;
  /**
   * A prompt's whole blocks of so many tokens choose what they attend, and what stands behind the last attends
   * everything; 0 where all of a prompt does.
   */
  readonly blockTokens: number;
  /** Tokens of such a block that choose together; divides it. */
  readonly togetherTokens: number;
  /** Of the keys and values that a sequence keeps; what is attended of them is float16. */
  readonly cacheType: Extract<TensorType, 'F16' | 'Q8_0' | 'Q4_0'>;
}

/** Heads that choose anew more often than others. */
interface RefreshedHeads {
  /** Of all KV heads those that need it most. */
  readonly percent: number;
  /**
   * After so many tokens of an answer the others choose too, and the last tokens' window, which grows meanwhile, is
   * again as long as at the beginning.
   */
  readonly othersTokens: number;
}

/** The last position at which everything is attended: until there choosing leaves too little out. */
export const lastAttendingAll = ({ capacity, window, pageRows }: TierOptions): number =>
  capacity + 2 * window + pageRows;
