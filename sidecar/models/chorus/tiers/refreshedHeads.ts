import type { ModelText } from '../../modelText.ts';
import { cachedHeads } from '../../architectures/architecture.ts';
import type { Network } from '../network/network.ts';
import { measureHeadNeeds } from './headNeeds.ts';
import { keptHeadNeeds } from './headNeedsFile.ts';
import { HEAD_NEEDS_TEXT } from './headNeedsText.ts';
import { neediestHeads, type HeadRuns } from './headRuns.ts';
import type { TierOptions } from './tierOptions.ts';

/**
 * The heads of a model that choose while an answer goes on; `undefined` where all do: that was wanted, or the context has no room for the text by which they are told.
 * `file` keeps what was measured of `modelKey`. Throws `SequenceMemoryError`, and rejects with the reason of a signal that aborts.
 */
export async function refreshedHeads(
  { refreshedHeads: wanted }: Pick<TierOptions, 'refreshedHeads'>,
  network: Network,
  { text, contextSizeTokens, file, modelKey, signal }: { readonly text: Pick<ModelText, 'tokenize'>; readonly contextSizeTokens: number; readonly file?: string; readonly modelKey: string; readonly signal?: AbortSignal },
): Promise<HeadRuns | undefined> {
  if (!wanted) return undefined;
  // Of a short context the end, as it uses what stands before.
  const tokens = text.tokenize(HEAD_NEEDS_TEXT, false).slice(-contextSizeTokens);
  const { hyperparameters } = network.options;
  const heads = Array.from({ length: hyperparameters.blockCount }, (_, block) => cachedHeads(hyperparameters, block));
  const needs = await keptHeadNeeds(file, { key: `${tokens.length} ${modelKey}`, heads }, () => measureHeadNeeds(network, tokens, signal));
  return needs && neediestHeads(needs, wanted.percent);
}
