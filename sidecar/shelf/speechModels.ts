import { open, realpath, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { LEAST_MULTILINGUAL } from '../speech/speechTokens.ts';
import { spokenLanguage } from '../speech/spokenLanguage.ts';
import { findFiles } from '../common/findFiles.ts';
import { cacheFolder, hubFolder, MAX_HUB_DEPTH } from './localModels.ts';

/** A speech model in whisper.cpp's format. */
export interface SpeechModelFile {
  readonly path: string;
  readonly realPath: string;
  readonly sizeBytes: number;
  /** False if the model understands only English. */
  readonly isMultilingual: boolean;
}

export interface SpeechModelsOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly homeFolder?: string;
  readonly platform?: NodeJS.Platform;
}

/** No tool nests its models deeper. */
const MAX_DEPTH = 2;
/**
 * The first bytes of whisper.cpp's files: "ggml" as a little-endian number. The size of the vocabulary follows in four
 * bytes.
 */
const MAGIC = 'lmgg';
const BEGINNING_BYTES = MAGIC.length + 4;
/** Models without weights, which whisper.cpp's tests use, and its models for voice activity. */
const NO_SPEECH_MODEL = /for-tests|silero|vad/i;

/**
 * Returns the speech models in the folders of tools that use whisper.cpp, quick ones first. Files that can't be read
 * are left out, and a missing folder is no error.
 */
export async function speechModels(options: SpeechModelsOptions = {}): Promise<readonly SpeechModelFile[]> {
  const { environment = process.env, homeFolder: home = os.homedir(), platform = process.platform } = options;
  const folders = toolFolders(home, environment, platform).map((folder) => ({ folder, maxDepth: MAX_DEPTH }));
  const found = await Promise.all(
    [...folders, { folder: hubFolder(home, environment), maxDepth: MAX_HUB_DEPTH }].map(({ folder, maxDepth }) =>
      findFiles(folder, { maxDepth, look }),
    ),
  );
  const seen = new Set<string>();
  return found
    .flat()
    .filter(({ realPath }) => !seen.has(realPath) && seen.add(realPath))
    .sort((a, b) => a.sizeBytes - b.sizeBytes);
}

/**
 * Returns the path of the chosen speech model, or of the best model for a language: a BCP 47 tag or "auto". Throws
 * `TroubleError` 'no-speech-model' that tells how to get one.
 */
export async function speechModelPath(
  chosen: string | undefined,
  language: string,
  options: SpeechModelsOptions = {},
): Promise<string> {
  if (chosen !== undefined && chosen !== '') return path.resolve(chosen);
  const found = await speechModels(options);
  const multilingual = found.filter(({ isMultilingual }) => isMultilingual);
  const best = bestOf(spokenLanguage(language) === 'en' || multilingual.length === 0 ? found : multilingual);
  if (best) return best.path;
  throw new TroubleError(
    'no-speech-model',
    'There is no speech model on this machine. Download one in the format of whisper.cpp, such as ggml-base-q5_1.bin of https://huggingface.co/ggerganov/whisper.cpp, and name it in the setting chorus.speech.modelPath or with --model.',
  );
}

/** A model up to this size is quick on a processor. The largest such model is preferred, or else the smallest model. */
const QUICK_BYTES = 250_000_000;

function bestOf(models: readonly SpeechModelFile[]): SpeechModelFile | undefined {
  return models.findLast(({ sizeBytes }) => sizeBytes <= QUICK_BYTES) ?? models[0];
}

/** Folders of whisper.cpp itself, pywhispercpp, Buzz and MacWhisper, and a developer's cache. */
function toolFolders(home: string, environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly string[] {
  const cache = cacheFolder(home, environment);
  const shared = [
    path.join(home, 'whisper.cpp', 'models'),
    path.join(cache, 'whisper.cpp'),
    path.join(cache, 'whisper'),
    path.join(cache, 'Buzz', 'models'),
  ];
  if (platform === 'darwin') {
    const support = path.join(home, 'Library', 'Application Support');
    const caches = path.join(home, 'Library', 'Caches');
    return [
      ...shared,
      path.join(support, 'pywhispercpp', 'models'),
      path.join(support, 'MacWhisper', 'models'),
      path.join(caches, 'Buzz', 'models'),
      '/opt/homebrew/share/whisper-cpp',
      '/usr/local/share/whisper-cpp',
    ];
  }
  if (platform === 'win32') {
    const local = environment['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local');
    return [
      ...shared,
      path.join(local, 'pywhispercpp', 'pywhispercpp', 'models'),
      path.join(local, 'Buzz', 'Buzz', 'Cache', 'models'),
    ];
  }
  const data = environment['XDG_DATA_HOME'] ?? path.join(home, '.local', 'share');
  return [
    ...shared,
    path.join(data, 'pywhispercpp', 'models'),
    path.join(data, 'whisper.cpp'),
    '/usr/share/whisper.cpp/models',
    '/usr/share/whisper-cpp',
  ];
}

async function look(file: string): Promise<SpeechModelFile | undefined> {
  const name = path.basename(file);
  if (!/^ggml-.+\.bin$/i.test(name) || NO_SPEECH_MODEL.test(name)) return undefined;
  try {
    const realPath = await realpath(file);
    const status = await stat(realPath);
    const vocabularySize = status.isFile() ? await vocabularySizeOf(realPath) : undefined;
    if (vocabularySize === undefined) return undefined;
    return { path: file, realPath, sizeBytes: status.size, isMultilingual: vocabularySize >= LEAST_MULTILINGUAL };
  } catch {
    return undefined;
  }
}

/** Returns `undefined` for a file that is not in whisper.cpp's format. */
async function vocabularySizeOf(file: string): Promise<number | undefined> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(BEGINNING_BYTES), 0, BEGINNING_BYTES, 0);
    if (bytesRead < BEGINNING_BYTES || buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
    return buffer.readInt32LE(MAGIC.length);
  } finally {
    await handle.close();
  }
}
