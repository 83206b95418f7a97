import { randomInt } from 'node:crypto';
import {
  LlamaGrammarEvaluationState,
  type LlamaContextSequence,
  type LlamaGrammar,
  type LlamaModel,
  type Token,
} from 'node-llama-cpp';
import type { BackendSequence, DecodeOptions } from '../backend.ts';
import type { TokenId } from '../../protocol/engine.ts';
import { restrictTo, unrestricted } from './tokenRestriction.ts';

const PENALISED_TOKENS = 64;

/** A sequence of node-llama-cpp's context. */
export class LlamaSequence implements BackendSequence {
  constructor(
    private readonly sequence: LlamaContextSequence,
    private readonly model: LlamaModel,
    private readonly vocabularySize: number,
  ) {}

  get length(): number {
    return this.sequence.nextTokenIndex;
  }

  get room(): number {
    return this.sequence.contextSize - this.length;
  }

  commonPrefixLength(tokens: readonly TokenId[]): number {
    return Math.min(this.sequence.compareContextTokens(tokens as Token[]).firstDifferentIndex, tokens.length);
  }

  async truncate(length: number): Promise<number> {
    if (length >= this.length) return this.length;
    // A recurrent model can't drop its last tokens. Going back beyond a checkpoint would evaluate the whole prefix at
    // once.
    const kept = this.sequence.getRestoreToPrefixIndexEvaluationSize(length) > 0 ? 0 : length;
    await this.sequence.eraseContextTokenRanges([{ start: kept, end: this.length }]);
    return this.length;
  }

  async evaluate(tokens: readonly TokenId[]): Promise<void> {
    if (tokens.length > 0) await this.sequence.evaluateWithoutGeneratingNewTokens([...tokens] as Token[]);
  }

  async checkpoint(): Promise<void> {
    if (this.sequence.needsCheckpoints) await this.sequence.takeCheckpoint();
  }

  async *decode(
    tokens: readonly TokenId[],
    { sampling, grammar, allowed }: DecodeOptions,
  ): AsyncGenerator<TokenId, void, undefined> {
    const { model, vocabularySize } = this;
    const penalty = sampling.repeatPenalty;
    const steps = this.sequence.evaluate([...tokens] as Token[], {
      temperature: Math.max(0, sampling.temperature),
      topK: sampling.topK ?? 0,
      topP: sampling.topP ?? 1,
      minP: sampling.minP ?? 0,
      seed: sampling.seed ?? randomInt(2 ** 31),
      repeatPenalty:
        penalty === undefined || penalty === 1
          ? undefined
          : { penalty, punishTokens: () => this.sequence.contextTokens.slice(-PENALISED_TOKENS) },
      grammarEvaluationState:
        grammar && new LlamaGrammarEvaluationState({ model, grammar: grammar.handle as LlamaGrammar }),
      tokenBias:
        allowed &&
        (() => {
          const only = allowed();
          return only ? restrictTo(model, only, vocabularySize) : unrestricted(model);
        }),
      yieldEogToken: true,
    });
    yield* steps;
  }
}
