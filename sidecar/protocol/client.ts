/**
 * The contract between a client (the extension, the command line, another editor) and the sidecar's front.
 *
 * The wire is LSP 3.18, one JSON-RPC message per WebSocket text frame. Whatever LSP has a message for is LSP's: document sync,
 * `textDocument/inlineCompletion`, `textDocument/completion`, cancellation, progress. The rest is here, and only here, as `chorus/*`.
 * This file holds types and constants and imports nothing at run time. `docs/protocol.md` describes it in prose.
 */

/** Raised when a message changes in a way that older clients cannot read. */
export const PROTOCOL_VERSION = 1;

/** The largest WebSocket frame either side accepts, in bytes. */
export const MAX_FRAME_BYTES = 64 * 1024 * 1024;

/** A document above this many UTF-16 units gets no completion and one clear message. */
export const MAX_DOCUMENT_UNITS = 16 * 1024 * 1024;

/** `initializationOptions` of `initialize`. */
export interface ChorusInitializationOptions {
  /** For example "vscode", "cli", "lsp-stdio". */
  readonly clientKind: string;
  /** Semantic version of the client: a newer client replaces an older sidecar, never the other way round. */
  readonly clientVersion: string;
  readonly settings?: ChorusSettings;
  /** Names one workspace's histories and caches. Nothing of one workspace serves another. */
  readonly workspaceKey?: string;
  /** The client answers `chorus/workspace/list` and `chorus/workspace/read`. Without, only its open documents are known. */
  readonly providesWorkspace?: boolean;
}

/** `capabilities.experimental.chorus` of the `initialize` result. */
export interface ChorusServerCapabilities {
  readonly protocolVersion: number;
  readonly version: string;
  readonly pid: number;
}

/** The most that settings may be; of texts, UTF-16 units. A client that sends more is refused. */
export const SETTING_LIMITS = { threads: 1_024, beamSize: 8, languageUnits: 64, cacheUnits: 200, urlUnits: 2_048, serverModelUnits: 256, fillInUnits: 64, pathUnits: 4_096 } as const;

/**
 * Settings that the client sends at start and by `workspace/didChangeConfiguration` (`settings.chorus`). Absent: the default. The model and how
 * it runs (the first six) are shared by all clients: the client that sent any of them last chooses, and one that sends none leaves them alone.
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
  /** A server that answers this client's requests instead of the model on this machine. Absent: none. It concerns this client alone. */
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
/** 'auto': by the model's name; 'suffix': by the API's parameter of that name; 'none': not at all; otherwise a family of models, such as "qwen-coder". */
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

/** Server → client notification, and the result of the request `chorus/status`. */
export const STATUS_REQUEST = 'chorus/status';
export const STATUS_NOTIFICATION = 'chorus/didChangeStatus';
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
  /** What is kept or attended of a context ("snapkv:2048"). Absent: all. */
  readonly cache?: string;
  readonly tokensPerSecond?: number;
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
  /** Why requests go to the model on this machine for the time being; empty: the server answers them. One sentence for completion, one for chat. */
  readonly reasonsForLocal: readonly string[];
}

/**
 * Words in one of `deviceReasons`, or in the message of a trouble, where the machine has NVIDIA's driver and CUDA runtime but Chorus's libraries for
 * them are not installed: a client can offer to install them.
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
  | 'no-model' | 'no-speech-model' | 'model-not-found' | 'not-gguf' | 'truncated-model' | 'invalid-model' | 'unsupported-model'
  | 'out-of-memory' | 'engine-crashed' | 'engine-failed' | 'context-overflow' | 'document-too-large' | 'invalid-input'
  | 'draining' | 'no-microphone' | 'server-unavailable' | 'server-failed' | 'download-failed' | 'disk-full' | 'invalid-catalogue';

/** JSON-RPC error code of `chorus/*` requests that failed; `data` is a `Trouble`, whose code says what to do. */
export const TROUBLE_ERROR_CODE = -32001;

/**
 * Client → server notification: the cursor rests where nothing was typed yet, also in a document that has just become the active one (there at the active end of what is selected, too),
 * and the next completion is likely there.
 */
export const CURSOR_NOTIFICATION = 'chorus/didRestCursor';
export interface CursorRest {
  readonly textDocument: { readonly uri: string };
  readonly position: { readonly line: number; readonly character: number };
}

/** Client → server notification: a completion was shown, taken, taken in part or dismissed. Counts stay on this machine. */
export const COMPLETION_FEEDBACK = 'chorus/completionFeedback';
export interface CompletionFeedback {
  readonly completionId: string;
  readonly kind: 'shown' | 'accepted' | 'acceptedPartly' | 'dismissed';
  readonly acceptedCharacters?: number;
}

/** `InlineCompletionItem.data`-like extras: the server puts them in the item's `command.arguments[0]`. */
export interface CompletionItemExtras {
  readonly completionId: string;
  /** Characters of the whole text, so that the client knows when all was taken. */
  readonly textLength: number;
  readonly cached: boolean;
}
/** What the server adds to the `InlineCompletionList` that it answers with. */
export interface CompletionListExtras {
  /** The time limit ended the first item's text, or left no item. Absent: it did not, or what was made before serves. */
  readonly isOutOfTime?: boolean;
}
/** The command carried by an inline completion item; the client implements it. */
export const ACCEPTED_COMMAND = 'chorus.completion.accepted';

/**
 * Client → server request: listens to the microphone of the sidecar's machine and writes down what is said, until `STOP_DICTATION`, silence or cancellation.
 * Streams `DictationChunk` by `$/progress` on `partialResultToken`. One client listens at a time.
 */
export const DICTATE_REQUEST = 'chorus/dictate';
export interface DictateParams {
  readonly partialResultToken?: string | number;
  /** An open document that is dictated into, and whose identifiers may be said. */
  readonly uri?: string;
}
export interface DictationChunk {
  /** The microphone is open from the first chunk on. */
  readonly isListening: boolean;
  /** All that was said so far; it may still change. */
  readonly text: string;
}
export interface DictateResult {
  readonly text: string;
  readonly endedBy: 'stop' | 'silence' | 'limit';
}
/** Client → server notification: closes the microphone; what was said until then is still written down. */
export const STOP_DICTATION = 'chorus/stopDictation';

/** Client → server request. Streams `ChatChunk` by `$/progress` on `partialResultToken`. */
export const CHAT_REQUEST = 'chorus/chat';
export interface ChatParams {
  readonly partialResultToken?: string | number;
  /** One conversation keeps one sequence of the engine, so that its prefix is reused. */
  readonly conversationId: string;
  readonly messages: readonly ChatMessage[];
  readonly command?: ChatCommand;
  readonly context?: readonly ContextItem[];
  /** Adds what of the workspace fits the question. */
  readonly workspace?: boolean;
  /** Names whose definitions are added: "Cart", "Cart.total". */
  readonly symbols?: readonly string[];
  /** BCP 47; overrides the setting for this request. */
  readonly language?: string;
  /** The editor's display language, the last resort of the language policy. */
  readonly displayLanguage?: string;
}
export type ChatCommand = 'explain' | 'fix' | 'tests' | 'docs' | 'refactor' | 'translate';
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
/** A context chip: text that the client read, with where it came from. */
export interface ContextItem {
  /** 'workspace': the sidecar itself found it for the question. */
  readonly kind: 'selection' | 'file' | 'diagnostics' | 'workspace';
  readonly uri?: string;
  readonly languageId?: string;
  /** Zero-based, end inclusive. */
  readonly lines?: readonly [start: number, end: number];
  readonly text: string;
}
export interface ChatChunk {
  readonly text: string;
}
export interface ChatResult {
  readonly text: string;
  readonly stopReason: 'end' | 'length' | 'cancelled';
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly tokensPerSecond: number;
  /** Context items that were cut or left out because the context is full. */
  readonly omittedContext?: readonly string[];
  /** How many of the oldest messages were left out because the context is full. */
  readonly omittedTurns?: number;
  /** Places in the workspace whose text was added for the question. */
  readonly sources?: readonly SourcePlace[];
  /** Of `symbols` those of which the workspace has no definition. */
  readonly missingSymbols?: readonly string[];
}
export interface SourcePlace {
  readonly uri: string;
  readonly path: string;
  /** Counted from zero, inclusive. */
  readonly lines: readonly [start: number, end: number];
}

/** Client → server request: new text for a range (fix, document, translate, refactor, tests). Streams `ChatChunk` like `chorus/chat`. */
export const EDIT_REQUEST = 'chorus/edit';
export interface EditParams {
  readonly partialResultToken?: string | number;
  readonly task: ChatCommand;
  readonly languageId: string;
  readonly fileName: string;
  /** The text to replace (for 'tests': the text to test). */
  readonly target: string;
  readonly before: string;
  readonly after: string;
  readonly instruction?: string;
  readonly diagnostics?: readonly string[];
  /** For 'translate': BCP 47 of the target language. */
  readonly language?: string;
}
export interface EditResult {
  readonly newText: string;
  readonly stopReason: ChatResult['stopReason'];
}

/** Client → server request: a commit message for a diff. */
export const COMMIT_MESSAGE_REQUEST = 'chorus/commitMessage';
export interface CommitMessageParams {
  readonly diff: string;
  readonly recentMessages?: readonly string[];
  readonly language?: string;
}
export interface CommitMessageResult {
  /** Empty: what the model wrote is no commit message. */
  readonly message: string;
}

/** Client → server request: raw messages with tools, for `vscode.lm` and the command line. Streams `GeneratePart`. */
export const GENERATE_REQUEST = 'chorus/generate';
export interface GenerateParams {
  readonly partialResultToken?: string | number;
  /** Either a conversation … */
  readonly messages?: readonly GenerateMessage[];
  /** … or plain text to continue. */
  readonly prompt?: string;
  readonly tools?: readonly ToolDescription[];
  readonly toolMode?: 'auto' | 'required';
  readonly maxTokens?: number;
  readonly temperature?: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
  readonly seed?: number;
  readonly stop?: readonly string[];
  readonly conversationId?: string;
}
export interface GenerateMessage {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
  readonly toolCalls?: readonly ToolCall[];
  readonly toolCallId?: string;
}
export interface ToolDescription {
  readonly name: string;
  readonly description: string;
  /** JSON Schema of the input. */
  readonly inputSchema?: object;
}
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: object;
}
export type GeneratePart = { readonly text: string } | { readonly toolCall: ToolCall };
export interface GenerateResult {
  readonly text: string;
  readonly toolCalls: readonly ToolCall[];
  readonly stopReason: ChatResult['stopReason'];
  readonly promptTokens: number;
  readonly generatedTokens: number;
  readonly tokensPerSecond: number;
}

export const COUNT_TOKENS_REQUEST = 'chorus/countTokens';
export interface CountTokensParams {
  readonly text: string;
}
export interface CountTokensResult {
  readonly tokens: number;
}

/** Client → server request: GGUF files that this machine already has. */
export const LOCAL_MODELS_REQUEST = 'chorus/localModels';
export interface LocalModel {
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly source: 'lm-studio' | 'ollama' | 'llama.cpp' | 'chorus' | 'bundled';
}

/** Client → server request: the models that an OpenAI-compatible server offers, before it is chosen. Sends the server nothing but the key. */
export const SERVER_MODELS_REQUEST = 'chorus/serverModels';
export type ServerModelsParams = Pick<ServerSettings, 'url' | 'key' | 'allowHttp'>;
export interface ServerModel {
  readonly id: string;
  /** Where the server says it. */
  readonly contextSizeTokens?: number;
}

/** Client → server request: the models that are here and those worth having, with what this machine can do with each. */
export const SHELF_REQUEST = 'chorus/shelf';
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

/** Client → server request: downloads a model of the shelf. Streams `DownloadProgress`. Clients that ask for the same share one; cancelled by all, it is paused. Fails with `ServerCancelled` where the model is removed meanwhile. */
export const DOWNLOAD_REQUEST = 'chorus/downloadModel';
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
  /** Whether what was downloaded has the SHA-256 that the catalogue or the server states; false: neither states one. Absent where nothing was downloaded. */
  readonly isVerified?: boolean;
}

/** Client → server request: copies a GGUF file, with all its parts, to where downloaded models are kept. Answers `DownloadResult`. Streams `DownloadProgress`. */
export const IMPORT_MODEL_REQUEST = 'chorus/importModel';
export interface ImportModelParams {
  readonly partialResultToken?: string | number;
  readonly path: string;
}

/** Client → server request: removes a model that Chorus downloaded or imported, or what was downloaded of one. */
export const REMOVE_MODEL_REQUEST = 'chorus/removeModel';
export type RemoveModelParams = { readonly path: string } | { readonly id: string; readonly quantisation: string };

/** Client → server request: installs NVIDIA's libraries, for a machine that has its driver and runtime. Streams `DownloadProgress` of each package; cancelled, it is paused. */
export const INSTALL_CUDA_REQUEST = 'chorus/installCuda';
export interface InstallCudaParams {
  readonly partialResultToken?: string | number;
}

/** Client → server request: what a bug report needs, no code in it. */
export const DIAGNOSTICS_REQUEST = 'chorus/diagnostics';
export interface DiagnosticsResult {
  readonly text: string;
}

/** Client → server request: counts of completions since the sidecar began. */
export const STATISTICS_REQUEST = 'chorus/statistics';
export interface CompletionStatistics {
  readonly requests: number;
  readonly answered: number;
  readonly cached: number;
  /** Made before anybody asked, while the completion before was on the screen. */
  readonly prepared: number;
  /** Places whose prompts were evaluated while the cursor rested there, before anybody asked. */
  readonly placesRead: number;
  readonly cancelled: number;
  readonly shown: number;
  readonly accepted: number;
  readonly acceptedPartly: number;
  readonly acceptedCharacters: number;
  readonly latencyP50Ms?: number;
  readonly latencyP90Ms?: number;
}

/**
 * Server → client request: which files the workspace has. Only those that the client lets a model read: no secret, no ignored file, none of an
 * untrusted workspace. Listed a page at a time, while the client finds them.
 */
export const WORKSPACE_LIST_REQUEST = 'chorus/workspace/list';
export interface WorkspaceListParams {
  /** `next` of the page before; absent: begins anew. */
  readonly page?: number;
}
export interface WorkspaceListResult {
  readonly files: readonly WorkspaceFile[];
  /** There are more. */
  readonly next?: number;
  /** Of this page. */
  readonly skipped?: SkippedFiles;
}
/** How many files, links and folders a client left out that a model might have read, by the reason. */
export interface SkippedFiles {
  readonly tooLarge?: number;
  readonly binary?: number;
  readonly unreadable?: number;
  /** They are not followed. */
  readonly links?: number;
  /** Folders that are not looked into. */
  readonly tooDeep?: number;
}
export interface WorkspaceFile {
  readonly uri: string;
  /** Below its workspace folder, with slashes; in a workspace with several folders the folder's name stands first. */
  readonly path: string;
}

/** Server → client request: texts of files. What the client doesn't want to give, can't read, or what is no text, is not in the answer. */
export const WORKSPACE_READ_REQUEST = 'chorus/workspace/read';
export interface WorkspaceReadParams {
  readonly uris: readonly string[];
}
export interface WorkspaceReadResult {
  readonly files: readonly WorkspaceText[];
  /** URIs that were not looked at, because the answer is large enough. */
  readonly remaining: readonly string[];
  /** Of those that were looked at. */
  readonly skipped?: SkippedFiles;
}
export interface WorkspaceText {
  readonly uri: string;
  /** Of a notebook: its cells' texts. */
  readonly text: string;
  /** VS Code's identifier; absent: the file's name tells. A notebook's name does not. */
  readonly languageId?: string;
}

/** Client → server notification: files were written or went away. */
export const WORKSPACE_CHANGE_NOTIFICATION = 'chorus/workspace/didChangeFiles';
export interface WorkspaceChange {
  readonly changed?: readonly WorkspaceFile[];
  /** URIs of files and folders. */
  readonly deleted?: readonly string[];
  /** What may be read changed: the files are to be listed anew, and those that are not listed any more forgotten. */
  readonly reset?: boolean;
}

/** Client → server notification: the editor's tabs, the one visited last first. */
export const WORKSPACE_TABS_NOTIFICATION = 'chorus/workspace/didChangeTabs';
export interface WorkspaceTabs {
  readonly uris: readonly string[];
}

/**
 * Server → client request: what language servers know of names in a document. An answer that takes longer than a few moments is of use to later
 * completions only. Targets are files that `WORKSPACE_LIST_REQUEST` would list.
 */
export const WORKSPACE_DEFINITIONS_REQUEST = 'chorus/workspace/definitions';
export interface WorkspaceDefinitionsParams {
  readonly uri: string;
  /** Where the names begin; zero-based, in UTF-16 units. A name that does not stand there any more is left out: the client's document is newer. */
  readonly places: readonly { readonly line: number; readonly character: number; readonly name: string }[];
}
export interface WorkspaceDefinitionsResult {
  /** Of the names and of their types; lines are zero-based. */
  readonly definitions: readonly { readonly uri: string; readonly line: number }[];
  /** Messages of problems on the lines around the last place. */
  readonly problems: readonly string[];
}

/** Client → server request: what of the workspace goes into a document's prompts, and what went into the last one. */
export const CONTEXT_REQUEST = 'chorus/context';
export interface ContextParams {
  readonly uri: string;
}
export interface ContextResult {
  readonly index: IndexState;
  /** Tokens that other files may take. */
  readonly budgetTokens: number;
  /** In the order of the prompt. */
  readonly snippets: readonly ContextSnippet[];
  /** Absent: no completion was asked for in this document lately. */
  readonly last?: LastCompletion;
}
export interface IndexState {
  readonly state: 'off' | 'reading' | 'ready';
  /** Files that are known now. */
  readonly files: number;
}
export interface ContextSnippet {
  readonly uri: string;
  readonly path: string;
  /** Counted from zero, inclusive. */
  readonly lines: readonly [start: number, end: number];
  readonly kind: 'signatures' | 'body' | 'edit';
  readonly reason: 'imported' | 'defines' | 'similar' | 'tested' | 'open' | 'edited';
  readonly tokens: number;
  /** The model has read it already; otherwise it will, when there is time. */
  readonly evaluated: boolean;
}
export interface LastCompletion {
  readonly text: string;
  /** Tokens of the document itself in the prompt, and of other files. */
  readonly documentTokens: number;
  readonly contextTokens: number;
  /** Of the prompt's tokens those that the model had read before, and those that it read for this completion. */
  readonly reusedTokens: number;
  readonly evaluatedTokens: number;
  readonly promptMs: number;
  readonly generateMs: number;
  /** Names in the completion that the document does not have, and where they stand in the context, or in a file whose n-grams counted. */
  readonly names: readonly { readonly name: string; readonly uri: string; readonly path: string; readonly line: number }[];
}

/** Client → server request: load the chosen model now (otherwise the first request does). Answers when it is ready. */
export const LOAD_REQUEST = 'chorus/load';

/** Client → server request: remove what was evaluated for a workspace, on disk and in memory. Answers when it is gone; fails where it can't be deleted. */
export const FORGET_WORKSPACE_REQUEST = 'chorus/forgetWorkspace';
export interface ForgetWorkspaceParams {
  /** As in `ChorusInitializationOptions`. Absent: the client's own; a client without one forgets only what is in memory. */
  readonly workspaceKey?: string;
  /** Says which rules keep files from the model: only what was evaluated under others is removed, and these are noted. Of the client's own workspace alone. */
  readonly unlessRules?: string;
}

/** Client → server request of a newer client: finish running requests, take no new ones, leave. Older or equal clients are refused. */
export const DRAIN_REQUEST = 'chorus/drain';
export interface DrainParams {
  readonly clientVersion: string;
}
export interface DrainResult {
  readonly accepted: boolean;
}

/** Client → server request of the uninstall hook: stop now, whoever is connected. */
export const STOP_REQUEST = 'chorus/stop';
