import type { ModelShape } from '../../gguf/validate.ts';
import { TIER_TOKENS } from './fastTier.ts';
import { largestEvaluation } from './promptBlocks.ts';
import type { TierOptions } from './tierOptions.ts';

/** Keys are there once and values twice, once of them transposed. */
const GATHERED_COPIES = 1.5;

/**
 * The most bytes that the graphs of a sequence's tiers take for answers and prompts, in float32. They hold logits,
 * scores of `rows` rows, and the gathered rows of a prompt's blocks with their scores.
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
