import type { OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import type { AskedModel } from './gapPrompt.ts';
import { missingNats } from './missingNats.ts';

export interface AskedGap {
  /** The text that token healing took from the prompt. */
  readonly requiredPrefix: string;
  readonly expected: string;
  /** The logits of the prompt's last token, `[vocabulary]`. The sequence holds the prompt and nothing else. */
  readonly first: Float32Array;
}

/** Returns the nats of the missing text and the end of its line behind a prompt. */
export async function natsOfGap(
  { opened, index }: Pick<AskedModel, 'opened' | 'index'>,
  { network, sequence }: Pick<OpenedNetwork, 'network' | 'sequence'>,
  { requiredPrefix, expected, first }: AskedGap,
): Promise<number> {
  const tokens = opened.text.tokenize(requiredPrefix + expected, false);
  const others = await network.evaluate(sequence, tokens, 'all');
  return missingNats(
    { tokens, requiredPrefix, index, endOfGeneration: opened.text.special.endOfGeneration },
    (position) => (position === 0 ? first : others.subarray((position - 1) * first.length, position * first.length)),
  );
}

/** Evaluates the tokens that are not in the cache, at least the last one. Resolves with its logits. */
export async function logitsBehind(
  { network, sequence }: Pick<OpenedNetwork, 'network' | 'sequence'>,
  tokens: readonly number[],
): Promise<Float32Array> {
  let common = 0;
  while (common < tokens.length - 1 && sequence.tokens[common] === tokens[common]) common++;
  sequence.truncate(common);
  return network.evaluate(sequence, tokens.slice(common), 'last');
}
