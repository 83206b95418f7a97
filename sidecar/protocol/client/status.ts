import { notification, request, type NoParams } from '../messages.ts';

/** Server → client notification, and the result of the request `chorus/status`. */
export const STATUS_REQUEST = request<NoParams, SidecarStatus>('chorus/status');
export const STATUS_NOTIFICATION = notification<SidecarStatus>('chorus/didChangeStatus');
export interface SidecarStatus {
  readonly state: 'idle' | 'loading' | 'ready' | 'busy' | 'trouble';
  /** Share of the model loaded, 0 to 1, while `state` is 'loading'. */
  readonly loadProgress?: number;
  readonly modelName?: string;
  readonly modelPath?: string;
  /** The settings name a model. Absent: they mean the one that came with Chorus. */
  readonly isModelNamed?: boolean;
  readonly architecture?: string;
  readonly engine?: string;
  readonly device?: string;
  /** Why this device and not a faster one; one sentence each. */
  readonly deviceReasons?: readonly string[];
  /** What this engine lacks for this model; one sentence each. */
  readonly engineLimits?: readonly string[];
  readonly supportsFim?: boolean;
  readonly supportsToolCalling?: boolean;
  readonly contextUsedTokens?: number;
  readonly contextSizeTokens?: number;
  /** Of the used ones those whose keys and values are still there, where that is not all. */
  readonly contextKeptTokens?: number;
  /** What is kept or attended of a context ("snapkv:2048"). Absent: all. */
  readonly cache?: string;
  readonly tokensPerSecond?: number;
  /** Speed at which prompts were evaluated here, in tokens per second, where that was measured. */
  readonly promptTokensPerSecond?: number;
  /** What the model's process holds, and of that what is on a GPU. */
  readonly memoryBytes?: number;
  readonly deviceMemoryBytes?: number;
  readonly threads?: number;
  /** The model reads a context ahead, because nobody types. */
  readonly readingAhead?: boolean;
  /** `state` is 'idle' because nobody asked for anything for a while; the next request loads the model again. */
  readonly unloaded?: boolean;
  /** Nothing is computed ahead, and with half the threads. */
  readonly quiet?: boolean;
  /** Set where this client chose a server. */
  readonly server?: ServerStatus;
  /** Set when `state` is 'trouble'. */
  readonly trouble?: Trouble;
}

/** What a client's server does. */
export interface ServerStatus {
  /** Name and port: "gpu.example.com:8000". */
  readonly host: string;
  readonly model: string;
  /** What is asked of the model leaves this machine. */
  readonly leavesMachine: boolean;
  /**
   * Why requests go to the model on this machine for the time being; empty: the server answers them. One sentence for
   * completion, one for chat.
   */
  readonly reasonsForLocal: readonly string[];
}

/**
 * Words in one of `deviceReasons`, or in the message of a trouble, where the machine has NVIDIA's driver and CUDA
 * runtime but Chorus's libraries for them are not installed: a client can offer to install them.
 */
export const CUDA_ADD_ON_MISSING = 'the CUDA add-on is not installed';

/** A failure in words for the user: what was wrong, what to do. `code` lets a client localise and offer actions. */
export interface Trouble {
  readonly code: TroubleCode;
  readonly message: string;
  /** Last lines that a crashed process wrote. Holds no code of the user's. */
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

/** JSON-RPC error code of `chorus/*` requests that failed; `data` is a `Trouble`, whose code says what to do. */
export const TROUBLE_ERROR_CODE = -32001;
