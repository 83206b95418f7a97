import type { ChorusSettings, DeviceChoice, EngineChoice, NetworkSettings, ServerSettings } from '../sidecar/protocol/client.ts';

/** What this file needs of `vscode.WorkspaceConfiguration` of the section `chorus`. */
export interface SettingsReader {
  get(section: string): unknown;
  inspect(section: string): { readonly defaultValue?: unknown; readonly globalValue?: unknown } | undefined;
}

/**
 * Settings that choose what runs or what is kept from the model. Only the user may choose them: a workspace's value is never read. In the
 * manifest they are `machine`-scoped and listed in `restrictedConfigurations`.
 */
export const USER_ONLY_SETTINGS: readonly string[] = [
  'modelPath',
  'engine',
  'device',
  'threads',
  'contextSizeTokens',
  'cache',
  'server.url',
  'server.model',
  'server.fillIn',
  'server.contextSizeTokens',
  'server.allowHttp',
  'contexts.keepOnDisk',
  'contexts.maxGigabytes',
  'power.unloadAfterMinutes',
  'power.quiet',
  'speech.modelPath',
  'chat.systemPrompt',
  'documents.secretFiles',
  'catalogue',
  'downloads.mirror',
  'downloads.folder',
];

export interface CompletionPreferences {
  readonly enabled: boolean;
  readonly disabledLanguages: readonly string[];
}

/**
 * What the sidecar is told. Absent and unusable values are left out, so that the sidecar's defaults stand. The model's path is always there,
 * since settings that say nothing of the model leave it as it is. `network`: as VS Code reaches it.
 */
export function readChorusSettings(reader: SettingsReader, network?: NetworkSettings): ChorusSettings {
  return {
    modelPath: text(userValue(reader, 'modelPath')) ?? '',
    engine: oneOf<EngineChoice>(userValue(reader, 'engine'), ['auto', 'chorus', 'llama']),
    device: oneOf<DeviceChoice>(userValue(reader, 'device'), ['auto', 'cpu', 'cuda', 'vulkan', 'metal']),
    threads: wholeNumber(userValue(reader, 'threads'), 0),
    contextSizeTokens: wholeNumber(userValue(reader, 'contextSizeTokens'), 0),
    cache: text(userValue(reader, 'cache')),
    completion: {
      multiline: oneOf(reader.get('completion.multiline'), ['auto', 'never', 'always'] as const),
      maxTokens: wholeNumber(reader.get('completion.maxTokens'), 1),
      timeoutMs: wholeNumber(reader.get('completion.timeoutMs'), 1),
      minDebounceMs: wholeNumber(reader.get('completion.minDebounceMs'), 0),
    },
    chat: {
      language: text(reader.get('chat.language')),
      temperature: numberAtLeast(reader.get('chat.temperature'), 0),
      maxTokens: wholeNumber(reader.get('chat.maxTokens'), 1),
      systemPrompt: text(userValue(reader, 'chat.systemPrompt')),
    },
    speech: {
      modelPath: text(userValue(reader, 'speech.modelPath')),
      language: text(reader.get('speech.language')),
      beamSize: wholeNumber(reader.get('speech.beamSize'), 1),
      commands: flag(reader.get('speech.commands')),
      identifiers: flag(reader.get('speech.identifiers')),
    },
    contexts: {
      keepOnDisk: flag(userValue(reader, 'contexts.keepOnDisk')),
      maxGigabytes: numberAtLeast(userValue(reader, 'contexts.maxGigabytes'), 0),
    },
    context: {
      workspace: flag(reader.get('context.workspace')),
      maxTokens: wholeNumber(reader.get('context.maxTokens'), 0),
      readAhead: flag(reader.get('context.readAhead')),
    },
    power: {
      unloadAfterMinutes: numberAtLeast(userValue(reader, 'power.unloadAfterMinutes'), 0),
      quiet: oneOf(userValue(reader, 'power.quiet'), ['auto', 'never', 'always'] as const),
    },
    downloads: {
      catalogue: text(userValue(reader, 'catalogue')),
      mirror: text(userValue(reader, 'downloads.mirror')),
      folder: text(userValue(reader, 'downloads.folder')),
      network,
    },
  };
}

/** The server that the user chose, without its key; absent: none. */
export function readServerSettings(reader: SettingsReader): ServerSettings | undefined {
  const url = text(userValue(reader, 'server.url'));
  const model = text(userValue(reader, 'server.model'));
  if (url === undefined || model === undefined) return undefined;
  const fillIn = text(userValue(reader, 'server.fillIn'));
  const contextSizeTokens = wholeNumber(userValue(reader, 'server.contextSizeTokens'), 0);
  const allowHttp = flag(userValue(reader, 'server.allowHttp'));
  return { url, model, ...(fillIn ? { fillIn } : {}), ...(contextSizeTokens ? { contextSizeTokens } : {}), ...(allowHttp ? { allowHttp } : {}) };
}

/** When ghost text is wanted at all. */
export function readCompletionPreferences(reader: SettingsReader): CompletionPreferences {
  return {
    enabled: reader.get('completion.enabled') !== false,
    disabledLanguages: stringList(reader.get('completion.disabledLanguages')),
  };
}

/** File name patterns (in the syntax of `.gitignore`) that the user adds to the built-in list of secret files. */
export function readSecretPatterns(reader: SettingsReader): readonly string[] {
  return stringList(userValue(reader, 'documents.secretFiles'));
}

function userValue(reader: SettingsReader, section: string): unknown {
  const found = reader.inspect(section);
  return found?.globalValue ?? found?.defaultValue;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function flag(value: unknown): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined;
}

function oneOf<Choice extends string>(value: unknown, choices: readonly Choice[]): Choice | undefined {
  return choices.find((choice) => choice === value);
}

function numberAtLeast(value: unknown, minimum: number): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= minimum ? value : undefined;
}

function wholeNumber(value: unknown, minimum: number): number | undefined {
  const number = numberAtLeast(value, minimum);
  return number === undefined ? undefined : Math.floor(number);
}

function stringList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry): entry is string => typeof entry === 'string' && entry !== '') : [];
}
