import { createReadStream } from 'node:fs';
import { readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../common/troubleError.ts';
import { allParts } from '../models/gguf/validate.ts';
import { inspectModelFile } from '../models/modelFile.ts';
import type { DownloadProgress } from '../protocol/client.ts';
import { IMPORTED_FOLDER } from './catalogue/schema.ts';
import { requireSpace } from './download/diskSpace.ts';
import { writeFailure } from './download/errors.ts';
import { makeFolder } from './download/makeFolder.ts';
import { createPartial, PARTIAL_SUFFIX } from './download/partialFile.ts';
import { lockForWriting, tryLockForWriting } from './download/writeLock.ts';

/** The lock allows one import at a time. No model can have this name, since it lacks the ending of GGUF files. */
const LOCKED_NAME = 'import';

export interface ImportRequest {
  readonly file: string;
  readonly modelsFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
}

/** A file and the path of its copy. */
interface Copy {
  readonly source: string;
  readonly target: string;
}

/**
 * Checks a model, then copies it with all its parts; the first part gets its name last. Throws `TroubleError`, and the
 * signal's reason; no copy remains then.
 */
export async function importModel({ file, modelsFolder, onProgress, signal }: ImportRequest): Promise<string> {
  if (!path.isAbsolute(file))
    throw new TroubleError('invalid-input', `path: expected an absolute path, got ${file.slice(0, 300)}`);
  await inspectModelFile(file);
  const folder = path.join(modelsFolder, IMPORTED_FOLDER);
  const copies = allParts(file).map((source): Copy => ({ source, target: path.join(folder, path.basename(source)) }));
  const sizes = await Promise.all(copies.map(async ({ source }) => (await stat(source)).size));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  let receivedBytes = 0;
  const onBytes = (bytes: number): void =>
    onProgress({ state: 'downloading', receivedBytes: (receivedBytes += bytes), totalBytes });
  await makeFolder(folder);
  const onWait = (): Promise<void> => Promise.resolve(onBytes(0));
  const lock = await lockForWriting(path.join(folder, LOCKED_NAME), { onWait, signal });
  try {
    await removePartials(folder);
    for (const { target } of copies) {
      if (await stat(target).catch(() => undefined))
        throw new TroubleError('invalid-input', `${target} is there already. Remove it first, or rename the file.`);
    }
    await requireSpace(folder, totalBytes, path.basename(file));
    await copyAll(copies, { onBytes, signal, lost: lock.lost });
  } finally {
    await lock.release();
  }
  return path.join(folder, path.basename(file));
}

/** Removes the files of an import whose process died. Does nothing while an import is running. */
export async function removeImportLeftovers(modelsFolder: string): Promise<void> {
  const folder = path.join(modelsFolder, IMPORTED_FOLDER);
  if ((await partialsIn(folder)).length === 0) return;
  const lock = await tryLockForWriting(path.join(folder, LOCKED_NAME));
  if (!lock) return;
  try {
    await removePartials(folder);
  } finally {
    await lock.release();
  }
}

async function copyAll(
  copies: readonly Copy[],
  {
    onBytes,
    signal,
    lost,
  }: { readonly onBytes: (bytes: number) => void; readonly signal: AbortSignal; readonly lost: AbortSignal },
): Promise<void> {
  const ends = AbortSignal.any([signal, lost]);
  const named: string[] = [];
  try {
    for (const { source, target } of copies) await copyFile(source, target + PARTIAL_SUFFIX, onBytes, ends);
    for (const { target } of [...copies].reverse()) {
      ends.throwIfAborted();
      await rename(target + PARTIAL_SUFFIX, target);
      named.push(target);
    }
  } catch (error) {
    // A process that took the lock over may be writing files of these names.
    if (!lost.aborted)
      for (const file of [...copies.map(({ target }) => target + PARTIAL_SUFFIX), ...named])
        await rm(file, { force: true });
    ends.throwIfAborted();
    throw writeFailure(copies[0]!.target, error);
  }
}

async function copyFile(
  source: string,
  target: string,
  onBytes: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const handle = await createPartial(target);
  try {
    for await (const chunk of createReadStream(source, {
      highWaterMark: 1024 * 1024,
      signal,
    }) as AsyncIterable<Buffer>) {
      await handle.writeFile(chunk);
      onBytes(chunk.length);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removePartials(folder: string): Promise<void> {
  for (const name of await partialsIn(folder)) await rm(path.join(folder, name), { force: true });
}

async function partialsIn(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  return names.filter((name) => name.endsWith(PARTIAL_SUFFIX));
}
