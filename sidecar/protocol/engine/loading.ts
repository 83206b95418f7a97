import type { DeviceChoice, EngineChoice } from '../client.ts';
import type { TokenId } from './text.ts';
import { notification, request } from '../messages.ts';

/** Front → engine: loads a model in place of the loaded one. The engine reports progress by `LOAD_PROGRESS`. */
export const LOAD = request<LoadParams, LoadedModel>('engine/load');
export const LOAD_PROGRESS = notification<LoadProgress>('engine/loadProgress');
export interface LoadProgress {
  /** The loaded share of the model, 0 to 1. */
  readonly share: number;
}
export interface LoadParams {
  readonly modelPath: string;
  readonly engine: EngineChoice;
  readonly device: DeviceChoice;
  /** At most the number of cores. 0: chosen automatically. */
  readonly threads: number;
  /** 0: chosen from the model and the memory. */
  readonly contextSizeTokens: number;
  /** How much of a long context a sequence keeps: "full" (the default), "snapkv:2048", …. */
  readonly cache?: string;
  /** The file of low-rank experts that belongs to the model. Absent: none. */
  readonly experts?: string;
  /** The paths of low-rank adapters for the model, which all count. Absent: none. */
  readonly adapters?: readonly string[];
  /** The file of measurements of models for such a cache. Absent: each load measures again. */
  readonly headNeedsFile?: string;
}
/** A low-rank adapter that changes the loaded model. */
export interface LoadedAdapter {
  readonly name: string;
  readonly path: string;
  /** The number of low-rank experts in it: 1 for an adapter of llama.cpp. */
  readonly experts: number;
  /** Whether it belongs to the model. Absent: the user chose it. */
  readonly isOwn?: boolean;
}
export interface LoadedModel {
  readonly name: string;
  readonly path: string;
  readonly architecture: string;
  /** 'server': an OpenAI-compatible server on this or another machine. */
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
  /** How much of the context the model keeps or attends to, in the form of `--cache`. Absent: all of it. */
  readonly cache?: string;
  /** The low-rank adapters that change the model. Absent: none. */
  readonly adapters?: readonly LoadedAdapter[];
  readonly trainContextTokens: number;
  readonly special: SpecialTokens;
  /** The Jinja source in the model's file, if any. */
  readonly chatTemplate?: string;
  readonly supportsToolCalling: boolean;
  /** Whether a sequence can copy rows of another one (`copyFrom`). Absent: it cannot. */
  readonly copiesRows?: boolean;
  /** The scalars under `general.` and `tokenizer.ggml.` in the model's metadata that prompts depend on. */
  readonly metadata: Readonly<Record<string, string | number | boolean>>;
}
export interface SpecialTokens {
  readonly bos?: TokenId;
  readonly eos?: TokenId;
  readonly eot?: TokenId;
  readonly addBos: boolean;
  /** This and the next five come from GGUF metadata (`tokenizer.ggml.fim_pre_token_id`, …). */
  readonly fimPrefix?: TokenId;
  readonly fimSuffix?: TokenId;
  readonly fimMiddle?: TokenId;
  readonly fimPad?: TokenId;
  readonly fimRepo?: TokenId;
  readonly fimSeparator?: TokenId;
  /** All tokens that end a generation. */
  readonly endOfGeneration: readonly TokenId[];
}

/** Front → engine: unloads the model. */
export const UNLOAD = request<null, null>('engine/unload');

/**
 * Front → engine: returns the device that a choice means on this machine, and its free memory. Loads no model. A loaded
 * model's device comes before the choice.
 */
export const DEVICE_MEMORY = request<DeviceMemoryParams, DeviceMemory>('engine/deviceMemory');
export interface DeviceMemoryParams {
  readonly device: DeviceChoice;
}
export interface DeviceMemory {
  /** For example "CUDA (NVIDIA GeForce RTX 4090)" or "CPU". */
  readonly label: string;
  /** Absent if the processor runs models. */
  readonly gpu?: {
    readonly freeBytes: number;
    readonly totalBytes: number;
    /** The part of the GPU's memory that is also main memory. */
    readonly unifiedBytes: number;
  };
}

/** Front → engine: returns the engine's memory, context and recent speed. `null` while no model is loaded. */
export const STATISTICS = request<null, EngineStatistics | null>('engine/statistics');
export interface EngineStatistics {
  /** The memory of the engine process, on a GPU too. */
  readonly memoryBytes: number;
  /** The part of it on a GPU. */
  readonly deviceMemoryBytes: number;
  /** The tokens in the sequence of the last request. */
  readonly contextUsedTokens: number;
  /** The tokens of it whose keys and values are still in the KV cache, if not all. */
  readonly contextKeptTokens?: number;
  readonly contextSizeTokens: number;
  /** The decode speed of the last request that generated more than a few tokens. */
  readonly tokensPerSecond?: number;
  readonly promptTokensPerSecond?: number;
}

/** Engine → front: a line for the log, without any of the user's code. */
export const ENGINE_LOG = notification<EngineLogLine>('engine/log');
export interface EngineLogLine {
  readonly line: string;
}
