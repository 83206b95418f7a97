const MIN_TOKENS = 256;
/** The budget before the speed is measured. */
const UNMEASURED_TOKENS = 512;
const MAX_TOKENS = 4096;
/** The time limit for evaluating a prompt without a cached prefix. */
const COLD_PROMPT_MS = 1500;
/**
 * Reading ahead costs the user no time. So other files may have this many times the tokens of a cold prompt, and the
 * document this many.
 */
const CONTEXT_FACTOR = 8;
const DOCUMENT_FACTOR = 4;
const MAX_CONTEXT_TOKENS = 16_384;
/** Shares of the model's context. The rest is for the document and the answer. */
const CONTEXT_SHARE = 0.5;
const DOCUMENT_SHARE = 0.25;
const SMOOTHING = 0.3;
/** Shorter evaluations measure overhead rather than speed. */
const MIN_TELLING_TOKENS = 64;

/**
 * Measured speeds of models that outlive the process. So the first prompt is as long as the last one was, and may match
 * a kept context.
 */
export interface PromptSpeedMemory {
  /** Tokens per second. */
  of(model: string): number | undefined;
  note(model: string, tokensPerSecond: number): void;
}

/**
 * The number of prompt tokens that this machine can afford: a cold prompt takes about a second and a half. It changes
 * in factors of two, so that the cut and the engine's cached prefix stay in place.
 */
export class PromptBudget {
  #tokensPerSecond: number | undefined;

  /** `tokensPerSecond`: the speed measured before, if any. */
  constructor(tokensPerSecond?: number) {
    this.#tokensPerSecond = tokensPerSecond;
  }

  get tokensPerSecond(): number | undefined {
    return this.#tokensPerSecond;
  }

  measured(evaluatedTokens: number, promptMs: number): void {
    if (evaluatedTokens < MIN_TELLING_TOKENS || promptMs <= 0) return;
    const speed = (evaluatedTokens / promptMs) * 1000;
    this.#tokensPerSecond =
      this.#tokensPerSecond === undefined ? speed : this.#tokensPerSecond + SMOOTHING * (speed - this.#tokensPerSecond);
  }

  /** The number of tokens for other files beside the document. Most of them are read ahead. */
  contextTokens(contextSizeTokens: number): number {
    return Math.min(
      CONTEXT_FACTOR * this.tokens(contextSizeTokens, 0),
      MAX_CONTEXT_TOKENS,
      Math.floor(contextSizeTokens * CONTEXT_SHARE),
    );
  }

  /** The number of tokens for the document if most of them are already evaluated. */
  documentTokens(contextSizeTokens: number, reservedTokens: number): number {
    const tokens = this.tokens(contextSizeTokens, reservedTokens);
    return Math.max(
      tokens,
      Math.min(DOCUMENT_FACTOR * tokens, MAX_TOKENS, Math.floor((contextSizeTokens - reservedTokens) * DOCUMENT_SHARE)),
    );
  }

  /**
   * The number of tokens for a model with a context of `contextSizeTokens`. The answer needs `reservedTokens` of them.
   */
  tokens(contextSizeTokens: number, reservedTokens: number): number {
    const affordable =
      this.#tokensPerSecond === undefined ? UNMEASURED_TOKENS : (this.#tokensPerSecond * COLD_PROMPT_MS) / 1000;
    let tokens = MIN_TOKENS;
    while (tokens * 2 <= MAX_TOKENS && tokens * 2 <= affordable) tokens *= 2;
    return Math.max(1, Math.min(tokens, contextSizeTokens - reservedTokens));
  }
}
