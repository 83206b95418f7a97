/** A token to evaluate, and what it attends in the cache. */
export interface DecoderToken {
  readonly token: number;
  readonly position: number;
  /** Of the cache: where its keys and values go. */
  readonly row: number;
  /** Rows of the tokens before it, its own not included. */
  readonly history: readonly number[];
}

/**
 * The decoder of a speech model. One cache serves all hypotheses of a search, since each token says which rows it
 * attends.
 */
export interface SpeechDecoder {
  /** Tokens that the cache holds, those of all hypotheses together. */
  readonly capacityRows: number;
  /** Logits after the tokens numbered `outputs` of a batch, `[vocabularySize]` each. */
  decode(batch: readonly DecoderToken[], outputs: readonly number[]): readonly Float32Array[];
}
