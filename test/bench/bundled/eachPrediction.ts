import type { OpenedNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import type { ModelText } from '../../../sidecar/models/modelText.ts';

const CHUNK_TOKENS = 128;

/** Returns the token before a text in training. Throws if the model has none. */
export function textStart({ name, special: { bos, eos, addBos } }: ModelText): number {
  const start = (addBos ? bos : undefined) ?? eos;
  if (start === undefined) throw new Error(`${name} has no token for the end of a text.`);
  return start;
}

/**
 * Calls `visit` for each token of a text, with the logits that predict it from the tokens before it. `start` stands
 * before the text, behind what the sequence holds.
 */
export async function eachPrediction(
  { network, sequence, model }: OpenedNetwork,
  start: number,
  tokens: readonly number[],
  visit: (logits: Float32Array, token: number) => void,
): Promise<void> {
  const { vocabularySize } = model.hyperparameters;
  const given = [start, ...tokens.slice(0, -1)];
  for (let first = 0; first < given.length; first += CHUNK_TOKENS) {
    const chunk = given.slice(first, first + CHUNK_TOKENS);
    const logits = await network.evaluate(sequence, chunk, 'all');
    for (let row = 0; row < chunk.length; row++)
      visit(logits.subarray(row * vocabularySize, (row + 1) * vocabularySize), tokens[first + row] as number);
  }
}
