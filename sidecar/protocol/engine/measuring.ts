import type { DeviceChoice } from '../client.ts';
import type { TokenId } from './text.ts';

/** Front → engine: writes the logits of each token, teacher-forced, as rows of little-endian float32. */
export const LOGITS = 'engine/logits';
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
export const PERPLEXITY = 'engine/perplexity';
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
export const BENCH = 'engine/bench';
export interface BenchParams {
  readonly promptTokens: number;
  readonly decodeTokens: number;
  /** Tokens that the context holds before. */
  readonly depths: readonly number[];
}
export interface BenchResult {
  readonly results: readonly { readonly test: 'prompt' | 'decode'; readonly tokens: number; readonly depth: number; readonly tokensPerSecond: number }[];
}

/** Parent → engine: how well a model stands being quantised, and why. Loads it by itself; progress by `MAKING_PROGRESS`. */
export const OUTLIERS = 'engine/outliers';
export interface OutliersParams {
  /** Absolute path. */
  readonly modelPath: string;
  readonly sample: string;
  /** Of the sample no more is used. */
  readonly maxTokens: number;
  /** Tokens of a chunk. */
  readonly contextTokens: number;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  /** 0 chooses. */
  readonly threads: number;
}
export interface OutliersResult {
  readonly modelPath: string;
  /** That were predicted, and the bytes of their text. */
  readonly tokens: number;
  readonly bytes: number;
  /** "float", then by bits of weights and activations: "W8A8", "W8", "W4", "W4A8". `change` is a share of the first. */
  readonly evaluations: readonly { readonly name: string; readonly bitsPerByte: number; readonly change: number }[];
  /** What enters each linear layer, of each layer in order; several matrices may share it. */
  readonly inputs: readonly {
    readonly matrices: readonly string[];
    /** Excess over a normal distribution's. */
    readonly kurtosis: number;
    readonly rms: number;
    /** The largest magnitude by the root mean square. */
    readonly largest: number;
    /** Root mean square of what eight bits with one scale a token change, and its share of the root mean square. */
    readonly roundingError: number;
    readonly relativeError: number;
  }[];
  readonly norms: readonly { readonly name: string; readonly mean: number; readonly spread: number }[];
  readonly matrices: readonly { readonly name: string; readonly spectralNorm: number }[];
}

/** Parent → engine: which rows of a context stay. Loads the model by itself; progress by `MAKING_PROGRESS`. */
export const SELECT = 'engine/select';
export interface SelectParams {
  /** Absolute path. */
  readonly modelPath: string;
  readonly context: { readonly text: string } | { readonly tokens: readonly TokenId[] };
  /** "snapkv:512,window=64,kernel=7,pool=avg" */
  readonly cache: string;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  /** 0 chooses. */
  readonly threads: number;
}
export interface SelectResult {
  readonly tokens: number;
  /** Of each layer and KV head the rows that it keeps, ascending. */
  readonly layers: readonly { readonly heads: readonly (readonly number[])[] }[];
}
