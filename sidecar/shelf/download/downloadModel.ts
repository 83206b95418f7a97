import { open } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { readGgufHeader } from '../../models/gguf/header.ts';
import { validateModel } from '../../models/gguf/validate.ts';
import type { DownloadProgress, DownloadResult } from '../../protocol/client.ts';
import { fileNameOf, type CatalogueFile } from '../catalogue/schema.ts';
import { fileSize } from '../../common/fileSize.ts';
import type { HttpClient } from '../../common/http/httpClient.ts';
import { mirrored } from '../../common/http/mirror.ts';
import { requireSpace } from './diskSpace.ts';
import { downloadFile, type DownloadTiming } from './downloadFile.ts';
import { refused } from './errors.ts';
import { makeFolder } from './makeFolder.ts';
import { partialBytes, type PartialFile } from './partialFile.ts';
import { lockForWriting } from './writeLock.ts';

export interface ModelDownload {
  /** The file of the model, or all parts in order. */
  readonly files: readonly CatalogueFile[];
  readonly folder: string;
  readonly client: HttpClient;
  /** A base URL in place of Hugging Face's. */
  readonly mirror?: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
  readonly timing?: DownloadTiming;
}

/** Returns the path of a model's first file in its folder, whether or not the file exists. */
export function modelPath(folder: string, files: readonly CatalogueFile[]): string {
  return path.join(folder, fileNameOf(files[0]!));
}

/** Returns whether all files of a model are in its folder. */
export async function isPresent(folder: string, files: readonly CatalogueFile[]): Promise<boolean> {
  const sizes = await Promise.all(files.map((file) => fileSize(path.join(folder, fileNameOf(file)))));
  return sizes.every((size) => size !== undefined);
}

/**
 * Downloads a model. Files get their names after all parts have arrived, the first part last, so a model is either
 * complete or absent. Resolves with the first part's path, at once if all files exist. Received bytes are kept if
 * `signal` aborts. Throws `TroubleError`, and the signal's reason.
 */
export async function downloadModel({
  files,
  folder,
  client,
  mirror,
  onProgress,
  signal,
  timing,
}: ModelDownload): Promise<DownloadResult> {
  const target = modelPath(folder, files);
  if (await isPresent(folder, files)) return { path: target };
  await makeFolder(folder);
  const aboutBytes = sum(files.map(({ sizeBytes }) => sizeBytes));
  const onWait = async (): Promise<void> => {
    const sizes = await Promise.all(files.map((file) => partialBytes(path.join(folder, fileNameOf(file)))));
    onProgress({ state: 'downloading', receivedBytes: sum(sizes.map((size) => size ?? 0)), totalBytes: aboutBytes });
  };
  const lock = await lockForWriting(target, { onWait, signal });
  try {
    // The previous holder of the lock may have finished the download.
    if (await isPresent(folder, files)) return { path: target };
    await requireRoom(folder, files);
    const ends = AbortSignal.any([signal, lock.lost]);
    const partials: PartialFile[] = [];
    let areVerified = true;
    const sizes = files.map(({ sizeBytes }) => sizeBytes);
    for (const [index, file] of files.entries()) {
      const targetPath = path.join(folder, fileNameOf(file));
      // A process was killed while it renamed the parts.
      if ((await fileSize(targetPath)) !== undefined) continue;
      const { partial, isVerified } = await downloadFile({
        client,
        url: mirrored(file.url, mirror),
        targetPath,
        expected: file,
        signal: ends,
        timing,
        onProgress: ({ state, bytes, totalBytes }) => {
          sizes[index] = totalBytes ?? sizes[index]!;
          onProgress({ state, receivedBytes: sum(sizes.slice(0, index)) + bytes, totalBytes: sum(sizes) });
        },
      });
      sizes[index] = partial.receivedBytes;
      partials.push(partial);
      areVerified &&= isVerified;
    }
    // A process that took the lock over may be writing these files.
    ends.throwIfAborted();
    await requireModel(partials, target);
    for (const partial of partials.reverse()) {
      ends.throwIfAborted();
      await partial.complete();
    }
    await flushFolder(folder);
    return { path: target, isVerified: areVerified };
  } finally {
    await lock.release();
  }
}

/** Requires disk space for all missing bytes, by the catalogue's sizes, before the first file is requested. */
async function requireRoom(folder: string, files: readonly CatalogueFile[]): Promise<void> {
  const missing = await Promise.all(
    files.map(async (file) => {
      const targetPath = path.join(folder, fileNameOf(file));
      return Math.max(0, file.sizeBytes - ((await fileSize(targetPath)) ?? (await partialBytes(targetPath)) ?? 0));
    }),
  );
  await requireSpace(folder, sum(missing), fileNameOf(files[0]!));
}

/**
 * Removes the downloaded files and throws if they are not a language model, whatever their checksum. `firstPath` is the
 * path of the part that describes the model.
 */
async function requireModel(partials: readonly PartialFile[], firstPath: string): Promise<void> {
  try {
    for (const { path: partialPath, targetPath } of partials) {
      const header = await readGgufHeader(partialPath);
      if (targetPath === firstPath) validateModel(header);
    }
  } catch (error) {
    for (const partial of partials) await partial.discard();
    const reason = error instanceof TroubleError ? error.message : String(error);
    throw refused(`What was downloaded is no model that can be used, and was removed: ${reason}`, { cause: error });
  }
}

/** Makes the names survive a power failure, on systems that can flush a folder. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
