import { notification, request, type NoParams } from '../messages.ts';

/** The sidecar's status is the result of a request, and a notification to clients when it changes. */
export const STATUS_REQUEST = request<NoParams, SidecarStatus>('chorus/status');
export const STATUS_NOTIFICATION = notification<SidecarStatus>('chorus/didChangeStatus');
export interface SidecarStatus {
  readonly state: 'idle' | 'loading' | 'ready' | 'busy' | 'trouble';
  /** The loaded share of the model, 0 to 1, while `state` is 'loading'. */
  readonly loadProgress?: number;
  readonly modelName?: string;
  readonly modelPath?: string;
  /** The settings name a model. Absent: they mean the default model. */
  readonly isModelNamed?: boolean;
  readonly architecture?: string;
  readonly engine?: string;
  readonly device?: string;
  /** Why the model runs on this device and not on a faster one. One sentence each. */
  readonly deviceReasons?: readonly string[];
  /** The features that this engine lacks for this model. One sentence each. */
  readonly engineLimits?: readonly string[];
  readonly supportsFim?: boolean;
  readonly supportsToolCalling?: boolean;
  readonly contextUsedTokens?: number;
  readonly contextSizeTokens?: number;
  /** The used tokens whose keys and values are still in the KV cache, if not all. */
  readonly contextKeptTokens?: number;
  /** How much of a context the model keeps or attends to ("snapkv:2048"). Absent: all of it. */
  readonly cache?: string;
  /** The low-rank adapters that change the model. Absent: none. */
  readonly adapters?: readonly AdapterStatus[];
  readonly tokensPerSecond?: number;
  /** The measured prefill speed on this machine. */
  readonly promptTokensPerSecond?: number;
  /** The memory of the model's process, on a GPU too. */
  readonly memoryBytes?: number;
  /** The part of it on a GPU. */
  readonly deviceMemoryBytes?: number;
  readonly threads?: number;
  /** The model evaluates a context ahead, because the user is idle. */
  readonly readingAhead?: boolean;
  /** `state` is 'idle' because no request came for a while. The next request loads the model again. */
  readonly unloaded?: boolean;
  /** The sidecar computes nothing ahead, and uses half the threads. */
  readonly quiet?: boolean;
  /** Present if this client chose a server. */
  readonly server?: ServerStatus;
  /** Present if `state` is 'trouble'. */
  readonly trouble?: Trouble;
}

/** A low-rank adapter in use. */
export interface AdapterStatus {
  readonly name: string;
  readonly path: string;
  /** The number of low-rank experts in it. */
  readonly experts: number;
  /** Whether it belongs to the model. Absent: the user chose it. */
  readonly isOwn?: boolean;
}

/** The status of a client's server. */
export interface ServerStatus {
  /** The host's name and port: "gpu.example.com:8000". */
  readonly host: string;
  readonly model: string;
  /** Prompts leave this machine. */
  readonly leavesMachine: boolean;
  /**
   * Why requests currently go to the model on this machine: one sentence for completion and one for chat, once if they
   * are the same. Empty: the server answers.
   */
  readonly reasonsForLocal: readonly string[];
}

/**
 * Words in one of `deviceReasons`, or in the message of a `Trouble`. The machine then has NVIDIA's driver and CUDA
 * runtime, but Chorus's libraries for them are not installed. A client can offer to install them.
 */
export const CUDA_ADD_ON_MISSING = 'the CUDA add-on is not installed';

/** A failure in words for the user: the cause, and what to do. Clients localise and offer actions by `code`. */
export interface Trouble {
  readonly code: TroubleCode;
  readonly message: string;
  /** The last lines of a crashed process's output, without any of the user's code. */
  readonly detail?: string;
}
export type TroubleCode =
  | 'no-model'
  | 'no-speech-model'
  | 'model-not-found'
  | 'not-gguf'
  | 'truncated-model'
  | 'invalid-model'
  | 'unsupported-model'
  | 'out-of-memory'
  | 'engine-crashed'
  | 'engine-failed'
  | 'context-overflow'
  | 'document-too-large'
  | 'invalid-input'
  | 'draining'
  | 'no-microphone'
  | 'server-unavailable'
  | 'server-failed'
  | 'download-failed'
  | 'disk-full'
  | 'invalid-catalogue';

/** The JSON-RPC error code of a failed `chorus/*` request. Its `data` is a `Trouble`. */
export const TROUBLE_ERROR_CODE = -32001;
