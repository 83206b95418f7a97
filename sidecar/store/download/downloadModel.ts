import { mkdir, open, stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../engine/engine.ts';
import { readGgufHeader } from '../../models/gguf/header.ts';
import { validateModel } from '../../models/gguf/validate.ts';
import type { DownloadProgress } from '../../protocol/client.ts';
import { fileNameOf, type CatalogueFile } from '../catalogue/schema.ts';
import type { HttpClient } from '../network/httpClient.ts';
import { mirrored } from '../network/mirror.ts';
import { downloadFile, type DownloadTiming } from './downloadFile.ts';
import { lockForWriting } from './writeLock.ts';
import { refused } from './errors.ts';
import { partialBytes, type PartialFile } from './partialFile.ts';

export interface ModelDownload {
  /** One, or all parts in their order. */
  readonly files: readonly CatalogueFile[];
  readonly folder: string;
  readonly client: HttpClient;
  /** Base URL in place of Hugging Face's. */
  readonly mirror?: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
  readonly timing?: DownloadTiming;
}

/** Path of a model's first file in its folder, whether or not it is there. */
export function modelPath(folder: string, files: readonly CatalogueFile[]): string {
  return path.join(folder, fileNameOf(files[0]!));
}

/**
 * Downloads a model, all parts before any gets its name, the first part last: a model is there whole or not at all. Gives the first part's path; at once
 * where it is there. What is downloaded when `signal` aborts is kept. Throws `TroubleError`, and the signal's reason.
 */
export async function downloadModel({ files, folder, client, mirror, onProgress, signal, timing }: ModelDownload): Promise<string> {
  const target = modelPath(folder, files);
  if (await isFile(target)) return target;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const aboutBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const onWait = async (): Promise<void> => {
    const sizes = await Promise.all(files.map((file) => partialBytes(path.join(folder, fileNameOf(file)))));
    onProgress({ state: 'downloading', receivedBytes: sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0), totalBytes: aboutBytes });
  };
  const lock = await lockForWriting(target, { onWait, signal });
  try {
    // Whoever had the lock may have finished it.
    if (await isFile(target)) return target;
    const ends = AbortSignal.any([signal, lock.lost]);
    const partials: PartialFile[] = [];
    const sizes = files.map(({ sizeBytes }) => sizeBytes);
    for (const [index, file] of files.entries()) {
      const targetPath = path.join(folder, fileNameOf(file));
      // A part that has its name already: a process was killed while it named them.
      if (await isFile(targetPath)) continue;
      const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
      const partial = await downloadFile({
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
    }
    await requireModel(partials);
    for (const partial of partials.reverse()) await partial.complete();
    await flushFolder(folder);
    return target;
  } finally {
    await lock.release();
  }
}

/** Throws and removes what was downloaded where it is no language model, whatever its checksum. */
async function requireModel(partials: readonly PartialFile[]): Promise<void> {
  try {
    for (const [index, { path: partialPath }] of partials.entries()) {
      const header = await readGgufHeader(partialPath);
      if (index === 0) validateModel(header);
    }
  } catch (error) {
    for (const partial of partials) await partial.discard();
    const reason = error instanceof TroubleError ? error.message : String(error);
    throw refused(`What was downloaded is no model that can be used, and was removed: ${reason}`, { cause: error });
  }
}

/** So that the names survive a power failure, where a folder can be flushed. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}
