import type { DeviceChoice, EngineChoice } from '../client.ts';
import type { TokenId } from './text.ts';
import { notification, request } from '../messages.ts';

/** Front → engine: loads a model, replacing the one that is loaded. Progress by `LOAD_PROGRESS`. */
export const LOAD = request<LoadParams, LoadedModel>('engine/load');
export const LOAD_PROGRESS = notification<LoadProgress>('engine/loadProgress');
/** How much of the model is loaded. */
export interface LoadProgress {
  /** 0 to 1. */
  readonly share: number;
}
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
  /** Where it is kept what was measured of models for such a cache. Absent: it is measured at each load. */
  readonly headNeedsFile?: string;
}
export interface LoadedModel {
  readonly name: string;
  readonly path: string;
  readonly architecture: string;
  /** 'server': another machine's, or another program's. */
  readonly engine: 'chorus' | 'llama' | 'server';
  /** A label for people: "CUDA (NVIDIA GeForce RTX 4090)", "CPU". */
  readonly device: string;
  /** The kind of the device. Absent for a server's model. */
  readonly deviceKind?: Exclude<DeviceChoice, 'auto'>;
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

export const UNLOAD = request<null, null>('engine/unload');

/** Front → engine: what device a choice means here, and how much of its memory is free. Loads nothing. */
export const DEVICE_MEMORY = request<DeviceMemoryParams, DeviceMemory>('engine/deviceMemory');
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

/** Front → engine: what the engine did lately. */
export const STATISTICS = request<null, EngineStatistics | null>('engine/statistics');
export interface EngineStatistics {
  /** What the engine process holds, on a GPU too. */
  readonly memoryBytes: number;
  /** Of that what is on a GPU. */
  readonly deviceMemoryBytes: number;
  /** Tokens in the sequence used last. */
  readonly contextUsedTokens: number;
  /** Of these those whose keys and values are still there, where that is not all. */
  readonly contextKeptTokens?: number;
  readonly contextSizeTokens: number;
  /** Of the last request that generated more than a few tokens. */
  readonly tokensPerSecond?: number;
  readonly promptTokensPerSecond?: number;
}

/** Engine → front: a line for the log. Holds no code. */
export const ENGINE_LOG = notification<EngineLogLine>('engine/log');
export interface EngineLogLine {
  readonly line: string;
}
