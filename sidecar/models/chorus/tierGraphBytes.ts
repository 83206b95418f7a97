import type { ModelShape } from '../gguf/validate.ts';
import { TIER_TOKENS } from './fastTier.ts';
import { largestEvaluation } from './promptBlocks.ts';
import type { TierOptions } from './tierOptions.ts';

/** What the graphs of a sequence's tiers take at most, for answers and for prompts: logits, and scores of the queries that choose of so many rows. */
export function tierGraphBytes({ queries, blockTokens }: TierOptions, rows: number, { vocabularySize, headCount }: ModelShape): number {
  const { tokens, votes } = largestEvaluation(blockTokens);
  return 4 * ((TIER_TOKENS + tokens) * vocabularySize + headCount * (queries + votes) * rows);
}
