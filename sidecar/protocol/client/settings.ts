/** The upper limits of settings. For texts, they count UTF-16 units. The sidecar refuses larger values. */
export const SETTING_LIMITS = {
  threads: 1_024,
  beamSize: 8,
  languageUnits: 64,
  cacheUnits: 200,
  urlUnits: 2_048,
  serverModelUnits: 256,
  fillInUnits: 64,
  pathUnits: 4_096,
  /** The number of adapters. */
  adapters: 16,
} as const;

/**
 * Settings that the client sends at start and by `workspace/didChangeConfiguration` (`settings.chorus`). An absent
 * setting has its default. All clients share the first seven: the model and how it runs. The client that sent any of
 * them last chooses. A client that sends none of them changes nothing.
 */
export interface ChorusSettings {
  /** The path of a GGUF file. Empty: the default model. */
  readonly modelPath?: string;
  readonly engine?: EngineChoice;
  readonly device?: DeviceChoice;
  /** The number of compute threads, at most the number of cores. 0: chosen automatically. */
  readonly threads?: number;
  /** The context of each sequence, in tokens. 0: chosen from the model and the memory. */
  readonly contextSizeTokens?: number;
  /** How much of a long context the KV cache keeps: "full" (the default), "snapkv:2048", …. */
  readonly cache?: string;
  /** The paths of low-rank adapters (GGUF) that change the model. Empty: none. */
  readonly adapters?: readonly string[];
  /** Whether the model runs without the low-rank experts that belong to it. */
  readonly withoutExperts?: boolean;
  readonly completion?: CompletionSettings;
  readonly chat?: ChatSettings;
  readonly contexts?: ContextSettings;
  readonly speech?: SpeechSettings;
  readonly context?: WorkspaceContextSettings;
  readonly power?: PowerSettings;
  /**
   * A server that answers this client's requests instead of the model on this machine. Absent: no server. Other clients
   * do not use it.
   */
  readonly server?: ServerSettings;
  readonly downloads?: DownloadSettings;
}

/** An OpenAI-compatible server that the user chose. Prompts are sent to it. */
export interface ServerSettings {
  /** The base URL of its API: "https://gpu.example.com:8000/v1". */
  readonly url: string;
  /** The server's name for the model. */
  readonly model: string;
  /** Sent as a bearer token. Kept only in memory. */
  readonly key?: string;
  /** How requests ask for code between two texts. */
  readonly fillIn?: FillInChoice;
  /** 0 or absent: the server's value for the model. */
  readonly contextSizeTokens?: number;
  /** Allows `http:` for public addresses. */
  readonly allowHttp?: boolean;
}
/**
 * 'auto': chosen by the model's name. 'suffix': the API's parameter of that name. 'none': no requests for code between
 * two texts. Any other value is a family of models, such as "qwen-coder".
 */
export type FillInChoice = string;

export type EngineChoice = 'auto' | 'chorus' | 'llama';
export type DeviceChoice = 'auto' | 'cpu' | 'cuda' | 'vulkan' | 'metal';

/** Settings that save power. All clients share each of them: the client that sent it last chooses. */
export interface PowerSettings {
  /** The model leaves memory after so many minutes without a request. 0: it stays. */
  readonly unloadAfterMinutes?: number;
  /** When the sidecar computes nothing ahead of requests, and uses half the threads. "auto": on battery. */
  readonly quiet?: 'auto' | 'never' | 'always';
}

export interface SpeechSettings {
  /** The path of a speech model, of whisper.cpp or of `chorus train --speech`. Empty: the best model that is found. */
  readonly modelPath?: string;
  /** The spoken language, as a BCP 47 tag. "auto": detected. */
  readonly language?: string;
  /** The beam size of the final transcription, 1 to 8. Default 1: greedy. */
  readonly beamSize?: number;
  /** "New line" and "undo that" are commands, in the spoken language. Default: they are plain words. */
  readonly commands?: boolean;
  /** The transcription recognizes and writes identifiers of the document. Default true. */
  readonly identifiers?: boolean;
}

/** Long, because typing cancels the request, and a late completion on a busy machine is better than none. */
export const COMPLETION_TIMEOUT_MS = 15_000;

export interface CompletionSettings {
  /** When completions have several lines. 'auto': chosen by syntax. */
  readonly multiline?: 'auto' | 'never' | 'always';
  readonly maxTokens?: number;
  /** Ends a completion after this time, with its text so far. Absent: `COMPLETION_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** The lower bound of the adaptive debounce. */
  readonly minDebounceMs?: number;
}

export interface ChatSettings {
  /** 'auto': the question's language. Any other value is a BCP 47 tag, such as "de". */
  readonly language?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly systemPrompt?: string;
}

/** How evaluated contexts are kept on disk, so that a reopened workspace need not be evaluated again. */
export interface ContextSettings {
  /** False: no context is written or read, and the kept contexts of all clients are deleted. */
  readonly keepOnDisk?: boolean;
  /** The limit of all workspaces together. One gigabyte is 1,000,000,000 bytes. */
  readonly maxGigabytes?: number;
}

/** The text of the workspace that prompts hold in addition to the document. */
export interface WorkspaceContextSettings {
  /** False: the sidecar requests no files, and knows only open documents. */
  readonly workspace?: boolean;
  /** The most tokens of a prompt for other files. Absent: chosen by the model's measured speed. */
  readonly maxTokens?: number;
  /** The context is evaluated while the user is idle, so that the next completion need not wait for it. */
  readonly readAhead?: boolean;
}

/** The offered models, their sources and their folder. */
export interface DownloadSettings {
  /** The path or https URL of a catalogue that extends or replaces the built-in one. */
  readonly catalogue?: string;
  /** A base URL that serves Hugging Face's paths in its place. */
  readonly mirror?: string;
  /** The folder of downloaded models. Absent: in Chorus's folder. */
  readonly folder?: string;
  readonly network?: NetworkSettings;
}

/** Access to the network. Absent: as the environment says (HTTPS_PROXY, NO_PROXY). */
export interface NetworkSettings {
  /** The URL of an HTTP proxy. */
  readonly proxy?: string;
  /** The value of the header `Proxy-Authorization`. */
  readonly proxyAuthorization?: string;
  /** Hosts that do not use the proxy. */
  readonly noProxy?: readonly string[];
  /** False: certificates are not verified. */
  readonly strictTls?: boolean;
  /** Whether to trust the machine's certificates too. */
  readonly systemCertificates?: boolean;
}
