import type { TensorType } from '../../../../kernels/ggml/types.ts';

/** How much of a long context is attended, and how it is chosen. */
export interface TierOptions {
  /** The rows that each KV head attends besides the window; a multiple of `pageRows`. */
  readonly capacity: number;
  readonly pageRows: number;
  /**
   * How many neighbouring rows are scored by the mean of their keys, which costs less; 1: each by its own key. Divides
   * `pageRows`.
   */
  readonly meanRows: number;
  /** The number of last tokens that are always attended; a multiple of `pageRows`. */
  readonly window: number;
  /** After how many tokens of an answer rows are chosen again. */
  readonly refreshTokens: number;
  /** How many of the last tokens choose where an answer begins: a question, or the text before the cursor. */
  readonly queries: number;
  /** How many of an answer's last tokens choose again; at most `queries`. */
  readonly refreshQueries: number;
  /** Absent: all heads choose again after `refreshTokens`. */
  readonly refreshedHeads?: RefreshedHeads;
  /**
   * Whole blocks of so many tokens of a prompt choose the pages that they attend. Tokens behind the last block attend
   * all rows. 0: all tokens of a prompt do.
   */
  readonly blockTokens: number;
  /** How many tokens of such a block choose together; divides it. */
  readonly togetherTokens: number;
  /** The type of the keys and values that a sequence keeps. Copies that are attended have float16. */
  readonly cacheType: Extract<TensorType, 'F16' | 'Q8_0' | 'Q4_0'>;
}

/** Heads that choose more often than others. */
interface RefreshedHeads {
  /** The percentage of all KV heads, those that need it most. */
  readonly percent: number;
  /**
   * After how many tokens of an answer the other heads choose too. The window, which grows meanwhile, is then as long
   * as at the beginning.
   */
  readonly othersTokens: number;
}

/** The last position at which everything is attended. Up to there a choice would leave out too little. */
export const lastAttendingAll = ({ capacity, window, pageRows }: TierOptions): number =>
  capacity + 2 * window + pageRows;
