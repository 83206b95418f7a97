import type { ServerSettings } from './settings.ts';
import type { Trouble } from './status.ts';
import { request, type NoParams } from '../messages.ts';

/** Client → server request: lists the GGUF files on this machine. */
export const LOCAL_MODELS_REQUEST = request<NoParams, readonly LocalModel[]>('chorus/localModels');
export interface LocalModel {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly source: 'lm-studio' | 'ollama' | 'llama.cpp' | 'chorus' | 'bundled';
}

/**
 * Client → server request: lists the models of an OpenAI-compatible server before the user chooses it. The server gets
 * only the key.
 */
export const SERVER_MODELS_REQUEST = request<ServerModelsParams, readonly ServerModel[]>('chorus/serverModels');
export type ServerModelsParams = Pick<ServerSettings, 'url' | 'key' | 'allowHttp'>;
export interface ServerModel {
  readonly id: string;
  /** Absent if the server does not state it. */
  readonly contextSizeTokens?: number;
}

/** Client → server request: lists local and downloadable models, with an estimate of how each runs on this machine. */
export const SHELF_REQUEST = request<NoParams, ShelfResult>('chorus/shelf');
export interface ShelfResult {
  readonly entries: readonly ShelfEntry[];
  /** Why the user's catalogue cannot be used. The shelf then shows the built-in one. */
  readonly catalogueTrouble?: Trouble;
}
/** A model to choose, with the data that a list shows. */
export type ShelfEntry = LocalShelfEntry | CatalogueShelfEntry;

/** A file on this machine. */
export interface LocalShelfEntry {
  readonly kind: 'local';
  readonly model: LocalModel;
  /** The model that answers requests, whether or not it is in memory. */
  readonly isChosen: boolean;
  /** Chorus downloaded or imported the model, and may remove it. */
  readonly isRemovable: boolean;
  /** True for the bundled model on a machine that no larger model suits. */
  readonly isRecommended: boolean;
}

/** A model that can be downloaded. */
export interface CatalogueShelfEntry {
  readonly kind: 'catalogue';
  readonly id: string;
  readonly name: string;
  readonly publisher: string;
  /** A web page about the model. */
  readonly page: string;
  readonly parameters: number;
  /** The parameters that one token uses, if not all. */
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
  /** An estimate. */
  readonly sizeBytes: number;
  readonly plan: ShelfPlan;
  /** The shelf's first choice for this machine. */
  readonly isRecommended: boolean;
  /** 'partial': `receivedBytes` of it are on disk. 'present': the model is at `path`. */
  readonly state: 'absent' | 'partial' | 'downloading' | 'present';
  readonly receivedBytes?: number;
  readonly path?: string;
}
/** An estimate of where a model's parts would run, made before its download. */
export interface ShelfPlan {
  /** 'gpu': all on the GPU. 'shared': on GPU and processor. 'cpu': on the processor. 'none': it does not fit. */
  readonly fit: 'gpu' | 'shared' | 'cpu' | 'none';
  readonly neededBytes: number;
  readonly contextSizeTokens?: number;
  /** The estimated speed of decoding, from the speed of this machine's memory. */
  readonly tokensPerSecond?: number;
  readonly speed: 'quick' | 'moderate' | 'slow';
}

/**
 * Client → server request: downloads a model of the shelf. Streams `DownloadProgress`. Clients that ask for the same
 * model share one download. It pauses when all of them cancel. Fails with `ServerCancelled` if the model is removed
 * meanwhile.
 */
export const DOWNLOAD_REQUEST = request<DownloadParams, DownloadResult, DownloadProgress>('chorus/downloadModel');
export interface DownloadParams {
  readonly partialResultToken?: string | number;
  readonly id: string;
  /** `type` of one of its quantisations. Absent: the recommended one, else the first that fits. */
  readonly quantisation?: string;
}
export interface DownloadProgress {
  /** 'waiting': the server does not answer, and the download tries again. */
  readonly state: 'downloading' | 'waiting' | 'verifying';
  readonly receivedBytes: number;
  readonly totalBytes: number;
}
export interface DownloadResult {
  readonly path: string;
  /**
   * True if the download has the SHA-256 that the catalogue or the server states. False if neither states one. Absent
   * if nothing was downloaded.
   */
  readonly isVerified?: boolean;
}

/**
 * Client → server request: copies a GGUF file, with all its parts, into the folder of downloaded models. Streams
 * `DownloadProgress`.
 */
export const IMPORT_MODEL_REQUEST = request<ImportModelParams, DownloadResult, DownloadProgress>('chorus/importModel');
export interface ImportModelParams {
  readonly partialResultToken?: string | number;
  readonly path: string;
}

/** Client → server request: removes a model that Chorus downloaded or imported, or a partial download. */
export const REMOVE_MODEL_REQUEST = request<RemoveModelParams, null>('chorus/removeModel');
export type RemoveModelParams = { readonly path: string } | { readonly id: string; readonly quantisation: string };

/**
 * Client → server request: installs NVIDIA's libraries on a machine that has its driver and runtime. Streams
 * `DownloadProgress` of each package. Cancellation pauses it.
 */
export const INSTALL_CUDA_REQUEST = request<InstallCudaParams, null, DownloadProgress>('chorus/installCuda');
export interface InstallCudaParams {
  readonly partialResultToken?: string | number;
}
