/** A token to evaluate, and the cache rows that it attends. */
export interface DecoderToken {
  readonly token: number;
  readonly position: number;
  /** The cache row for its keys and values. */
  readonly row: number;
  /** The cache rows of the tokens before it, without its own. */
  readonly history: readonly number[];
}

/**
 * The decoder of a speech model. A single cache serves all hypotheses of a search, since each token lists the rows that
 * it attends.
 */
export interface SpeechDecoder {
  /** The number of tokens that the cache holds, over all hypotheses. */
  readonly capacityRows: number;
  /** Evaluates a batch. Returns the logits after the tokens with the indices `outputs`, `[vocabularySize]` each. */
  decode(batch: readonly DecoderToken[], outputs: readonly number[]): readonly Float32Array[];
}
