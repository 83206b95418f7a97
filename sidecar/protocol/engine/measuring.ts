import type { TokenId } from './text.ts';
import { request } from '../messages.ts';

/** Front → engine: writes the logits of each token, teacher-forced, as rows of little-endian float32. */
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

/** Front → engine: perplexity of a text by llama.cpp's protocol; the second half of each chunk counts. */
export const PERPLEXITY = request<PerplexityParams, PerplexityResult>('engine/perplexity');
export interface PerplexityParams {
  readonly text: string;
  readonly contextTokens: number;
}
export interface PerplexityResult {
  readonly perplexity: number;
  readonly chunks: number;
  /** That counted. */
  readonly tokens: number;
}

/** Front → engine: speed, in the meaning of llama-bench. */
export const BENCH = request<BenchParams, BenchResult>('engine/bench');
export interface BenchParams {
  readonly promptTokens: number;
  readonly decodeTokens: number;
  /** Tokens that the context holds before. */
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
