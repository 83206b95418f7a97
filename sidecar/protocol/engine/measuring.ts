import type { Purpose } from './generation.ts';
import type { TokenId } from './text.ts';
import { request } from '../messages.ts';

/** Front → engine: writes the logits at each token, teacher-forced, to a file of rows of little-endian float32. */
export const LOGITS = request<LogitsParams, LogitsResult>('engine/logits');
export interface LogitsParams {
  readonly tokens: readonly TokenId[];
  /** Absolute path. */
  readonly outputPath: string;
}
export interface LogitsResult {
  readonly rows: number;
  readonly vocabularySize: number;
}

/** Front → engine: measures the perplexity of a text as llama.cpp does: over the second half of each chunk. */
export const PERPLEXITY = request<PerplexityParams, PerplexityResult>('engine/perplexity');
export interface PerplexityParams {
  readonly text: string;
  readonly contextTokens: number;
}
export interface PerplexityResult {
  readonly perplexity: number;
  readonly chunks: number;
  /** The number of predicted tokens in the perplexity. */
  readonly tokens: number;
}

/** Front → engine: how likely the model finds tokens behind a prompt, each given the tokens before it. */
export const SCORE = request<ScoreParams, ScoreResult>('engine/score');
export interface ScoreParams {
  readonly prompt: readonly TokenId[];
  readonly expected: readonly TokenId[];
  /** As in `EngineGenerateParams`. */
  readonly purpose?: Purpose;
}
export interface ScoreResult {
  /** In the order of the expected tokens. */
  readonly tokens: readonly {
    /** The negative natural logarithm of the expected token's probability. */
    readonly nats: number;
    /** The likeliest token at this place. */
    readonly best: TokenId;
  }[];
}

/** Front → engine: measures the speed of prompts and decoding as llama-bench does. */
export const BENCH = request<BenchParams, BenchResult>('engine/bench');
export interface BenchParams {
  readonly promptTokens: number;
  readonly decodeTokens: number;
  /** The numbers of tokens that the context holds before a measurement. */
  readonly depths: readonly number[];
}
export interface BenchResult {
  readonly results: readonly {
    readonly test: 'prompt' | 'decode';
    readonly tokens: number;
    readonly depth: number;
    readonly tokensPerSecond: number;
  }[];
}
