import type { DeviceChoice } from '../protocol/client.ts';
import type { TokenId } from '../protocol/engine.ts';
import { request } from '../protocol/messages.ts';

/**
 * The contract between a process and the workshop, its child process. The wire is JSON-RPC over the child's IPC
 * channel.
 */

/** Parent → workshop: makes one mixture of dense models. Loads none; progress by `WORK_PROGRESS`. */
export const UPCYCLE = request<UpcycleParams, UpcycleResult>('workshop/upcycle');
export interface UpcycleParams {
  /** Absolute paths; each model becomes an expert. */
  readonly modelPaths: readonly string[];
  /** Absolute path. */
  readonly outputPath: string;
  /** Averages all weights: one dense model. */
  readonly dense: boolean;
  /** A dense model stays of its inputs' architecture. */
  readonly keepsArchitecture?: boolean;
  /** The result's name in its metadata, where the inputs are then its base models. Without: the first input's name. */
  readonly name?: string;
  /** Whether each attention expert has keys and values of its own, or all share the averages. */
  readonly cache: 'expert' | 'shared';
  /** Feed-forward experts that run for a token. */
  readonly expertsUsed: number;
  /** Of the feed-forward experts that run, and of attention experts where not all do. */
  readonly gateMode: 'faithful' | 'renormalised' | 'scaled';
  /** All attention experts by their gates, so many of them, or one attention of averaged weights. */
  readonly attention: 'soft' | 'average' | number;
  /** Of so many blocks the last has experts. */
  readonly interval: number;
  readonly gates:
    | { readonly kind: 'random'; readonly seed: number }
    | { readonly kind: 'hidden'; readonly prompts: readonly ExpertPrompts[]; readonly scale: number };
}
/** Texts that are an expert's, and texts that are not. */
export interface ExpertPrompts {
  readonly positive: readonly string[];
  readonly negative?: readonly string[];
}
export interface UpcycleResult {
  readonly outputPath: string;
  readonly experts: number;
  readonly parameterCount: number;
  readonly sizeBytes: number;
}

/** Parent → workshop: writes a model in other types. Loads none; progress by `WORK_PROGRESS`. */
export const QUANTIZE = request<QuantizeParams, QuantizeResult>('workshop/quantize');
export interface QuantizeParams {
  /** Absolute path. */
  readonly modelPath: string;
  /** Absolute path. */
  readonly outputPath: string;
  /** Of matrices: "Q8_0". */
  readonly type: string;
  /** Other types for some matrices; the first whose pattern finds a name counts. */
  readonly patterns: readonly TypePattern[];
  readonly calibration?: Calibration | undefined;
}

/** A text that the model runs on before it is rounded. */
export interface Calibration {
  readonly text: string;
  /** Of the text no more are used. */
  readonly maxTokens: number;
  readonly threads: number;
}
export interface TypePattern {
  /** A regular expression. */
  readonly pattern: string;
  readonly type: string;
}
export interface QuantizeResult {
  readonly outputPath: string;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** The largest first. */
  readonly types: readonly {
    readonly type: string;
    readonly tensors: number;
    readonly parameters: number;
    readonly bytes: number;
  }[];
  /** Tensors whose rows are no whole blocks of what was wanted. */
  readonly fallbacks: readonly {
    readonly tensor: string;
    readonly columns: number;
    readonly wanted: string;
    readonly type: string;
  }[];
  /** Tensors that were quantised before and got another type: they lost twice. */
  readonly requantised: number;
}

/** Parent → workshop: writes a model with fewer tokens. Loads none; progress by `WORK_PROGRESS`. */
export const TRIM = request<TrimParams, TrimResult>('workshop/trim');
export interface TrimParams {
  /** Absolute path. */
  readonly modelPath: string;
  /** Absolute path. */
  readonly outputPath: string;
  /** Tokens that stay, with bytes and special tokens. */
  readonly size: number;
  readonly texts: readonly TrimTexts[];
  /** Of each kind of text no more characters are counted. */
  readonly maxCharacters: number;
  /** Accepts a vocabulary without marks for gaps. */
  readonly withoutFillIn?: boolean;
}
/** Texts of one kind, such as one language. */
interface TrimTexts {
  readonly name: string;
  /** How much more tokens in this kind of text cost than in one of importance 1. */
  readonly importance: number;
  /** Absolute paths. */
  readonly files: readonly string[];
}
export interface TrimResult {
  readonly outputPath: string;
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** One matrix is embedding and output. */
  readonly tied: boolean;
  /** `moreShare`: 0.01 is one token in a hundred more than before. */
  readonly groups: readonly {
    readonly name: string;
    readonly importance: number;
    readonly tokens: number;
    readonly moreShare: number;
  }[];
}

/**
 * Parent → workshop: how well a model stands being quantised, and why. Loads it by itself; progress by `WORK_PROGRESS`.
 */
export const OUTLIERS = request<OutliersParams, OutliersResult>('workshop/outliers');
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

/** Parent → workshop: which rows of a context stay. Loads the model by itself; progress by `WORK_PROGRESS`. */
export const SELECT = request<SelectParams, SelectResult>('workshop/select');
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
