import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileSize } from '../common/fileSize.ts';
import { TroubleError } from '../common/troubleError.ts';
import { modelInExtension, needsModelExtension } from './modelExtension.ts';

/** The folder of this file in a checkout. */
const SOURCE_FOLDER = 'shelf';

/** The file of the bundled model: the first of its parts. Other files beside it do not ship. */
export const BUNDLED_MODEL_FILE = 'Chorus-0.5B-00001-of-00003.gguf';

/** The file of the bundled model's low-rank experts. It ships in Chorus, even if the model is in another extension. */
export const BUNDLED_EXPERTS_FILE = 'Chorus-0.5B.experts.gguf';

export interface DefaultModelOptions {
  /** The folder of the running script. */
  readonly scriptFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Returns the path of the default model. An installed Chorus always uses its bundled model, so that a repository's
 * environment can't choose another. That model lies inside, or in the extension "Chorus Model". A checkout uses the
 * file that `CHORUS_MODEL` names, or else its bundled model. Throws `TroubleError` 'no-model' if there is none,
 * 'truncated-model' if a part is missing, 'model-not-found' if `CHORUS_MODEL` names no file.
 */
export async function defaultModelPath({
  scriptFolder = ownFolder(),
  environment = process.env,
}: DefaultModelOptions = {}): Promise<string> {
  const inside = await modelIn(packagedFolder(scriptFolder));
  if (inside !== undefined) return inside;
  const extensionFolder = topFolder(scriptFolder);
  if (await needsModelExtension(extensionFolder))
    return modelInExtension(BUNDLED_MODEL_FILE, { extensionFolder, environment });
  const named = environment['CHORUS_MODEL'];
  if (named !== undefined && named !== '') {
    if ((await fileSize(named)) !== undefined) return path.resolve(named);
    throw new TroubleError(
      'model-not-found',
      `CHORUS_MODEL names ${named}, which is not a file. Set it to the path of a GGUF file, or unset it.`,
    );
  }
  const bundled = await bundledModelPath(scriptFolder, environment);
  if (bundled !== undefined) return bundled;
  throw new TroubleError(
    'no-model',
    'There is no model: none came with this build. Name a GGUF file in the settings or with --model.',
  );
}

/**
 * Returns the path of the bundled GGUF file: in `models/` beside the bundles, in the extension "Chorus Model", or in
 * `media/models/` of a checkout. Undefined in a build without one.
 */
export async function bundledModelPath(
  scriptFolder = ownFolder(),
  environment = process.env,
): Promise<string | undefined> {
  const inside = await modelIn(packagedFolder(scriptFolder));
  if (inside !== undefined) return inside;
  const extensionFolder = topFolder(scriptFolder);
  return (await needsModelExtension(extensionFolder))
    ? modelInExtension(BUNDLED_MODEL_FILE, { extensionFolder, environment }).catch(() => undefined)
    : modelIn(path.join(extensionFolder, 'media/models'));
}

/** Returns the path that the bundled model's experts have in this build, whether they are there or not. */
export async function bundledExpertsPath(scriptFolder = ownFolder()): Promise<string> {
  const packaged = path.join(packagedFolder(scriptFolder), BUNDLED_EXPERTS_FILE);
  if ((await fileSize(packaged)) !== undefined) return packaged;
  const inCheckout = path.join(topFolder(scriptFolder), 'media/models', BUNDLED_EXPERTS_FILE);
  return (await fileSize(inCheckout)) === undefined ? packaged : inCheckout;
}

/** Returns whether the default model is the bundled one. */
export async function isDefaultBundled(options: DefaultModelOptions = {}): Promise<boolean> {
  const bundled = await bundledModelPath(options.scriptFolder, options.environment);
  return bundled !== undefined && bundled === (await defaultModelPath(options).catch(() => undefined));
}

function ownFolder(): string {
  return path.dirname(fileURLToPath(import.meta.url));
}

/**
 * The folder of the installed extension or of the checkout, which has its bundles in a folder at the top, and its
 * sources here. Files beside it do not belong to it.
 */
function topFolder(scriptFolder: string): string {
  return path.join(scriptFolder, path.basename(scriptFolder) === SOURCE_FOLDER ? '../..' : '..');
}

function packagedFolder(scriptFolder: string): string {
  return path.join(scriptFolder, 'models');
}

async function modelIn(folder: string): Promise<string | undefined> {
  const file = path.join(folder, BUNDLED_MODEL_FILE);
  return (await fileSize(file)) === undefined ? undefined : file;
}
