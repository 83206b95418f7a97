import type { MixtureForm } from '../models/adapters/expertMixture.ts';
import type { DeviceChoice } from '../protocol/client.ts';
import type { TokenId } from '../protocol/engine.ts';
import { request } from '../protocol/messages.ts';

/** The contract between a process and the workshop, its child process. It is JSON-RPC over the child's IPC channel. */

/** Parent → workshop: makes a mixture of dense models. Loads none; progress by `WORK_PROGRESS`. */
export const UPCYCLE = request<UpcycleParams, UpcycleResult>('workshop/upcycle');
export interface UpcycleParams {
  /** Absolute paths. Each model becomes an expert. */
  readonly modelPaths: readonly string[];
  /** Absolute path. */
  readonly outputPath: string;
  /** Averages all weights into a dense model. */
  readonly dense: boolean;
  /** A dense model keeps the architecture of its inputs. */
  readonly keepsArchitecture?: boolean;
  /**
   * The result's name in its metadata. The inputs are then listed as its base models. Default: the first input's name.
   */
  readonly name?: string;
  /** Whether each attention expert has its own keys and values, or all share the averages. */
  readonly cache: 'expert' | 'shared';
  /** How many feed-forward experts run for a token. */
  readonly expertsUsed: number;
  /** The gates of the feed-forward experts that run, and of attention experts if not all run. */
  readonly gateMode: 'faithful' | 'renormalised' | 'scaled';
  /** All attention experts by their gates ('soft'), this number of them, or a single attention of averaged weights. */
  readonly attention: 'soft' | 'average' | number;
  /** Only the last of each `interval` blocks has experts. */
  readonly interval: number;
  readonly gates:
    | { readonly kind: 'random'; readonly seed: number }
    | { readonly kind: 'hidden'; readonly prompts: readonly ExpertPrompts[]; readonly scale: number };
}
/** Texts that belong to an expert, and texts that do not. */
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

/** Parent → workshop: makes a mixture of low-rank experts of one model. Progress by `WORK_PROGRESS`. */
export const UPCYCLE_LOW_RANK = request<LowRankUpcycleParams, LowRankUpcycleResult>('workshop/upcycleLowRank');
export interface LowRankUpcycleParams {
  /** Absolute path of the model that the experts change. */
  readonly basePath: string;
  /** Absolute path. */
  readonly outputPath: string;
  /** The result's name in its metadata. Default: its file name. */
  readonly name?: string;
  /** From expert 1 on; expert 0 is the model alone. Absolute paths of adapters or models. */
  readonly experts: readonly { readonly name: string; readonly path: string }[];
  /** The rank of experts that are made from models. */
  readonly rank: number;
  /** How many experts count for a token, expert 0 among them. 0: all. */
  readonly expertsUsed: number;
  /** The gates of the experts that count, if not all do. */
  readonly gateMode: 'faithful' | 'renormalised' | 'scaled';
  /** Whether experts change the projections of one attention, or each attends with its own queries. */
  readonly form: MixtureForm;
  readonly gates:
    | { readonly kind: 'zero' }
    | { readonly kind: 'random'; readonly seed: number }
    | {
        readonly kind: 'closed-form';
        /** Of each expert, expert 0 first, which may have none. */
        readonly texts: readonly ExpertTexts[];
        /** The most tokens of an expert, and of a text. */
        readonly maxTokens: number;
        readonly maxTextTokens: number;
        readonly lambda: number;
        readonly temperature: number;
      };
}
/** The texts of a low-rank expert. */
export interface ExpertTexts {
  readonly name: string;
  /** Absolute paths. */
  readonly files: readonly string[];
}
export interface LowRankUpcycleResult {
  readonly outputPath: string;
  /** Expert 0, "base", comes first. The texts and tokens are those that routers were made from. */
  readonly experts: readonly {
    readonly name: string;
    readonly texts: number;
    readonly tokens: number;
    /** Of a model: the share of its matrices' squared change that is kept, and changed tensors that are left out. */
    readonly change?: { readonly keptShare: number; readonly lostTensors: readonly string[] };
  }[];
  /** The number of blocks with a router. */
  readonly blocks: number;
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
  /** The type of matrices, such as "Q8_0". */
  readonly type: string;
  /** Other types for some matrices. The first pattern that matches a name counts. */
  readonly patterns: readonly TypePattern[];
  readonly calibration?: Calibration | undefined;
}

/** A text that the model reads before it is rounded. */
export interface Calibration {
  readonly text: string;
  /** The maximum number of tokens of the text. */
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
  /** Sorted by size, the largest first. */
  readonly types: readonly {
    readonly type: string;
    readonly tensors: number;
    readonly parameters: number;
    readonly bytes: number;
  }[];
  /** Tensors whose rows are not whole blocks of the wanted type. */
  readonly fallbacks: readonly {
    readonly tensor: string;
    readonly columns: number;
    readonly wanted: string;
    readonly type: string;
  }[];
  /** Tensors that were quantised before and got another type, so that they lost precision twice. */
  readonly requantised: number;
}

/** Parent → workshop: writes a model with fewer tokens. Loads none; progress by `WORK_PROGRESS`. */
export const TRIM = request<TrimParams, TrimResult>('workshop/trim');
export interface TrimParams {
  /** Absolute path. */
  readonly modelPath: string;
  /** Absolute path. */
  readonly outputPath: string;
  /** The number of kept tokens, including bytes and special tokens. */
  readonly size: number;
  readonly texts: readonly TrimTexts[];
  /** The maximum number of characters to count in each kind of text. */
  readonly maxCharacters: number;
  /** Accepts a vocabulary without fill-in-the-middle marks. */
  readonly withoutFillIn?: boolean;
}
/** Texts of a kind, such as a language. */
interface TrimTexts {
  readonly name: string;
  /** The cost of additional tokens in this kind of text, relative to a kind of importance 1. */
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
  /** Whether a single matrix is embedding and output. */
  readonly tied: boolean;
  /** `moreShare` of 0.01 means 1 % more tokens than before. */
  readonly groups: readonly {
    readonly name: string;
    readonly importance: number;
    readonly tokens: number;
    readonly moreShare: number;
  }[];
}

/**
 * Parent → workshop: measures how well a model can be quantised, and why. Loads the model itself; progress by
 * `WORK_PROGRESS`.
 */
export const OUTLIERS = request<OutliersParams, OutliersResult>('workshop/outliers');
export interface OutliersParams {
  /** Absolute path. */
  readonly modelPath: string;
  readonly sample: string;
  /** The maximum number of tokens of the sample. */
  readonly maxTokens: number;
  /** The tokens of a chunk. */
  readonly contextTokens: number;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  /** 0 means automatic. */
  readonly threads: number;
}
export interface OutliersResult {
  readonly modelPath: string;
  /** The number of predicted tokens, and the bytes of their text. */
  readonly tokens: number;
  readonly bytes: number;
  /**
   * "float", then by bits of weights and activations: "W8A8", "W8", "W4", "W4A8". `change` is relative to the first.
   */
  readonly evaluations: readonly { readonly name: string; readonly bitsPerByte: number; readonly change: number }[];
  /** The inputs of the linear layers, in order of layers. Several matrices may share an input. */
  readonly inputs: readonly {
    readonly matrices: readonly string[];
    /** Excess kurtosis over a normal distribution. */
    readonly kurtosis: number;
    readonly rms: number;
    /** The largest magnitude divided by the root mean square. */
    readonly largest: number;
    /** The root mean square error of rounding to eight bits per token, and its share of the root mean square. */
    readonly roundingError: number;
    readonly relativeError: number;
  }[];
  readonly norms: readonly { readonly name: string; readonly mean: number; readonly spread: number }[];
  readonly matrices: readonly { readonly name: string; readonly spectralNorm: number }[];
}

/** Parent → workshop: selects the rows of a context that stay. Loads the model itself; progress by `WORK_PROGRESS`. */
export const SELECT = request<SelectParams, SelectResult>('workshop/select');
export interface SelectParams {
  /** Absolute path. */
  readonly modelPath: string;
  readonly context: { readonly text: string } | { readonly tokens: readonly TokenId[] };
  /** "snapkv:512,window=64,kernel=7,pool=avg" */
  readonly cache: string;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  /** 0 means automatic. */
  readonly threads: number;
}
export interface SelectResult {
  readonly tokens: number;
  /** The rows that each layer and KV head keeps, ascending. */
  readonly layers: readonly { readonly heads: readonly (readonly number[])[] }[];
}
