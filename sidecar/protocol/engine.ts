/**
 * The contract between the sidecar's front and the engine, its child process: tokens in, tokens out.
 *
 * The wire is JSON-RPC over the child's IPC channel. Cancellation is JSON-RPC's `$/cancelRequest`. The engine process may die at any
 * moment (ggml aborts on what it does not accept): every pending request then fails with `EngineCrashedError` in the front.
 */
import type { DeviceChoice, EngineChoice, TroubleCode } from './client.ts';

export type TokenId = number;

/** Front → engine: loads a model, replacing the one that is loaded. Progress by `LOAD_PROGRESS`. */
export const LOAD = 'engine/load';
export const LOAD_PROGRESS = 'engine/loadProgress';
export interface LoadParams {
  readonly modelPath: string;
  readonly engine: EngineChoice;
  readonly device: DeviceChoice;
  /** 0 chooses: never above the cores. */
  readonly threads: number;
  /** 0 chooses from the model and the memory. */
  readonly contextSizeTokens: number;
  /** What of a long context a sequence keeps: "full" (the default), "snapkv:2048", …. */
  readonly cache?: string;
}
export interface LoadedModel {
  readonly name: string;
  readonly path: string;
  readonly architecture: string;
  /** 'server': another machine's, or another program's. */
  readonly engine: 'chorus' | 'llama' | 'server';
  readonly device: string;
  readonly deviceReasons: readonly string[];
  readonly engineLimits: readonly string[];
  readonly sizeBytes: number;
  /** As in `EngineStatistics`. */
  readonly memoryBytes: number;
  readonly deviceMemoryBytes: number;
  readonly threads: number;
  readonly vocabularySize: number;
  readonly contextSizeTokens: number;
  /** What is kept or attended of it, as `--cache` takes it. Absent: all. */
  readonly cache?: string;
  readonly trainContextTokens: number;
  readonly special: SpecialTokens;
  /** Jinja source, if the file carries one. */
  readonly chatTemplate?: string;
  readonly supportsToolCalling: boolean;
  /** Whether a sequence can copy from another what it holds (`copyFrom`). Absent: it can't. */
  readonly copiesRows?: boolean;
  /** `general.*` and `tokenizer.ggml.*` scalars that prompts depend on (`general.name`, `tokenizer.ggml.pre`, …). */
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}
export interface SpecialTokens {
  readonly bos?: TokenId;
  readonly eos?: TokenId;
  readonly eot?: TokenId;
  readonly addBos: boolean;
  /** From GGUF metadata (`tokenizer.ggml.fim_pre_token_id`, …). */
  readonly fimPrefix?: TokenId;
  readonly fimSuffix?: TokenId;
  readonly fimMiddle?: TokenId;
  readonly fimPad?: TokenId;
  readonly fimRepo?: TokenId;
  readonly fimSeparator?: TokenId;
  /** All tokens that end a generation. */
  readonly endOfGeneration: readonly TokenId[];
}

export const UNLOAD = 'engine/unload';

/** Front → engine: what device a choice means here, and how much of its memory is free. Loads nothing. */
export const DEVICE_MEMORY = 'engine/deviceMemory';
export interface DeviceMemoryParams {
  readonly device: DeviceChoice;
}
export interface DeviceMemory {
  /** "CUDA (NVIDIA GeForce RTX 4090)", "CPU" */
  readonly label: string;
  /** Absent where the processor runs models. */
  readonly gpu?: {
    readonly freeBytes: number;
    readonly totalBytes: number;
    /** What of its memory is main memory too. */
    readonly unifiedBytes: number;
  };
}

/** Front → engine. `special`: whether text such as `<|im_start|>` becomes the special token. */
export const TOKENIZE = 'engine/tokenize';
export interface TokenizeParams {
  readonly text: string;
  readonly special: boolean;
}
export interface TokenizeResult {
  readonly tokens: readonly TokenId[];
}

export const DETOKENIZE = 'engine/detokenize';
export interface DetokenizeParams {
  readonly tokens: readonly TokenId[];
  readonly special: boolean;
}
export interface DetokenizeResult {
  readonly text: string;
}

/** Front → engine: the model's own chat template (Jinja) over messages. Answers `TokenizeResult`. */
export const CHAT_TEMPLATE = 'engine/chatTemplate';
export interface ChatTemplateParams {
  readonly messages: readonly TemplateMessage[];
  readonly tools?: readonly object[];
  /** Adds the header of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
}
export interface TemplateMessage {
  readonly role: string;
  readonly content: string;
  readonly tool_calls?: readonly object[];
  readonly tool_call_id?: string;
}

export interface NgramParams {
  /** Of the texts. */
  readonly version: string;
  /** The last tokens of the text that is gone on with: a prompt may end with what stands behind the gap. */
  readonly before: readonly TokenId[];
}

/**
 * Front → engine: continues `tokens`. Streams `GenerateChunk` by the notification `GENERATE_CHUNK`.
 * The engine reuses the longest common prefix with what the sequence holds.
 */
export const GENERATE = 'engine/generate';
export const GENERATE_CHUNK = 'engine/generateChunk';
export interface EngineGenerateParams {
  /** Chosen by the front, unique per request; chunks carry it. */
  readonly requestId: number;
  /** Requests of one name share a sequence and its cache ("completion", "chat:<id>"). Run one after another. */
  readonly sequence: string;
  /** Another sequence of the same owner: what it holds of the prompt is copied. Where there is no room for both, that one is used itself. */
  readonly copyFrom?: string;
  /** Has a place only where nobody loses one for it, and loses it before others do; without one the request ends at once, with stopReason 'timeout'. For priority 'background'. */
  readonly isSpare?: boolean;
  /** Name of the texts that the answer may go on like (`SET_TEXTS`): guesses are taken from them, which the model checks. */
  readonly texts?: string;
  /** Has the n-grams of these texts count beside the model, where they are those of this version. Of Chorus's own engine alone. */
  readonly ngrams?: NgramParams;
  /** A completion preempts a chat between two tokens, a chat preempts background work. */
  readonly priority: Priority;
  readonly tokens: readonly TokenId[];
  readonly maxTokens: number;
  readonly sampling: SamplingParams;
  /** Token healing: the generated text must begin with this (the text of the tokens taken back from the prompt's end). It is part of the output. */
  readonly requiredPrefix?: string;
  /** GBNF that constrains the output; not together with `requiredPrefix`. */
  readonly grammar?: string;
  /** JSON Schema that constrains the output. */
  readonly jsonSchema?: object;
  /** Texts that end the generation; not part of the output. */
  readonly stop?: readonly string[];
  /** Ends the generation after this long, with what it has. */
  readonly timeoutMs?: number;
  /** Also give the text of special tokens. */
  readonly special?: boolean;
  /** On half the threads, since the machine is to be spared. */
  readonly quiet?: boolean;
  /** Where the evaluated context is kept and looked for; absent: nowhere but in memory. */
  readonly contextSet?: ContextSet;
}
/** Evaluated contexts on disk that serve one another: one workspace's. */
export interface ContextSet {
  /** Of all sets. Absolute path. */
  readonly folder: string;
  /** A folder in it. */
  readonly name: string;
  /** Of all sets together. */
  readonly maxBytes: number;
}
export type Priority = 'completion' | 'chat' | 'background';
export interface SamplingParams {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly repeatPenalty?: number;
  readonly seed?: number;
}
export interface GenerateChunk {
  readonly requestId: number;
  readonly tokens: readonly TokenId[];
  /** Complete characters only: a character split over tokens comes with its last one. */
  readonly text: string;
}
export interface EngineGenerateResult {
  readonly tokens: readonly TokenId[];
  readonly text: string;
  readonly stopReason: 'end' | 'stop' | 'length' | 'cancelled' | 'timeout' | 'context-full';
  /** The sequence that was used; absent where the request got none. */
  readonly sequence?: string;
  readonly reusedTokens: number;
  /** Of those reused, the ones that were read from disk. */
  readonly restoredTokens?: number;
  readonly evaluatedTokens: number;
  readonly promptMs: number;
  readonly generateMs: number;
}

/** Front → engine: forgets a sequence's cache. */
export const RELEASE_SEQUENCE = 'engine/releaseSequence';
export interface ReleaseSequenceParams {
  readonly sequence: string;
}

/** Front → engine: whether a sequence is still kept. The answer is a boolean. */
export const HAS_SEQUENCE = 'engine/hasSequence';
export type HasSequenceParams = ReleaseSequenceParams;

/** Front → engine: texts that answers may go on like, as tokens, the best last, under a name; in place of those before, and none at all takes them away. */
export const SET_TEXTS = 'engine/setTexts';
export interface SetTextsParams {
  readonly name: string;
  /** Told again by requests that ask for just these. */
  readonly version: string;
  readonly texts: readonly (readonly TokenId[])[];
}
/** Of one name; the best are kept. */
export const MAX_TEXT_TOKENS = 65_536;

/** Front → engine: writes the contexts that wait to be kept on disk, because the process is about to end. Answers when they are written. */
export const KEEP_CONTEXTS = 'engine/keepContexts';

/** Front → engine: removes a set of contexts from disk, or without a name all sets; requests under way will not be kept. */
export const FORGET_CONTEXTS = 'engine/forgetContexts';
export type ForgetContextsParams = Pick<ContextSet, 'folder'> & Partial<Pick<ContextSet, 'name'>>;

/** Engine → front: a line for the log. Holds no code. */
export const ENGINE_LOG = 'engine/log';
export interface EngineLogLine {
  readonly line: string;
}

/** Front → engine: what the engine did lately. */
export const STATISTICS = 'engine/statistics';
export interface EngineStatistics {
  /** What the engine process holds, on a GPU too. */
  readonly memoryBytes: number;
  /** Of that what is on a GPU. */
  readonly deviceMemoryBytes: number;
  /** Tokens in the sequence used last. */
  readonly contextUsedTokens: number;
  readonly contextSizeTokens: number;
  /** Of the last request that generated more than a few tokens. */
  readonly tokensPerSecond?: number;
  readonly promptTokensPerSecond?: number;
}

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

/** Which speech model to run, and where. A model that runs already is not loaded again. */
export interface SpeechModelParams {
  /** Absolute path of a `ggml-*.bin` of whisper.cpp. */
  readonly modelPath: string;
  readonly device: Exclude<DeviceChoice, 'auto'>;
  /** 0 chooses. */
  readonly threads: number;
}

/** Parent → engine: writes down what is said in a file. Segments come by `TRANSCRIBED`, progress by `MAKING_PROGRESS`. */
export const TRANSCRIBE = 'engine/transcribe';
export interface TranscribeParams {
  readonly model: SpeechModelParams;
  /** Absolute path of a WAV file. */
  readonly soundPath: string;
  /** BCP 47 tag, or "auto". */
  readonly language: string;
  /** Beginning with one decodes greedily; others follow where the result is unlikely or repeats itself. Absent: Whisper's. */
  readonly temperatures?: readonly number[];
  /** Texts that are followed at once, 1 to 8; 1 is greedy. Default 1. */
  readonly beamSize?: number;
  /** In words and small letters: they become likelier. */
  readonly phrases?: readonly string[];
  /** Tells the decoder the text so far. */
  readonly withContext: boolean;
  /** Leaves out what stands where nobody speaks. */
  readonly onlySpeech: boolean;
  /** Reads little of the silence behind the sound: a short recording is done sooner, and a few words differ. */
  readonly briefWindows?: boolean;
}
export interface TranscribeResult {
  /** Of the sound. */
  readonly durationSeconds: number;
  /** What transcribing took, without loading the model. */
  readonly elapsedSeconds: number;
}
/** Engine → parent: a segment, in order of time. */
export const TRANSCRIBED = 'engine/transcribed';
export interface TranscriptSegment {
  readonly startSeconds: number;
  readonly endSeconds: number;
  readonly text: string;
}

/** Parent → engine: gets ready to write down sound that comes in pieces; forgets what came before. Answers when the model is loaded. */
export const BEGIN_DICTATION = 'engine/beginDictation';
export interface BeginDictationParams {
  readonly model: SpeechModelParams;
  /** BCP 47 tag, or "auto". */
  readonly language: string;
  /** Of the last reading, as in `TranscribeParams`. */
  readonly beamSize?: number;
  readonly phrases?: readonly string[];
}
/** Parent → engine, notification: sound at 16 kHz. May come before `BEGIN_DICTATION` is answered. */
export const DICTATION_SOUND = 'engine/dictationSound';
export interface DictationSound {
  /** 16-bit samples, little-endian, in base64. */
  readonly samples: string;
}
/** Parent → engine: what was said so far. */
export const READ_DICTATION = 'engine/readDictation';
export interface ReadDictationParams {
  /** No more comes: it is decoded with care. */
  readonly isFinal: boolean;
}
export interface DictationReading {
  readonly text: string;
  readonly hasSpeech: boolean;
  /** Since somebody spoke last, or since the beginning. */
  readonly silenceSeconds: number;
}

/** `ResponseError.data` of a failed engine request. */
export interface EngineErrorData {
  readonly code: TroubleCode;
  readonly detail?: string;
}
/** JSON-RPC error code of every engine failure that is the input's fault. */
export const ENGINE_ERROR = -32010;
