import type { EngineGenerateResult } from '../protocol/engine.ts';
import type { BackendSequence } from '../models/backend.ts';

/** Fewer sampled tokens say nothing about the speed of decoding. */
const MIN_SAMPLED_TOKENS = 4;
/** Fewer evaluated tokens say nothing about the speed of prompts. */
const MIN_PROMPT_TOKENS = 32;

/** Speed and context of the latest requests. */
export interface SchedulerStatistics {
  /** Of the last request that sampled at least four tokens. */
  readonly tokensPerSecond?: number;
  /** Of the last request that evaluated at least 32 tokens of its prompt. */
  readonly promptTokensPerSecond?: number;
  /** Tokens in the sequence used last. */
  readonly contextUsedTokens: number;
  /** The number of these tokens whose keys and values are still in memory. Absent: all. */
  readonly contextKeptTokens?: number;
}

/** Records the speed of requests. */
export class StatisticsRecorder {
  #current: SchedulerStatistics = { contextUsedTokens: 0 };

  get current(): SchedulerStatistics {
    return this.#current;
  }

  /** Records a request that ended, and the sequence that it used. */
  record(
    result: EngineGenerateResult,
    sampledTokens: number,
    { length, keptTokens = length }: Pick<BackendSequence, 'length' | 'keptTokens'>,
  ): void {
    const { tokensPerSecond, promptTokensPerSecond } = this.#current;
    this.#current = {
      contextUsedTokens: length,
      ...(keptTokens < length ? { contextKeptTokens: keptTokens } : {}),
      tokensPerSecond:
        sampledTokens >= MIN_SAMPLED_TOKENS && result.generateMs > 0
          ? ((sampledTokens - 1) * 1000) / result.generateMs
          : tokensPerSecond,
      promptTokensPerSecond:
        result.evaluatedTokens >= MIN_PROMPT_TOKENS && result.promptMs > 0
          ? (result.evaluatedTokens * 1000) / result.promptMs
          : promptTokensPerSecond,
    };
  }
}
