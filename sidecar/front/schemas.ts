/**
 * Schemas of the messages that clients send. The messages are checked before a handler gets them. They mirror LSP's
 * types and `sidecar/protocol/client.ts`.
 */
import { z } from 'zod';
import {
  CHAT_COMMANDS,
  SETTING_LIMITS,
  type ChatParams,
  type ChorusInitializationOptions,
  type ChorusSettings,
  type CommitMessageParams,
  type CompletionFeedback,
  type ContextParams,
  type CountTokensParams,
  type DictateParams,
  type DownloadParams,
  type DrainParams,
  type EditParams,
  type ForgetWorkspaceParams,
  type GenerateParams,
  type NextEditParams,
  type ImportModelParams,
  type InstallCudaParams,
  type RemoveModelParams,
  type CursorRest,
  type ServerModelsParams,
  type WorkspaceChange,
  type WorkspaceDefinitionsResult,
  type WorkspaceListResult,
  type WorkspaceReadResult,
  type WorkspaceTabs,
} from '../protocol/client.ts';

/** The most quick fixes of a request for next edits, and the sizes of each. */
const MAX_FIXES = 64;
const MAX_FIX_EDITS = 64;
const MAX_FIX_UNITS = 16 * 1024;
const MAX_FIX_TITLE_UNITS = 1024;

const token = z.union([z.string(), z.number()]).optional();
const count = z.number().int().nonnegative();
const position = z.object({ line: count, character: count });
const range = z.object({ start: position, end: position });
const textDocument = z.object({ uri: z.string() });

/** Accepts anything: such a message has no parameters. */
export const nothing = z.unknown().transform(() => undefined);

const settings = z.object({
  modelPath: z.string().optional(),
  engine: z.enum(['auto', 'chorus', 'llama']).optional(),
  device: z.enum(['auto', 'cpu', 'cuda', 'vulkan', 'metal']).optional(),
  threads: count.max(SETTING_LIMITS.threads).optional(),
  contextSizeTokens: count.optional(),
  cache: z.string().max(SETTING_LIMITS.cacheUnits).optional(),
  adapters: z.array(z.string().max(SETTING_LIMITS.pathUnits)).max(SETTING_LIMITS.adapters).optional(),
  withoutExperts: z.boolean().optional(),
  completion: z
    .object({
      multiline: z.enum(['auto', 'never', 'always']).optional(),
      maxTokens: count.optional(),
      timeoutMs: z.number().nonnegative().optional(),
      minDebounceMs: z.number().nonnegative().optional(),
    })
    .optional(),
  chat: z
    .object({
      language: z.string().max(SETTING_LIMITS.languageUnits).optional(),
      temperature: z.number().nonnegative().optional(),
      maxTokens: count.optional(),
      systemPrompt: z.string().optional(),
    })
    .optional(),
  speech: z
    .object({
      modelPath: z.string().optional(),
      language: z.string().max(SETTING_LIMITS.languageUnits).optional(),
      beamSize: z.number().int().min(1).max(SETTING_LIMITS.beamSize).optional(),
      commands: z.boolean().optional(),
      identifiers: z.boolean().optional(),
    })
    .optional(),
  contexts: z
    .object({ keepOnDisk: z.boolean().optional(), maxGigabytes: z.number().nonnegative().optional() })
    .optional(),
  context: z
    .object({ workspace: z.boolean().optional(), maxTokens: count.optional(), readAhead: z.boolean().optional() })
    .optional(),
  power: z
    .object({
      unloadAfterMinutes: z.number().nonnegative().optional(),
      quiet: z.enum(['auto', 'never', 'always']).optional(),
    })
    .optional(),
  server: z
    .object({
      url: z.string().min(1).max(SETTING_LIMITS.urlUnits),
      model: z.string().min(1).max(SETTING_LIMITS.serverModelUnits),
      // The value of an HTTP header: no line breaks or other control characters.
      key: z
        .string()
        .max(8192)
        .regex(/^[\x21-\x7e]*$/, 'expected visible ASCII characters')
        .optional(),
      fillIn: z.string().max(SETTING_LIMITS.fillInUnits).optional(),
      contextSizeTokens: count.optional(),
      allowHttp: z.boolean().optional(),
    })
    .optional(),
  downloads: z
    .object({
      catalogue: z.string().max(SETTING_LIMITS.pathUnits).optional(),
      mirror: z.string().max(SETTING_LIMITS.urlUnits).optional(),
      folder: z.string().max(SETTING_LIMITS.pathUnits).optional(),
      network: z
        .object({
          proxy: z.string().max(2048).optional(),
          proxyAuthorization: z.string().max(8192).optional(),
          noProxy: z.array(z.string().max(256)).max(1000).optional(),
          strictTls: z.boolean().optional(),
          systemCertificates: z.boolean().optional(),
        })
        .optional(),
    })
    .optional(),
}) satisfies z.ZodType<ChorusSettings>;

const initializationOptions = z.object({
  clientKind: z.string().max(64).optional(),
  clientVersion: z.string().max(64).optional(),
  settings: settings.optional(),
  workspaceKey: z.string().max(1024).optional(),
  providesWorkspace: z.boolean().optional(),
  secretFiles: z.array(z.string()).optional(),
}) satisfies z.ZodType<Partial<ChorusInitializationOptions>>;

export const initialize = z.object({
  clientInfo: z.object({ name: z.string(), version: z.string().optional() }).optional(),
  initializationOptions: initializationOptions.nullish(),
  rootUri: z.string().nullish(),
  workspaceFolders: z.array(z.object({ uri: z.string() })).nullish(),
  capabilities: z.object({ textDocument: z.object({ inlineCompletion: z.unknown() }).partial().optional() }),
});

/**
 * A client does not learn that a notification was refused, and a server that the user removed must not be used further.
 * So the valid part of the settings is applied.
 */
export const didChangeConfiguration = z.object({
  settings: z.object({ chorus: z.unknown().transform(usableSettings) }),
});

export interface UsableSettings {
  readonly settings: ChorusSettings;
  /** Paths of the invalid settings, such as "speech.beamSize". */
  readonly unusable: readonly string[];
}

/** Drops each invalid value alone, but drops the whole server if any of its values is invalid. */
function usableSettings(value: unknown): UsableSettings {
  const rest = structuredClone(value);
  const unusable: string[] = [];
  for (;;) {
    const parsed = settings.safeParse(rest);
    if (parsed.success) return { settings: parsed.data, unusable };
    const names = (parsed.error.issues[0]?.path ?? []).map(String);
    // A list with an invalid entry is dropped as a whole.
    const ofLists = names.findIndex((name) => /^\d+$/.test(name));
    const path = names[0] === 'server' ? ['server'] : ofLists < 0 ? names : names.slice(0, ofLists);
    unusable.push(path.join('.'));
    if (!unset(rest, path)) return { settings: {}, unusable };
  }
}

/** Deletes the value at a path. Returns whether there was one. */
function unset(value: unknown, path: readonly string[]): boolean {
  const last = path.at(-1);
  const holder = path
    .slice(0, -1)
    .reduce<unknown>((each, name) => (each as Readonly<Record<string, unknown>> | undefined)?.[name], value);
  return (
    last !== undefined &&
    typeof holder === 'object' &&
    holder !== null &&
    last in holder &&
    Reflect.deleteProperty(holder, last)
  );
}

const textDocumentItem = z.object({ uri: z.string(), languageId: z.string(), version: z.number(), text: z.string() });
const versionedDocument = z.object({ uri: z.string(), version: z.number().nullish() });
const contentChanges = z.array(
  z.union([z.object({ range, text: z.string() }), z.object({ range: z.undefined().optional(), text: z.string() })]),
);

export const didOpen = z.object({ textDocument: textDocumentItem });
export const didChange = z.object({ textDocument: versionedDocument, contentChanges });
export const didClose = z.object({ textDocument });

const notebookCells = z.array(z.object({ document: z.string() }));
export const didOpenNotebook = z.object({
  notebookDocument: z.object({ uri: z.string(), cells: notebookCells }),
  cellTextDocuments: z.array(textDocumentItem),
});
export const didChangeNotebook = z.object({
  notebookDocument: z.object({ uri: z.string() }),
  change: z.object({
    cells: z
      .object({
        structure: z
          .object({
            array: z.object({ start: count, deleteCount: count, cells: notebookCells.optional() }),
            didOpen: z.array(textDocumentItem).optional(),
            didClose: z.array(textDocument).optional(),
          })
          .optional(),
        textContent: z.array(z.object({ document: versionedDocument, changes: contentChanges })).optional(),
      })
      .optional(),
  }),
});
export const didCloseNotebook = z.object({
  notebookDocument: z.object({ uri: z.string() }),
  cellTextDocuments: z.array(textDocument),
});

export const restingCursor = z.object({ textDocument, position }) satisfies z.ZodType<CursorRest>;
const nextEditFix = z.object({
  textDocument,
  title: z.string().max(MAX_FIX_TITLE_UNITS),
  range,
  edits: z.array(z.object({ range, newText: z.string().max(MAX_FIX_UNITS) })).max(MAX_FIX_EDITS),
  isPreferred: z.boolean(),
});
export const nextEdit = z.object({
  fixes: z.array(nextEditFix).max(MAX_FIXES).optional(),
  model: z.boolean().optional(),
}) satisfies z.ZodType<NextEditParams>;
export const completion = z.object({
  textDocument,
  position,
  context: z.object({ triggerKind: z.number() }).nullish(),
});
export const inlineCompletion = z.object({
  textDocument,
  position,
  context: z.object({
    triggerKind: z.union([z.literal(1), z.literal(2)]),
    selectedCompletionInfo: z.object({ range, text: z.string() }).nullish(),
  }),
});

const uri = z.string().min(1).max(8192);
const workspaceFile = z.object({ uri, path: z.string().min(1).max(8192) });
const skipped = z
  .object({ tooLarge: z.number(), binary: z.number(), unreadable: z.number(), links: z.number(), tooDeep: z.number() })
  .partial()
  .optional();
export const workspaceList = z.object({
  files: z.array(workspaceFile),
  next: z.number().optional(),
  skipped,
}) satisfies z.ZodType<WorkspaceListResult>;
export const workspaceRead = z.object({
  files: z.array(z.object({ uri, text: z.string(), languageId: z.string().max(64).optional() })),
  remaining: z.array(uri),
  skipped,
}) satisfies z.ZodType<WorkspaceReadResult>;
export const workspaceDefinitions = z.object({
  definitions: z.array(z.object({ uri, line: z.number().int().nonnegative() })).max(200),
  problems: z.array(z.string().max(2_000)).max(50),
}) satisfies z.ZodType<WorkspaceDefinitionsResult>;
export const workspaceChange = z.object({
  changed: z.array(workspaceFile).optional(),
  deleted: z.array(uri).optional(),
  reset: z.boolean().optional(),
}) satisfies z.ZodType<WorkspaceChange>;
export const workspaceTabs = z.object({ uris: z.array(uri).max(1000) }) satisfies z.ZodType<WorkspaceTabs>;
export const context = z.object({ uri }) satisfies z.ZodType<ContextParams>;

const command = z.enum(CHAT_COMMANDS);

export const chat = z.object({
  partialResultToken: token,
  conversationId: z.string().min(1).max(256),
  messages: z.array(z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() })).min(1),
  command: command.optional(),
  context: z
    .array(
      z.object({
        kind: z.enum(['selection', 'file', 'diagnostics']),
        uri: z.string().optional(),
        languageId: z.string().optional(),
        lines: z.tuple([count, count]).optional(),
        text: z.string(),
      }),
    )
    .optional(),
  workspace: z.boolean().optional(),
  symbols: z.array(z.string().min(1).max(256)).max(8).optional(),
  language: z.string().max(64).optional(),
  displayLanguage: z.string().max(64).optional(),
}) satisfies z.ZodType<ChatParams>;

export const edit = z.object({
  partialResultToken: token,
  task: command,
  languageId: z.string(),
  fileName: z.string(),
  target: z.string(),
  before: z.string(),
  after: z.string(),
  instruction: z.string().optional(),
  diagnostics: z.array(z.string()).optional(),
  language: z.string().max(64).optional(),
}) satisfies z.ZodType<EditParams>;

export const dictate = z.object({
  partialResultToken: token,
  uri: z.string().optional(),
}) satisfies z.ZodType<DictateParams>;

export const commitMessage = z.object({
  diff: z.string(),
  recentMessages: z.array(z.string()).optional(),
  language: z.string().max(64).optional(),
}) satisfies z.ZodType<CommitMessageParams>;

const jsonObject = z.custom<object>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);

export const generate = z.object({
  partialResultToken: token,
  messages: z
    .array(
      z.object({
        role: z.enum(['system', 'user', 'assistant', 'tool']),
        content: z.string(),
        toolCalls: z.array(z.object({ id: z.string(), name: z.string(), input: jsonObject })).optional(),
        toolCallId: z.string().optional(),
      }),
    )
    .optional(),
  prompt: z.string().optional(),
  tools: z
    .array(z.object({ name: z.string(), description: z.string(), inputSchema: jsonObject.optional() }))
    .optional(),
  toolMode: z.enum(['auto', 'required']).optional(),
  maxTokens: count.optional(),
  temperature: z.number().nonnegative().optional(),
  topK: count.optional(),
  topP: z.number().nonnegative().optional(),
  minP: z.number().nonnegative().optional(),
  seed: z.number().int().optional(),
  stop: z.array(z.string()).optional(),
  conversationId: z.string().min(1).max(256).optional(),
}) satisfies z.ZodType<GenerateParams>;

export const countTokens = z.object({ text: z.string() }) satisfies z.ZodType<CountTokensParams>;

export const completionFeedback = z.object({
  completionId: z.string().max(256),
  kind: z.enum(['shown', 'accepted', 'acceptedPartly', 'dismissed']),
  acceptedCharacters: count.optional(),
}) satisfies z.ZodType<CompletionFeedback>;

export const serverModels = settings.shape.server
  .unwrap()
  .pick({ url: true, key: true, allowHttp: true }) satisfies z.ZodType<ServerModelsParams>;

export const forgetWorkspace = z.object({
  workspaceKey: z.string().min(1).max(1024).optional(),
  unlessRules: z.string().max(256).optional(),
  keepsExpert: z.boolean().optional(),
}) satisfies z.ZodType<ForgetWorkspaceParams>;

const modelId = z.string().min(1).max(64);
export const downloadModel = z.object({
  partialResultToken: token,
  id: modelId,
  quantisation: z.string().min(1).max(32).optional(),
}) satisfies z.ZodType<DownloadParams>;
export const importModel = z.object({
  partialResultToken: token,
  path: z.string().min(1).max(4096),
}) satisfies z.ZodType<ImportModelParams>;
export const removeModel = z.union([
  z.object({ path: z.string().min(1).max(4096) }),
  z.object({ id: modelId, quantisation: z.string().min(1).max(32) }),
]) satisfies z.ZodType<RemoveModelParams>;

export const installCuda = z.object({ partialResultToken: token }) satisfies z.ZodType<InstallCudaParams>;

export const drain = z.object({ clientVersion: z.string().max(64) }) satisfies z.ZodType<DrainParams>;
