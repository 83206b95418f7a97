import os from 'node:os';
import path from 'node:path';
import { homeFolder as chorusFolder, MODELS_FOLDER } from '../common/home.ts';
import type { LocalModel } from '../protocol/client.ts';
import { bundledModelPath } from './defaultModel.ts';
import { findGgufFiles, ggufFile, type GgufFile } from './ggufFiles.ts';
import { ollamaModels } from './ollamaModels.ts';

export interface LocalModelsOptions {
  readonly environment?: NodeJS.ProcessEnv;
  readonly homeFolder?: string;
  readonly platform?: NodeJS.Platform;
  /** The folder of the running script, for the bundled model. */
  readonly scriptFolder?: string;
  /** The folder of downloaded and imported models. */
  readonly modelsFolder?: string;
  /** Model folders of system-wide Ollama services. */
  readonly ollamaServiceFolders?: readonly string[];
}

/** Publisher, repository, file, and one more folder. No supported tool nests deeper, except the Hugging Face cache. */
const MAX_DEPTH = 4;
/** The depth of the Hugging Face cache: `models--owner--name/snapshots/<revision>/<quantisation>/file`. */
export const MAX_HUB_DEPTH = 5;

/**
 * Returns the GGUF language models on this machine: Chorus's own first, then those of LM Studio, Ollama and llama.cpp.
 * Files that can't be read are left out, and a missing folder is no error. A file that two paths lead to is listed
 * once.
 */
export async function localModels(options: LocalModelsOptions = {}): Promise<readonly LocalModel[]> {
  const environment = options.environment ?? process.env;
  const home = options.homeFolder ?? os.homedir();
  const platform = options.platform ?? process.platform;

  const found: { file: GgufFile; source: LocalModel['source'] }[] = [];
  const add = (source: LocalModel['source'], files: readonly GgufFile[]): void => {
    found.push(...files.map((file) => ({ file, source })));
  };
  add('bundled', await oneFile(await bundledModelPath(options.scriptFolder, environment)));
  add(
    'chorus',
    await findGgufFiles(options.modelsFolder ?? path.join(chorusFolder(environment), MODELS_FOLDER), {
      maxDepth: MAX_DEPTH,
    }),
  );
  for (const folder of lmStudioFolders(home)) add('lm-studio', await findGgufFiles(folder, { maxDepth: MAX_DEPTH }));
  const services = options.ollamaServiceFolders ?? ['/usr/share/ollama/.ollama/models'];
  for (const folder of [...ollamaFolders(home, environment), ...services]) add('ollama', await ollamaModels(folder));
  for (const folder of llamaCppFolders(home, environment, platform))
    add('llama.cpp', await findGgufFiles(folder, { maxDepth: MAX_DEPTH }));
  add('llama.cpp', await findGgufFiles(hubFolder(home, environment), { maxDepth: MAX_HUB_DEPTH }));

  const seen = new Set<string>();
  return found
    .filter(({ file }) => !seen.has(file.realPath) && seen.add(file.realPath))
    .map(({ file, source }) => ({ path: file.path, name: file.name, sizeBytes: file.sizeBytes, source }));
}

async function oneFile(candidate: string | undefined): Promise<readonly GgufFile[]> {
  const file = candidate === undefined ? undefined : await ggufFile(candidate);
  return file === undefined ? [] : [file];
}

function lmStudioFolders(home: string): readonly string[] {
  return [path.join(home, '.lmstudio', 'models'), path.join(home, '.cache', 'lm-studio', 'models')];
}

function ollamaFolders(home: string, environment: NodeJS.ProcessEnv): readonly string[] {
  const chosen = environment['OLLAMA_MODELS'];
  return [...(chosen ? [chosen] : []), path.join(home, '.ollama', 'models')];
}

function llamaCppFolders(home: string, environment: NodeJS.ProcessEnv, platform: NodeJS.Platform): readonly string[] {
  const chosen = environment['LLAMA_CACHE'];
  const folders = chosen ? [chosen] : [];
  if (platform === 'darwin') folders.push(path.join(home, 'Library', 'Caches', 'llama.cpp'));
  if (platform === 'win32')
    folders.push(path.join(environment['LOCALAPPDATA'] ?? path.join(home, 'AppData', 'Local'), 'llama.cpp'));
  folders.push(path.join(cacheFolder(home, environment), 'llama.cpp'));
  return folders;
}

/** Newer versions of llama.cpp keep their downloads in the Hugging Face cache. */
export function hubFolder(home: string, environment: NodeJS.ProcessEnv): string {
  const hub = environment['HF_HUB_CACHE'];
  if (hub) return hub;
  const huggingFace = environment['HF_HOME'] ?? path.join(cacheFolder(home, environment), 'huggingface');
  return path.join(huggingFace, 'hub');
}

export function cacheFolder(home: string, environment: NodeJS.ProcessEnv): string {
  const chosen = environment['XDG_CACHE_HOME'];
  return chosen ? chosen : path.join(home, '.cache');
}
