import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { recordedModelExtensions } from '../client/installations.ts';
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

/** Returns whether the Chorus in `extensionFolder` has its model in another extension. */
export async function needsModelExtension(extensionFolder: string): Promise<boolean> {
  try {
    const manifest = parseJson(await readFile(path.join(extensionFolder, 'package.json'), 'utf8'));
    const { extensionDependencies } = manifest as { readonly extensionDependencies?: unknown };
    return Array.isArray(extensionDependencies) && extensionDependencies.includes(MODEL_EXTENSION_ID);
  } catch {
    return false;
  }
}

/**
 * Returns the path of `file`, the first part of a model, in the extension "Chorus Model". Windows of all products
 * record where they have it. The record of the Chorus in `extensionFolder` goes first. Throws `TroubleError` 'no-model'
 * if the extension is missing or has another version, 'truncated-model' if it lacks a part.
 */
export async function modelInExtension(
  file: string,
  { extensionFolder, environment }: { readonly extensionFolder: string; readonly environment: NodeJS.ProcessEnv },
): Promise<string> {
  const home = homeFiles(homeFolder(environment));
  let firstTrouble: TroubleError | undefined;
  for (const extension of await recordedModelExtensions(home, extensionFolder)) {
    if (!(await isFile(path.join(extension.folder, 'package.json')))) continue;
    const first = path.join(extension.folder, MODEL_EXTENSION_FILES, file);
    const trouble = await troubleOf(extension, first);
    if (trouble === undefined) return first;
    firstTrouble ??= trouble;
  }
  throw firstTrouble ?? notInstalled();
}

async function troubleOf({ folder, version }: ModelExtension, first: string): Promise<TroubleError | undefined> {
  if (!isUsableModelVersion(version))
    return new TroubleError(
      'no-model',
      `The extension "Chorus Model" has version ${version}, but this Chorus needs version ${MODEL_EXTENSION_VERSION}. Update both extensions and reload the window, or choose another model.`,
    );
  for (const part of allParts(first))
    if (!(await isFile(part)))
      return new TroubleError(
        'truncated-model',
        `The extension "Chorus Model" is incomplete: ${path.basename(part)} is missing in ${folder}. Uninstall that extension, install it again and reload the window, or choose another model.`,
      );
  return undefined;
}

function notInstalled(): TroubleError {
  return new TroubleError(
    'no-model',
    `The default model is missing: no window of an editor has found the extension "Chorus Model" (${MODEL_EXTENSION_ID}). Install it and reload the window, or choose another model.`,
  );
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}
