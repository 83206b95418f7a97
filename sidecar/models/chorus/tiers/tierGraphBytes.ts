import type { ModelShape } from '../../gguf/validate.ts';
import { TIER_TOKENS } from './fastTier.ts';
import { largestEvaluation } from './promptBlocks.ts';
import type { TierOptions } from './tierOptions.ts';

/** Values are there twice, once turned. */
const GATHERED_COPIES = 1.5;

/**
 * What the graphs of a sequence's tiers take at most, for answers and for prompts, in float32: logits, scores of the
 * queries that choose of so many rows, and what blocks of a prompt gather and its scores.
 */
export function tierGraphBytes(
  { capacity, window, pageRows, queries, blockTokens, togetherTokens }: TierOptions,
  rows: number,
  { vocabularySize, headCount, blockCount, cacheElementsPerToken }: ModelShape,
): number {
  const { tokens, votes } = blockTokens === 0 ? { tokens: 0, votes: 0 } : largestEvaluation(togetherTokens);
  const attendedRows = capacity + window + 2 * pageRows + togetherTokens;
  const gathered = (tokens / togetherTokens) * GATHERED_COPIES * (cacheElementsPerToken / blockCount) * attendedRows;
  return (
    4 *
    ((TIER_TOKENS + tokens) * vocabularySize +
      headCount * (queries + votes) * rows +
      gathered +
      headCount * tokens * attendedRows)
  );
}
