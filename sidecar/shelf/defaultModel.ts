import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { TroubleError } from '../common/troubleError.ts';

/** Of this file, where it was not bundled. */
const SOURCE_FOLDER = 'shelf';

/** File of the model that comes with Chorus, the first of its parts. Other files beside it do not ship. */
export const BUNDLED_MODEL_FILE = 'Chorus-0.5B-00001-of-00003.gguf';

export interface DefaultModelOptions {
  /** Where the running script lies. */
  readonly scriptFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Path of the model that is used where none is chosen: the one inside the extension; in a checkout the file that
 * `CHORUS_MODEL` names, or the one that will be in the extension. What is inside comes first, so that no environment of
 * a repository chooses a model for an installed Chorus. Throws `TroubleError` 'no-model' where there is none,
 * 'model-not-found' where `CHORUS_MODEL` names no file.
 */
export async function defaultModelPath({
  scriptFolder = ownFolder(),
  environment = process.env,
}: DefaultModelOptions = {}): Promise<string> {
  const inside = await modelIn(packagedFolder(scriptFolder));
  if (inside !== undefined) return inside;
  const named = environment['CHORUS_MODEL'];
  if (named !== undefined && named !== '') {
    if ((await stat(named).catch(() => undefined))?.isFile()) return path.resolve(named);
    throw new TroubleError(
      'model-not-found',
      `CHORUS_MODEL names ${named}, which is not a file. Set it to the path of a GGUF file, or unset it.`,
    );
  }
  const bundled = await bundledModelPath(scriptFolder);
  if (bundled !== undefined) return bundled;
  throw new TroubleError(
    'no-model',
    'There is no model: none came with this build. Name a GGUF file in the settings or with --model.',
  );
}

/**
 * The GGUF file that comes with the extension: `models/` beside the bundles, in a checkout `media/models/`. Undefined
 * in a build without one.
 */
export async function bundledModelPath(scriptFolder = ownFolder()): Promise<string | undefined> {
  // A checkout has its bundles in a folder at the top, and its sources here: what is beside the checkout is not its
  // own.
  const top = path.basename(scriptFolder) === SOURCE_FOLDER ? '../..' : '..';
  return (await modelIn(packagedFolder(scriptFolder))) ?? modelIn(path.join(scriptFolder, top, 'media/models'));
}

/** Whether the model that is used where none is chosen is the one that comes with the extension. */
export async function isDefaultBundled(options: DefaultModelOptions = {}): Promise<boolean> {
  const bundled = await bundledModelPath(options.scriptFolder);
  return bundled !== undefined && bundled === (await defaultModelPath(options).catch(() => undefined));
}

function ownFolder(): string {
  return path.dirname(fileURLToPath(import.meta.url));
}

function packagedFolder(scriptFolder: string): string {
  return path.join(scriptFolder, 'models');
}

async function modelIn(folder: string): Promise<string | undefined> {
  const file = path.join(folder, BUNDLED_MODEL_FILE);
  return (await stat(file).catch(() => undefined))?.isFile() ? file : undefined;
}
