import { LOGIT_ROWS, type Evaluator } from '../models/evaluator.ts';
import type { TokenId } from '../protocol/engine.ts';
import { logProbability } from '../models/decoding/logSumExp.ts';

export interface CountedBits {
  readonly bits: number;
  /** The bytes of the predicted text. */
  readonly bytes: number;
  readonly tokens: number;
}

export interface BitsOptions {
  /** The tokens of a chunk. Each token is predicted only from earlier tokens of its chunk. */
  readonly contextTokens: number;
  /** Precedes each chunk if the model uses it. Without it, the first token of a chunk is not predicted. */
  readonly bos?: TokenId;
  /** The number of bytes of a token's text. */
  readonly tokenBytes: (token: TokenId) => number;
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Counts the bits that a model needs for a text, and the text's bytes. Their quotient compares models with different
 * vocabularies.
 */
export async function countBits(
  evaluator: Evaluator,
  tokens: readonly TokenId[],
  options: BitsOptions,
): Promise<CountedBits> {
  const { contextTokens, bos, tokenBytes, signal } = options;
  const { vocabularySize } = evaluator;
  const size = bos === undefined ? contextTokens : contextTokens - 1;
  let [nats, bytes, count] = [0, 0, 0];
  for (let first = 0; first < tokens.length; first += size) {
    const chunk = tokens.slice(first, first + size);
    const given = bos === undefined ? chunk : [bos, ...chunk];
    evaluator.reset();
    for (let start = 0; start < given.length - 1; start += LOGIT_ROWS) {
      signal?.throwIfAborted();
      const part = given.slice(start, Math.min(start + LOGIT_ROWS, given.length - 1));
      const rows = await evaluator.evaluate(part, 'all');
      for (let row = 0; row < part.length; row++) {
        const next = given[start + row + 1] as TokenId;
        nats -= logProbability(rows.subarray(row * vocabularySize, (row + 1) * vocabularySize), next);
        bytes += tokenBytes(next);
      }
      count += part.length;
      options.onProgress?.((first + start + part.length) / tokens.length);
    }
  }
  return { bits: nats / Math.LN2, bytes, tokens: count };
}
