/** The most that settings may be; of texts, UTF-16 units. A client that sends more is refused. */
export const SETTING_LIMITS = {
  threads: 1_024,
  beamSize: 8,
  languageUnits: 64,
  cacheUnits: 200,
  urlUnits: 2_048,
  serverModelUnits: 256,
  fillInUnits: 64,
  pathUnits: 4_096,
} as const;

/**
 * Settings that the client sends at start and by `workspace/didChangeConfiguration` (`settings.chorus`). Absent: the
 * default. The model and how it runs (the first six) are shared by all clients: the client that sent any of them last
 * chooses, and one that sends none leaves them alone.
 */
export interface ChorusSettings {
  /** Path of a GGUF file. Empty: the bundled model. */
  readonly modelPath?: string;
  readonly engine?: EngineChoice;
  readonly device?: DeviceChoice;
  /** Compute threads; 0 chooses. Never above the number of cores. */
  readonly threads?: number;
  /** Context per sequence in tokens; 0 chooses from the model and the memory. */
  readonly contextSizeTokens?: number;
  /** What of a long context is kept: "full" (the default), "snapkv:2048", …. */
  readonly cache?: string;
  readonly completion?: CompletionSettings;
  readonly chat?: ChatSettings;
  readonly contexts?: ContextSettings;
  readonly speech?: SpeechSettings;
  readonly context?: WorkspaceContextSettings;
  readonly power?: PowerSettings;
  /**
   * A server that answers this client's requests instead of the model on this machine. Absent: none. It concerns this
   * client alone.
   */
  readonly server?: ServerSettings;
  readonly downloads?: DownloadSettings;
}

/** An OpenAI-compatible server, chosen by the user. What is asked of the model then leaves for it. */
export interface ServerSettings {
  /** Where its API begins: "https://gpu.example.com:8000/v1". */
  readonly url: string;
  /** As the server names it. */
  readonly model: string;
  /** Sent as a bearer token. Kept in memory alone. */
  readonly key?: string;
  /** How code between two texts is asked for. */
  readonly fillIn?: FillInChoice;
  /** 0 or absent: what the server says of the model. */
  readonly contextSizeTokens?: number;
  /** Lets `http:` go to public addresses. */
  readonly allowHttp?: boolean;
}
/**
 * 'auto': by the model's name; 'suffix': by the API's parameter of that name; 'none': not at all; otherwise a family of
 * models, such as "qwen-coder".
 */
export type FillInChoice = string;

export type EngineChoice = 'auto' | 'chorus' | 'llama';
export type DeviceChoice = 'auto' | 'cpu' | 'cuda' | 'vulkan' | 'metal';

/** What the machine is spared. The client that sent one of them last chooses for all. */
export interface PowerSettings {
  /** The model leaves memory when nobody asked for anything for so many minutes; 0: it stays. */
  readonly unloadAfterMinutes?: number;
  /** Nothing is computed ahead of requests, and with half the threads: on battery ("auto"), never, always. */
  readonly quiet?: 'auto' | 'never' | 'always';
}

export interface SpeechSettings {
  /** Path of a speech model, of whisper.cpp or of `chorus train --speech`. Empty: the best that is found. */
  readonly modelPath?: string;
  /** That is spoken, as BCP 47 tag; "auto" finds out. */
  readonly language?: string;
  /** Texts that are followed at once in the last reading, 1 to 8. Default 1: greedy. */
  readonly beamSize?: number;
  /** "New line" and "undo that" are obeyed, in the language that is spoken. Default: they are words like others. */
  readonly commands?: boolean;
  /** Identifiers of the document that is dictated into are expected, and written as such. Default true. */
  readonly identifiers?: boolean;
}

/** Whoever types on ends the request; whoever waits on a busy machine rather has it late than not at all. */
export const COMPLETION_TIMEOUT_MS = 15_000;

export interface CompletionSettings {
  /** Several lines: chosen by syntax, never, always. */
  readonly multiline?: 'auto' | 'never' | 'always';
  readonly maxTokens?: number;
  /** Ends a completion after this long, with what it has. Absent: `COMPLETION_TIMEOUT_MS`. */
  readonly timeoutMs?: number;
  /** Lower bound of the adaptive debounce. */
  readonly minDebounceMs?: number;
}

export interface ChatSettings {
  /** 'auto': the language of the question. Otherwise a BCP 47 tag such as "de". */
  readonly language?: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
  readonly systemPrompt?: string;
}

/** How evaluated contexts are kept on disk, so that a workspace that is opened again need not be read again. */
export interface ContextSettings {
  /** Off: nothing is written or read, and what any client had kept is removed. */
  readonly keepOnDisk?: boolean;
  /** Bytes, in 1,000,000,000, of all workspaces together. */
  readonly maxGigabytes?: number;
}

/** What of the workspace goes into prompts beside the document itself. */
export interface WorkspaceContextSettings {
  /** Off: nothing but open documents is asked for. */
  readonly workspace?: boolean;
  /** Tokens of a prompt that other files may take. 0: none. Absent: chosen by the model's measured speed. */
  readonly maxTokens?: number;
  /** The context is evaluated while the user does nothing, so that the next completion need not wait for it. */
  readonly readAhead?: boolean;
}

/** Which models are offered, where they come from and where they are kept. */
export interface DownloadSettings {
  /** Path or https URL of a catalogue that adds to the built-in one, or replaces it. */
  readonly catalogue?: string;
  /** Base URL that serves Hugging Face's paths in its place. */
  readonly mirror?: string;
  /** Where downloaded models are kept. Absent: in Chorus's folder. */
  readonly folder?: string;
  readonly network?: NetworkSettings;
}

/** How the network is reached. Absent: as the environment says (HTTPS_PROXY, NO_PROXY). */
export interface NetworkSettings {
  /** URL of an HTTP proxy. */
  readonly proxy?: string;
  /** Value of the header `Proxy-Authorization`. */
  readonly proxyAuthorization?: string;
  /** Hosts that are reached without the proxy. */
  readonly noProxy?: readonly string[];
  /** Off: certificates are not verified. */
  readonly strictTls?: boolean;
  /** Also trusts the certificates that the machine trusts. */
  readonly systemCertificates?: boolean;
}
