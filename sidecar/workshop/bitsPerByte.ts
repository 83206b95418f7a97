import { LOGIT_ROWS, type Evaluator } from '../models/evaluator.ts';
import type { TokenId } from '../protocol/engine.ts';
import { logProbability } from '../models/decoding/logSumExp.ts';

export interface CountedBits {
  readonly bits: number;
  /** Of the text that was predicted. */
  readonly bytes: number;
  readonly tokens: number;
}

export interface BitsOptions {
  /** Tokens of a chunk; each is predicted from those before it in its chunk alone. */
  readonly contextTokens: number;
  /** Before each chunk, where the model uses one; else the first token of a chunk is not predicted. */
  readonly bos?: TokenId;
  /** Bytes of a token's text. */
  readonly tokenBytes: (token: TokenId) => number;
  readonly onProgress?: (share: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * What a model needs to say a text, in bits and in bytes of the text: their quotient compares models of any vocabulary.
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
