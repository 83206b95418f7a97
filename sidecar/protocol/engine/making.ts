/** Engine → parent: how far the making of a model is. */
export const MAKING_PROGRESS = 'engine/makingProgress';
export interface MakingProgress {
  readonly step: string;
  /** 0 to 1. */
  readonly share: number;
}

/** Parent → engine: makes one mixture of dense models. Loads none; progress by `MAKING_PROGRESS`. */
export const UPCYCLE = 'engine/upcycle';
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
  readonly gates: { readonly kind: 'random'; readonly seed: number } | { readonly kind: 'hidden'; readonly prompts: readonly ExpertPrompts[]; readonly scale: number };
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

/** Parent → engine: writes a model in other types. Loads none; progress by `MAKING_PROGRESS`. */
export const QUANTIZE = 'engine/quantize';
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
  readonly types: readonly { readonly type: string; readonly tensors: number; readonly parameters: number; readonly bytes: number }[];
  /** Tensors whose rows are no whole blocks of what was wanted. */
  readonly fallbacks: readonly { readonly tensor: string; readonly columns: number; readonly wanted: string; readonly type: string }[];
  /** Tensors that were quantised before and got another type: they lost twice. */
  readonly requantised: number;
}

/** Parent → engine: writes a model with fewer tokens. Loads none; progress by `MAKING_PROGRESS`. */
export const TRIM = 'engine/trim';
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
export interface TrimTexts {
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
  readonly groups: readonly { readonly name: string; readonly importance: number; readonly tokens: number; readonly moreShare: number }[];
}
