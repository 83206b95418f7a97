import { TroubleError } from '../common/troubleError.ts';
import type { Purpose, TokenId } from '../protocol/engine.ts';

/** How many rows of logits are computed and held at once. A row of a large vocabulary takes a megabyte. */
export const LOGIT_ROWS = 64;

/** Computes a model's logits for measurements. It has a single sequence, evaluated from its beginning. */
export interface Evaluator {
  readonly vocabularySize: number;
  readonly contextSizeTokens: number;
  /** Empties the sequence for tokens of a purpose. Default: completion. */
  reset(purpose?: Purpose): void;
  /**
   * Appends the tokens of a prompt, of which the sequence may keep only some rows. Absent if `evaluate` does the same.
   */
  readPrompt?(tokens: readonly TokenId[], signal?: AbortSignal): Promise<void>;
  /** The longest prompt that keeps all its rows. Absent: every prompt does. */
  readonly wholeTokens?: number;
  /** How many tokens fit behind a prompt of this length. Absent: the rest of the context. */
  roomBehind?(promptTokens: number): number;
  /** Appends tokens. Resolves with the wanted rows, `[rows · vocabulary]`. */
  evaluate(tokens: readonly TokenId[], wanted: 'none' | 'last' | 'all'): Promise<Float32Array>;
  dispose(): void;
}

/** The number of tokens in an evaluation. */
const CHUNK_TOKENS = 512;

/**
 * Appends a prompt in the same way as for a request. Rejects with the reason of a signal that aborts between two
 * evaluations.
 */
export async function readPrompt(
  evaluator: Evaluator,
  tokens: readonly TokenId[],
  signal?: AbortSignal,
): Promise<void> {
  await (evaluator.readPrompt ? evaluator.readPrompt(tokens, signal) : evaluateInChunks(evaluator, tokens, signal));
}

/** Appends tokens in chunks. Rejects with the reason of a signal that aborts between two evaluations. */
export async function evaluateInChunks(
  evaluator: Pick<Evaluator, 'evaluate'>,
  tokens: readonly TokenId[],
  signal?: AbortSignal,
): Promise<void> {
  for (let start = 0; start < tokens.length; start += CHUNK_TOKENS) {
    signal?.throwIfAborted();
    const end = start + CHUNK_TOKENS;
    await evaluator.evaluate(tokens.slice(start, end), end >= tokens.length ? 'last' : 'none');
  }
}

/** Throws `TroubleError` if there are no tokens, too many, or tokens outside the vocabulary. */
export function checkTokens(
  {
    vocabularySize,
    contextSizeTokens = Infinity,
  }: { readonly vocabularySize: number; readonly contextSizeTokens?: number },
  tokens: readonly TokenId[],
): void {
  if (tokens.length === 0) throw new TroubleError('invalid-input', 'There are no tokens to evaluate.');
  if (tokens.length > contextSizeTokens)
    throw new TroubleError(
      'context-overflow',
      `There are ${tokens.length} tokens, more than the ${contextSizeTokens} that the context holds.`,
    );
  const stranger = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabularySize);
  if (stranger !== undefined)
    throw new TroubleError('invalid-input', `The vocabulary has no token ${stranger}; it has ${vocabularySize}.`);
}
