import type { DeviceChoice } from '../protocol/client.ts';
import type {
  ChatTemplateParams,
  DeviceMemory,
  EngineGenerateParams,
  EngineGenerateResult,
  EngineStatistics,
  ForgetContextsParams,
  GenerateChunk,
  LoadedModel,
  LoadParams,
  SetTextsParams,
  TokenId,
} from '../protocol/engine.ts';

/**
 * Runs a model: tokens in, tokens out. In the front an `EngineProcess` implements it, in the engine's process
 * `LocalEngine`.
 */
export interface Engine {
  /** Loads a model and unloads the previous one. Rejects with `TroubleError`. */
  load(
    params: LoadParams,
    options?: { onProgress?: (share: number) => void; signal?: AbortSignal },
  ): Promise<LoadedModel>;
  unload(): Promise<void>;
  tokenize(text: string, options?: { special?: boolean }): Promise<readonly TokenId[]>;
  detokenize(tokens: readonly TokenId[], options?: { special?: boolean }): Promise<string>;
  /** Applies the model's chat template to messages. Rejects with `TroubleError` if the file has no usable template. */
  chatTemplate(params: ChatTemplateParams): Promise<readonly TokenId[]>;
  /** Continues `params.tokens`. An aborted `signal` gives stopReason 'cancelled'. Rejects with `TroubleError`. */
  generate(
    params: Omit<EngineGenerateParams, 'requestId'>,
    options?: { onChunk?: (chunk: Omit<GenerateChunk, 'requestId'>) => void; signal?: AbortSignal },
  ): Promise<EngineGenerateResult>;
  releaseSequence(sequence: string): Promise<void>;
  /** Whether the sequence is still kept. Another name may have taken its slot. */
  hasSequence?(sequence: string): Promise<boolean>;
  /** Sets the texts of a name that answers may continue like; no texts forget the name. */
  setTexts?(params: SetTextsParams): Promise<void>;
  /** Writes the contexts that wait for the disk. */
  keepContexts?(): Promise<void>;
  /** Removes a set of kept contexts, or all sets, and keeps no context of running requests in it. */
  forgetContexts?(params: ForgetContextsParams): Promise<void>;
  /** Returns memory, context and speed for the status; `undefined` while no model is loaded. */
  statistics?(): Promise<EngineStatistics | undefined>;
  /** Describes the loaded model's device, or without a model the chosen one. Rejects with `TroubleError`. */
  deviceMemory?(device: DeviceChoice): Promise<DeviceMemory>;
  dispose(): Promise<void>;
}

/** The text side of an engine. */
export type TextEngine = Pick<Engine, 'tokenize' | 'detokenize'>;

/** The one model that the sidecar has in memory, loaded on first use. Services get their model here. */
export interface ModelSession {
  readonly engine: Engine;
  /** Identifies the chosen model. It changes before another model is loaded. Absent: the model never changes. */
  readonly chosen?: string;
  /** The model in memory. */
  readonly loaded?: LoadedModel | undefined;
  /**
   * Resolves when the chosen model is loaded. The first call loads it. Rejects with the reason of an aborted `signal`,
   * or with `TroubleError`.
   */
  model(signal?: AbortSignal): Promise<LoadedModel>;
}
