import type { TokenId } from '../protocol/engine.ts';

/** Logits of a model, for measuring. One sequence, evaluated from its beginning. */
export interface Evaluator {
  readonly vocabularySize: number;
  readonly contextSizeTokens: number;
  /** Empties the sequence. */
  reset(): void;
  /** Appends tokens; resolves with the wanted rows, `[rows · vocabulary]`. */
  evaluate(tokens: readonly TokenId[], wanted: 'none' | 'last' | 'all'): Promise<Float32Array>;
  dispose(): void;
}
