import { readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TroubleError } from '../engine/engine.ts';

/** The file that `.scripts/fetchModel.ts` fetches and `npm run package` puts into the extension. */
export const DEFAULT_MODEL_FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';

export interface DefaultModelOptions {
  /** Where the running script lies; the bundled model is in `models/` beside it. */
  readonly scriptFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly homeFolder?: string;
}

/**
 * Path of the model that is used where none is chosen: the one inside the extension; in a checkout the file that `CHORUS_MODEL` names, or
 * the one in the developer cache. What is bundled comes first, so that no environment of a repository chooses a model for an installed
 * Chorus. Throws `TroubleError` 'no-model' where there is none, 'model-not-found' where `CHORUS_MODEL` names no file.
 */
export async function defaultModelPath(options: DefaultModelOptions = {}): Promise<string> {
  const environment = options.environment ?? process.env;
  const bundled = await bundledModelPath(options.scriptFolder);
  if (bundled !== undefined) return bundled;
  const named = environment['CHORUS_MODEL'];
  if (named !== undefined && named !== '') {
    if (await isFile(named)) return path.resolve(named);
    throw new TroubleError('model-not-found', `CHORUS_MODEL names ${named}, which is not a file. Set it to the path of a GGUF file, or unset it.`);
  }
  const cached = developerModelPath(environment, options.homeFolder);
  if (await isFile(cached)) return cached;
  throw new TroubleError(
    'no-model',
    `There is no model: none is bundled with this build and ${cached} does not exist. Name a GGUF file in the settings or with --model, or fetch the small default model with "npx tsx .scripts/fetchModel.ts".`,
  );
}

/** The GGUF file that came with the extension, or undefined in a build without one. */
export async function bundledModelPath(scriptFolder = path.dirname(fileURLToPath(import.meta.url))): Promise<string | undefined> {
  const folder = path.join(scriptFolder, 'models');
  const names = await readdir(folder).catch(() => []);
  const name = names.filter((entry) => entry.endsWith('.gguf')).sort()[0];
  return name === undefined ? undefined : path.join(folder, name);
}

/** Where a developer's checkout keeps the fetched default model, whether or not it is there. */
export function developerModelPath(environment: NodeJS.ProcessEnv = process.env, homeFolder = os.homedir()): string {
  const cache = environment['CHORUS_DEV_CACHE'] ?? path.join(homeFolder, '.cache', 'chorus-dev');
  return path.join(cache, 'models', DEFAULT_MODEL_FILE);
}

async function isFile(candidate: string): Promise<boolean> {
  return (await stat(candidate).catch(() => undefined))?.isFile() ?? false;
}
