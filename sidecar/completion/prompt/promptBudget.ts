const MIN_TOKENS = 256;
/** While nothing is measured. */
const UNMEASURED_TOKENS = 512;
const MAX_TOKENS = 4096;
/** A prompt that nothing of is cached should not take longer than this. */
const COLD_PROMPT_MS = 1500;
/** What is read ahead costs nobody time, so other files may take so many times of it, and the document so many. */
const CONTEXT_FACTOR = 8;
const DOCUMENT_FACTOR = 4;
const MAX_CONTEXT_TOKENS = 16_384;
/** Of the model's context; the rest is the document's and the answer's. */
const CONTEXT_SHARE = 0.5;
const DOCUMENT_SHARE = 0.25;
const SMOOTHING = 0.3;
/** Evaluations shorter than this say more about overhead than about speed. */
const MIN_TELLING_TOKENS = 64;

/**
 * What was measured of a model outlives the process: the first prompt is then as long as the last one was, and its
 * evaluated context may still be there.
 */
export interface PromptSpeedMemory {
  /** Tokens a second. */
  of(model: string): number | undefined;
  note(model: string, tokensPerSecond: number): void;
}

/**
 * How many tokens of prompt this machine can afford: as many as a cold prompt evaluates in about a second and a half,
 * in steps of a factor of two so that the cut (and with it the engine's cache) stays where it is.
 */
export class PromptBudget {
  #tokensPerSecond: number | undefined;

  /** `tokensPerSecond`: what was measured before, if anything was. */
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

  /** Tokens that other files may take beside the document, most of them read while nobody waits. */
  contextTokens(contextSizeTokens: number): number {
    return Math.min(
      CONTEXT_FACTOR * this.tokens(contextSizeTokens, 0),
      MAX_CONTEXT_TOKENS,
      Math.floor(contextSizeTokens * CONTEXT_SHARE),
    );
  }

  /** Tokens that the document may take where most of them are evaluated already. */
  documentTokens(contextSizeTokens: number, reservedTokens: number): number {
    const tokens = this.tokens(contextSizeTokens, reservedTokens);
    return Math.max(
      tokens,
      Math.min(DOCUMENT_FACTOR * tokens, MAX_TOKENS, Math.floor((contextSizeTokens - reservedTokens) * DOCUMENT_SHARE)),
    );
  }

  /** Tokens for a model with a context of `contextSizeTokens`, `reservedTokens` of which the answer needs. */
  tokens(contextSizeTokens: number, reservedTokens: number): number {
    const affordable =
      this.#tokensPerSecond === undefined ? UNMEASURED_TOKENS : (this.#tokensPerSecond * COLD_PROMPT_MS) / 1000;
    let tokens = MIN_TOKENS;
    while (tokens * 2 <= MAX_TOKENS && tokens * 2 <= affordable) tokens *= 2;
    return Math.max(1, Math.min(tokens, contextSizeTokens - reservedTokens));
  }
}
