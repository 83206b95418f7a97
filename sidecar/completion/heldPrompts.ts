import { commonPrefixLength, differingTokens } from '../common/commonPrefix.ts';
import type { EngineGenerateResult, TokenId } from '../protocol/engine.ts';

/** The fields of a result that tell what a sequence holds. */
export type HeldResult = Pick<EngineGenerateResult, 'sequence' | 'reusedTokens' | 'evaluatedTokens'>;

/** The prompt tokens that the engine's sequences are known to hold. */
export class HeldPrompts {
  readonly #tokens = new Map<string, readonly TokenId[]>();

  /** Returns the number of tokens that a sequence holds. */
  length(sequence: string): number {
    return this.#of(sequence).length;
  }

  /** Returns the number of tokens at the beginning of a prompt that a sequence holds. */
  common(sequence: string, tokens: readonly TokenId[]): number {
    return commonPrefixLength(this.#of(sequence), tokens);
  }

  /** Returns the number of held tokens that are neither in the common beginning nor in the common end with a prompt. */
  differing(sequence: string, tokens: readonly TokenId[]): number {
    return differingTokens(this.#of(sequence), tokens);
  }

  /**
   * Notes what a sequence holds after a request for a prompt: the reused and the evaluated tokens. A result without a
   * sequence changed nothing. A request that failed has no result, and may have left anything in `sequence`.
   */
  note(sequence: string, tokens: readonly TokenId[], result: HeldResult | undefined): void {
    if (result === undefined) this.#tokens.delete(sequence);
    else if (result.sequence !== undefined)
      this.#tokens.set(result.sequence, tokens.slice(0, result.reusedTokens + result.evaluatedTokens));
  }

  delete(sequence: string): void {
    this.#tokens.delete(sequence);
  }

  clear(): void {
    this.#tokens.clear();
  }

  #of(sequence: string): readonly TokenId[] {
    return this.#tokens.get(sequence) ?? [];
  }
}
