import type { ModelShape } from '../gguf/validate.ts';
import { TIER_TOKENS } from './fastTier.ts';
import { LONG_BLOCK_VOTES, MOST_TOKENS } from './promptBlocks.ts';
import type { TierOptions } from './tierOptions.ts';

/** What the graphs of a sequence's tiers take at most, for answers and for prompts: logits, and scores of the queries that choose of so many rows. */
export function tierGraphBytes({ queries, blockTokens }: TierOptions, rows: number, { vocabularySize, headCount }: ModelShape): number {
  const promptTokens = blockTokens === 0 ? 0 : MOST_TOKENS;
  const choosing = queries + (blockTokens === 0 ? 0 : LONG_BLOCK_VOTES);
  return 4 * ((TIER_TOKENS + promptTokens) * vocabularySize + headCount * choosing * rows);
}
