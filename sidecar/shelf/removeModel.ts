import { realpath, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { allParts } from '../models/gguf/validate.ts';
import type { LocalModel } from '../protocol/client.ts';
import { fileNameOf, type CatalogueFile } from './catalogue/schema.ts';
import { writeFailure } from './download/errors.ts';
import { removePartial } from './download/partialFile.ts';
import { tryLockForWriting } from './download/writeLock.ts';
import { isPathInside, realPathOf } from '../common/findFiles.ts';

/**
 * Throws `TroubleError` if `file` is the chosen model, however the two paths are written. A missing file is not in use.
 */
export async function requireUnused(file: string, chosenPath: string | undefined): Promise<void> {
  const realFile = await realpath(file).catch(() => undefined);
  if (realFile === undefined || chosenPath === undefined || (await realPathOf(chosenPath)) !== realFile) return;
  throw new TroubleError('invalid-input', `${file.slice(0, 300)} is in use. Choose another model first.`);
}

/**
 * Removes a model with all its parts, if it lies in the models folder. Files outside belong to other tools. Throws
 * `TroubleError`.
 */
export async function removeModel(file: string, modelsFolder: string, models: readonly LocalModel[]): Promise<void> {
  const wanted = path.join(await realPathOf(path.dirname(file)), path.basename(file));
  const model = models.find((each) => each.path === wanted && isPathInside(each.path, modelsFolder));
  if (!model)
    throw new TroubleError(
      'invalid-input',
      `${file.slice(0, 300)} is no model that Chorus downloaded or imported, and is not removed.`,
    );
  await removeFiles(allParts(model.path));
}

/** Removes a catalogue's model, complete or partial. Throws `TroubleError` while another process downloads it. */
export async function removeDownloaded(folder: string, files: readonly CatalogueFile[]): Promise<void> {
  if (!(await stat(folder).catch(() => undefined))) return;
  await removeFiles(files.map((file) => path.join(folder, fileNameOf(file))));
}

/** The first part is removed first: without it the other parts are no model. */
async function removeFiles(parts: readonly string[]): Promise<void> {
  const folder = path.dirname(parts[0]!);
  const lock = await tryLockForWriting(parts[0]!).catch((error: unknown) => {
    throw writeFailure(folder, error);
  });
  if (!lock)
    throw new TroubleError(
      'invalid-input',
      `${path.basename(parts[0]!)} is being downloaded by another process. Pause it there first.`,
    );
  try {
    for (const part of parts) {
      await rm(part, { force: true });
      await removePartial(part);
    }
  } finally {
    await lock.release();
  }
  await rmdir(folder).catch(() => undefined);
}
