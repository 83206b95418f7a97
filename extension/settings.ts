import {
  SETTING_LIMITS,
  type ChorusSettings,
  type DeviceChoice,
  type EngineChoice,
  type NetworkSettings,
  type ServerSettings,
} from '../sidecar/protocol/client.ts';

/** The parts of `vscode.WorkspaceConfiguration` for the section `chorus` that this file needs. */
export interface SettingsReader {
  get(section: string): unknown;
  inspect(section: string): { readonly defaultValue?: unknown; readonly globalValue?: unknown } | undefined;
}

/**
 * Settings that choose what runs or what is kept from the model. Only the user may set them: a workspace's value is
 * never read. In the manifest they have the scope `machine`, or `application` if the user's choice applies to every
 * machine. They are listed in `restrictedConfigurations`.
 */
export const USER_ONLY_SETTINGS: readonly string[] = [
  'modelPath',
  'engine',
  'device',
  'threads',
  'contextSizeTokens',
  'cache',
  'adapters',
  'server.url',
  'server.model',
  'server.fillIn',
  'server.contextSizeTokens',
  'server.allowHttp',
  'contexts.keepOnDisk',
  'contexts.maxGigabytes',
  'learning.enabled',
  'learning.idleMinutes',
  'learning.minutesPerDay',
  'learning.tokens',
  'power.unloadAfterMinutes',
  'power.quiet',
  'speech.modelPath',
  'chat.systemPrompt',
  'documents.secretFiles',
  'catalogue',
  'downloads.mirror',
  'downloads.folder',
];

/** The default of `chorus.learning.tokens`, and the fewest that a pass can learn from. */
const LEARNING_TOKENS = 50_000;
const LEAST_LEARNING_TOKENS = 1_024;

/** The defaults and the minimum of the settings of learning by itself. */
const [IDLE_MINUTES, LEAST_IDLE_MINUTES, MINUTES_PER_DAY] = [5, 0.1, 60];

/** The settings that all windows share. */
const MODEL_SETTINGS = [
  'modelPath',
  'engine',
  'device',
  'threads',
  'contextSizeTokens',
  'cache',
  'adapters',
] as const satisfies readonly (keyof ChorusSettings)[];

/** Returns whether the user set one of the settings that choose the model and how it runs. */
export function choosesModel(reader: SettingsReader): boolean {
  return MODEL_SETTINGS.some((name) => reader.inspect(name)?.globalValue !== undefined);
}

/** Returns the settings without those of the model, which stays as other windows chose it. */
export function withoutModel(settings: ChorusSettings): ChorusSettings {
  const rest = { ...settings };
  for (const name of MODEL_SETTINGS) delete rest[name];
  return rest;
}

export interface CompletionPreferences {
  readonly enabled: boolean;
  readonly disabledLanguages: readonly string[];
}

export interface LearningPreferences {
  readonly enabled: boolean;
  /** How long the window must be without input. */
  readonly idleMinutes: number;
  readonly minutesPerDay: number;
  /** Whether quiet mode is always on, so that nothing runs by itself. */
  readonly sparesMachine: boolean;
}

/**
 * Returns the settings for the sidecar. Absent and invalid values are left out, so that the sidecar's defaults apply.
 * The model's path is always present, since settings without it leave the model unchanged. `network` holds VS Code's
 * network settings.
 */
export function readChorusSettings(reader: SettingsReader, network?: NetworkSettings): ChorusSettings {
  return {
    modelPath: text(userValue(reader, 'modelPath')) ?? '',
    engine: oneOf<EngineChoice>(userValue(reader, 'engine'), ['auto', 'chorus', 'llama']),
    device: oneOf<DeviceChoice>(userValue(reader, 'device'), ['auto', 'cpu', 'cuda', 'vulkan', 'metal']),
    threads: wholeNumber(userValue(reader, 'threads'), 0, SETTING_LIMITS.threads),
    contextSizeTokens: wholeNumber(userValue(reader, 'contextSizeTokens'), 0),
    cache: text(userValue(reader, 'cache'), SETTING_LIMITS.cacheUnits),
    adapters: paths(userValue(reader, 'adapters'), SETTING_LIMITS.adapters),
    completion: {
      multiline: oneOf(reader.get('completion.multiline'), ['auto', 'never', 'always'] as const),
      maxTokens: wholeNumber(reader.get('completion.maxTokens'), 1),
      timeoutMs: wholeNumber(reader.get('completion.timeoutMs'), 1),
      minDebounceMs: wholeNumber(reader.get('completion.minDebounceMs'), 0),
    },
    chat: {
      language: languageTag(reader.get('chat.language')),
      temperature: numberAtLeast(reader.get('chat.temperature'), 0),
      maxTokens: wholeNumber(reader.get('chat.maxTokens'), 1),
      systemPrompt: text(userValue(reader, 'chat.systemPrompt')),
    },
    speech: {
      modelPath: text(userValue(reader, 'speech.modelPath')),
      language: languageTag(reader.get('speech.language')),
      beamSize: wholeNumber(reader.get('speech.beamSize'), 1, SETTING_LIMITS.beamSize),
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
      catalogue: text(userValue(reader, 'catalogue'), SETTING_LIMITS.pathUnits),
      mirror: text(userValue(reader, 'downloads.mirror'), SETTING_LIMITS.urlUnits),
      folder: text(userValue(reader, 'downloads.folder'), SETTING_LIMITS.pathUnits),
      network,
    },
  };
}

/** Returns the server that the user chose, without its key, or `undefined` if there is none. */
export function readServerSettings(reader: SettingsReader): ServerSettings | undefined {
  const url = text(userValue(reader, 'server.url'), SETTING_LIMITS.urlUnits);
  const model = text(userValue(reader, 'server.model'), SETTING_LIMITS.serverModelUnits);
  if (url === undefined || model === undefined) return undefined;
  const fillIn = text(userValue(reader, 'server.fillIn'), SETTING_LIMITS.fillInUnits);
  const contextSizeTokens = wholeNumber(userValue(reader, 'server.contextSizeTokens'), 0);
  const allowHttp = flag(userValue(reader, 'server.allowHttp'));
  return {
    url,
    model,
    ...(fillIn ? { fillIn } : {}),
    ...(contextSizeTokens ? { contextSizeTokens } : {}),
    ...(allowHttp ? { allowHttp } : {}),
  };
}

/** Returns when ghost text is on. */
export function readCompletionPreferences(reader: Pick<SettingsReader, 'get'>): CompletionPreferences {
  return {
    enabled: reader.get('completion.enabled') !== false,
    disabledLanguages: stringList(reader.get('completion.disabledLanguages')),
  };
}

/** Returns whether next edits are on. */
export function readNextEditsEnabled(reader: Pick<SettingsReader, 'get'>): boolean {
  return reader.get('nextEdits.enabled') !== false;
}

/** Returns whether the model may write next edits. */
export function readModelNextEdits(reader: Pick<SettingsReader, 'get'>): boolean {
  return reader.get('nextEdits.model') === true;
}

/**
 * Returns the file name patterns (in the syntax of `.gitignore`) that the user adds to the built-in list of secret
 * files.
 */
export function readSecretPatterns(reader: SettingsReader): readonly string[] {
  return stringList(userValue(reader, 'documents.secretFiles'));
}

/** Returns how many tokens *Learn This Workspace* learns from at a time. */
export function readLearningTokens(reader: SettingsReader): number {
  return wholeNumber(userValue(reader, 'learning.tokens'), LEAST_LEARNING_TOKENS) ?? LEARNING_TOKENS;
}

/** Returns whether and when Chorus learns a workspace by itself. */
export function readLearningPreferences(reader: SettingsReader): LearningPreferences {
  return {
    enabled: userValue(reader, 'learning.enabled') === true,
    idleMinutes: numberAtLeast(userValue(reader, 'learning.idleMinutes'), LEAST_IDLE_MINUTES) ?? IDLE_MINUTES,
    minutesPerDay: numberAtLeast(userValue(reader, 'learning.minutesPerDay'), 0) ?? MINUTES_PER_DAY,
    sparesMachine: userValue(reader, 'power.quiet') === 'always',
  };
}

function userValue(reader: SettingsReader, section: string): unknown {
  const found = reader.inspect(section);
  return found?.globalValue ?? found?.defaultValue;
}

function text(value: unknown, maxUnits = Number.MAX_SAFE_INTEGER): string | undefined {
  return typeof value === 'string' && value.trim() !== '' && value.length <= maxUnits ? value.trim() : undefined;
}

/** Accepts only 'auto' or a BCP 47 tag. A workspace may set it, and it becomes part of the model's instructions. */
function languageTag(value: unknown): string | undefined {
  const tag = text(value, SETTING_LIMITS.languageUnits);
  return tag !== undefined && /^[a-z]{2,8}([-_][a-z\d]{1,8}){0,3}$/i.test(tag) ? tag : undefined;
}

/** The first `maxCount` paths of a list. Absent: there is none. */
function paths(value: unknown, maxCount: number): readonly string[] | undefined {
  const list = stringList(value).flatMap((entry) => text(entry, SETTING_LIMITS.pathUnits) ?? []);
  return list.length === 0 ? undefined : list.slice(0, maxCount);
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

function wholeNumber(value: unknown, minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): number | undefined {
  const number = numberAtLeast(value, minimum);
  return number === undefined ? undefined : Math.min(Math.floor(number), maximum);
}

function stringList(value: unknown): readonly string[] {
  return Array.isArray(value)
    ? value.filter((entry): entry is string => typeof entry === 'string' && entry !== '')
    : [];
}
