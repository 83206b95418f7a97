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
 * What runs a model: tokens in, tokens out. The front holds an `EngineProcess` behind this interface; inside the child
 * process each kind of engine (node-llama-cpp, Chorus's own graphs) implements the same one.
 */
export interface Engine {
  /** Loads a model in place of the one that is loaded. Throws `TroubleError`. */
  load(
    params: LoadParams,
    options?: { onProgress?: (share: number) => void; signal?: AbortSignal },
  ): Promise<LoadedModel>;
  unload(): Promise<void>;
  tokenize(text: string, options?: { special?: boolean }): Promise<readonly TokenId[]>;
  detokenize(tokens: readonly TokenId[], options?: { special?: boolean }): Promise<string>;
  /** The model's own chat template over messages. Throws `TroubleError` where the file has none that can be used. */
  chatTemplate(params: ChatTemplateParams): Promise<readonly TokenId[]>;
  /** Continues `params.tokens`; resolves with stopReason 'cancelled' when `signal` aborts. Throws `TroubleError`. */
  generate(
    params: Omit<EngineGenerateParams, 'requestId'>,
    options?: { onChunk?: (chunk: Omit<GenerateChunk, 'requestId'>) => void; signal?: AbortSignal },
  ): Promise<EngineGenerateResult>;
  releaseSequence(sequence: string): Promise<void>;
  /** Whether the sequence is still kept: others may have taken its place. */
  hasSequence?(sequence: string): Promise<boolean>;
  /** Texts that answers may go on like; none forgets the name. */
  setTexts?(params: SetTextsParams): Promise<void>;
  /** Writes the contexts that wait to be kept on disk. */
  keepContexts?(): Promise<void>;
  /** Removes a set of kept contexts, or all, and keeps nothing of the requests under way. */
  forgetContexts?(params: ForgetContextsParams): Promise<void>;
  /** Memory, context and speed, for the status; `undefined` while no model is loaded. */
  statistics?(): Promise<EngineStatistics | undefined>;
  /** The device of the model that is loaded, else the one that `device` means. Throws `TroubleError`. */
  deviceMemory?(device: DeviceChoice): Promise<DeviceMemory>;
  dispose(): Promise<void>;
}

/** The text side of an engine. */
export type TextEngine = Pick<Engine, 'tokenize' | 'detokenize'>;

/**
 * The one model that the sidecar has in memory, loaded on first use. Services ask it rather than the engine for what
 * they run on.
 */
export interface ModelSession {
  readonly engine: Engine;
  /** Changes as soon as another model is chosen, before it is loaded. Absent: the model stays. */
  readonly chosen?: string;
  /** The model in memory, if there is one. */
  readonly loaded?: LoadedModel | undefined;
  /**
   * Resolves when the chosen model is loaded; loads it on the first call. Rejects with the reason of `signal` when that
   * is aborted. Throws `TroubleError`.
   */
  model(signal?: AbortSignal): Promise<LoadedModel>;
}
