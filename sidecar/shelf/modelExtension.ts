import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { recordedModelExtensions } from '../client/installations.ts';
import { compareVersions } from '../common/compareVersions.ts';
import { fileSize } from '../common/fileSize.ts';
import { homeFiles, homeFolder } from '../common/home.ts';
import {
  isUsableModelVersion,
  MODEL_EXTENSION_FILES,
  MODEL_EXTENSION_ID,
  MODEL_EXTENSION_VERSION,
  type ModelExtension,
} from '../common/modelExtension.ts';
import { parseJson } from '../common/parseJson.ts';
import { TroubleError } from '../common/troubleError.ts';
import { allParts } from '../models/gguf/validate.ts';
import { isKnownModel } from './knownModel.ts';

/** Returns whether the Chorus in `extensionFolder` has its model in another extension. */
export async function needsModelExtension(extensionFolder: string): Promise<boolean> {
  const dependencies = (await manifestOf(extensionFolder))['extensionDependencies'];
  return Array.isArray(dependencies) && dependencies.includes(MODEL_EXTENSION_ID);
}

/**
 * Returns the path of `file`, the first part of a model, in the extension "Chorus Model". The extension beside the
 * Chorus in `extensionFolder` goes first. Otherwise windows of all products record where they have it. The environment
 * chooses the folder of the records, so an extension from a record must hold the model that this build knows. Throws
 * `TroubleError` 'no-model' if the extension is missing or has another version or model, 'truncated-model' if it lacks
 * a part.
 */
export async function modelInExtension(
  file: string,
  { extensionFolder, environment }: { readonly extensionFolder: string; readonly environment: NodeJS.ProcessEnv },
): Promise<string> {
  let firstTrouble: TroubleError | undefined;
  for (const extension of await extensionsBeside(extensionFolder)) {
    const first = path.join(extension.folder, MODEL_EXTENSION_FILES, file);
    const trouble = await troubleOf(extension, first);
    if (trouble === undefined) return first;
    firstTrouble ??= trouble;
  }
  const { trusted, ignored } = await recordedModelExtensions(homeFiles(homeFolder(environment)), extensionFolder);
  for (const extension of trusted) {
    if ((await fileSize(path.join(extension.folder, 'package.json'))) === undefined) continue;
    const first = path.join(extension.folder, MODEL_EXTENSION_FILES, file);
    const trouble = (await troubleOf(extension, first)) ?? (await foreignModel(extension, first));
    if (trouble === undefined) return first;
    firstTrouble ??= trouble;
  }
  throw firstTrouble ?? (ignored[0] === undefined ? notInstalled() : changeable(ignored[0]));
}

/** Returns the extensions with a model that a product keeps beside its Chorus, the newest first. */
async function extensionsBeside(extensionFolder: string): Promise<readonly ModelExtension[]> {
  const parent = path.dirname(path.resolve(extensionFolder));
  const found: ModelExtension[] = [];
  for (const name of await readdir(parent).catch(() => [])) {
    if (!name.startsWith(`${MODEL_EXTENSION_ID}-`)) continue;
    const folder = path.join(parent, name);
    const { version } = await manifestOf(folder);
    if (typeof version === 'string') found.push({ folder, version });
  }
  return found.sort((a, b) => compareVersions(b.version, a.version));
}

async function troubleOf({ folder, version }: ModelExtension, first: string): Promise<TroubleError | undefined> {
  if (!isUsableModelVersion(version))
    return new TroubleError(
      'no-model',
      `The extension "Chorus Model" has version ${version}, but this Chorus needs version ${MODEL_EXTENSION_VERSION}. Update both extensions and reload the window, or choose another model.`,
    );
  for (const part of allParts(first))
    if ((await fileSize(part)) === undefined)
      return new TroubleError(
        'truncated-model',
        `The extension "Chorus Model" is incomplete: ${path.basename(part)} is missing in ${folder}. Uninstall that extension, install it again and reload the window, or choose another model.`,
      );
  return undefined;
}

async function foreignModel({ folder }: ModelExtension, first: string): Promise<TroubleError | undefined> {
  if (await isKnownModel(first).catch(() => false)) return undefined;
  return new TroubleError(
    'no-model',
    `The extension "Chorus Model" in ${folder} holds another model than this Chorus knows. Install version ${MODEL_EXTENSION_VERSION} of that extension in this editor and reload the window, or choose another model.`,
  );
}

function changeable(place: string): TroubleError {
  return new TroubleError(
    'no-model',
    `Chorus ignores a record of the extension "Chorus Model", because other users can change ${place}. Take that permission from them and reload the window, or choose another model.`,
  );
}

function notInstalled(): TroubleError {
  return new TroubleError(
    'no-model',
    `The default model is missing: no window of an editor has found the extension "Chorus Model" (${MODEL_EXTENSION_ID}). Install it and reload the window, or choose another model.`,
  );
}

/** Returns the manifest of an extension, or an empty object if it can't be read. */
async function manifestOf(folder: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    const manifest = parseJson(await readFile(path.join(folder, 'package.json'), 'utf8'));
    return (manifest ?? {}) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}
