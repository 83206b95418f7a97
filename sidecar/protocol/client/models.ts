import type { ServerSettings } from './settings.ts';
import type { Trouble } from './status.ts';
import { request, type NoParams } from '../messages.ts';

/** Client → server request: GGUF files that this machine already has. */
export const LOCAL_MODELS_REQUEST = request<NoParams, readonly LocalModel[]>('chorus/localModels');
export interface LocalModel {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly source: 'lm-studio' | 'ollama' | 'llama.cpp' | 'chorus' | 'bundled';
}

/**
 * Client → server request: the models that an OpenAI-compatible server offers, before it is chosen. Sends the server
 * nothing but the key.
 */
export const SERVER_MODELS_REQUEST = request<ServerModelsParams, readonly ServerModel[]>('chorus/serverModels');
export type ServerModelsParams = Pick<ServerSettings, 'url' | 'key' | 'allowHttp'>;
export interface ServerModel {
  readonly id: string;
  /** Where the server says it. */
  readonly contextSizeTokens?: number;
}

/**
 * Client → server request: the models that are here and those worth having, with what this machine can do with each.
 */
export const SHELF_REQUEST = request<NoParams, ShelfResult>('chorus/shelf');
export interface ShelfResult {
  readonly entries: readonly ShelfEntry[];
  /** The user's catalogue can't be used; the built-in one is. */
  readonly catalogueTrouble?: Trouble;
}
/** A kind of thing to choose, each with what a list shows of it. */
export type ShelfEntry = LocalShelfEntry | CatalogueShelfEntry;

/** A file on this machine. */
export interface LocalShelfEntry {
  readonly kind: 'local';
  readonly model: LocalModel;
  /** It is the one that answers, or would where it is not in memory. */
  readonly isChosen: boolean;
  /** Chorus downloaded or imported it, and may remove it. */
  readonly isRemovable: boolean;
}

/** A model that can be downloaded. */
export interface CatalogueShelfEntry {
  readonly kind: 'catalogue';
  readonly id: string;
  readonly name: string;
  readonly publisher: string;
  /** Where to read more. */
  readonly page: string;
  readonly parameters: number;
  /** That a token uses, where it is not all. */
  readonly activeParameters?: number;
  readonly contextTokens: number;
  readonly completesInTheMiddle: boolean;
  readonly answers: boolean;
  /** Human languages, as BCP 47 tags. */
  readonly languages: readonly string[];
  readonly licence: { readonly name: string; readonly url?: string; readonly commercialUse: boolean };
  readonly engine: 'chorus' | 'llama';
  readonly quantisations: readonly ShelfQuantisation[];
}
export interface ShelfQuantisation {
  /** "Q4_K_M" */
  readonly type: string;
  /** About. */
  readonly sizeBytes: number;
  readonly plan: ShelfPlan;
  /** The one of the whole shelf to take first on this machine. */
  readonly isRecommended: boolean;
  /** What is here of it: nothing, a part of which `receivedBytes` are there, or the model at `path`. */
  readonly state: 'absent' | 'partial' | 'downloading' | 'present';
  readonly receivedBytes?: number;
  readonly path?: string;
}
/** What of a model would run where, estimated before it is here. */
export interface ShelfPlan {
  /** All on the GPU; shared by GPU and processor; on the processor; nowhere. */
  readonly fit: 'gpu' | 'shared' | 'cpu' | 'none';
  readonly neededBytes: number;
  readonly contextSizeTokens?: number;
  /** While it writes; about, from how fast this machine's memory is. */
  readonly tokensPerSecond?: number;
  readonly speed: 'quick' | 'moderate' | 'slow';
}

/**
 * Client → server request: downloads a model of the shelf. Streams `DownloadProgress`. Clients that ask for the same
 * share one; cancelled by all, it is paused. Fails with `ServerCancelled` where the model is removed meanwhile.
 */
export const DOWNLOAD_REQUEST = request<DownloadParams, DownloadResult, DownloadProgress>('chorus/downloadModel');
export interface DownloadParams {
  readonly partialResultToken?: string | number;
  readonly id: string;
  /** `type` of one of its quantisations. Absent: the recommended, else the first that fits. */
  readonly quantisation?: string;
}
export interface DownloadProgress {
  /** 'waiting': the server does not answer; it is asked again. */
  readonly state: 'downloading' | 'waiting' | 'verifying';
  readonly receivedBytes: number;
  readonly totalBytes: number;
}
export interface DownloadResult {
  readonly path: string;
  /**
   * Whether what was downloaded has the SHA-256 that the catalogue or the server states; false: neither states one.
   * Absent where nothing was downloaded.
   */
  readonly isVerified?: boolean;
}

/**
 * Client → server request: copies a GGUF file, with all its parts, to where downloaded models are kept. Answers
 * `DownloadResult`. Streams `DownloadProgress`.
 */
export const IMPORT_MODEL_REQUEST = request<ImportModelParams, DownloadResult, DownloadProgress>('chorus/importModel');
export interface ImportModelParams {
  readonly partialResultToken?: string | number;
  readonly path: string;
}

/** Client → server request: removes a model that Chorus downloaded or imported, or what was downloaded of one. */
export const REMOVE_MODEL_REQUEST = request<RemoveModelParams, null>('chorus/removeModel');
export type RemoveModelParams = { readonly path: string } | { readonly id: string; readonly quantisation: string };

/**
 * Client → server request: installs NVIDIA's libraries, for a machine that has its driver and runtime. Streams
 * `DownloadProgress` of each package; cancelled, it is paused.
 */
export const INSTALL_CUDA_REQUEST = request<InstallCudaParams, null, DownloadProgress>('chorus/installCuda');
export interface InstallCudaParams {
  readonly partialResultToken?: string | number;
}
