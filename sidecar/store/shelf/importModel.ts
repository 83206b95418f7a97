import { createReadStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../engine/engine.ts';
import { allParts } from '../../models/gguf/validate.ts';
import { inspectModelFile } from '../../models/modelFile.ts';
import type { DownloadProgress } from '../../protocol/client.ts';
import { requireSpace } from '../download/diskSpace.ts';
import { writeFailure } from '../download/errors.ts';
import { createPartial, PARTIAL_SUFFIX } from '../download/partialFile.ts';

/** Below the models folder, beside the folders of the catalogue's models. */
const IMPORTED_FOLDER = 'imported';

export interface ImportRequest {
  readonly file: string;
  readonly modelsFolder: string;
  readonly onProgress: (progress: DownloadProgress) => void;
  readonly signal: AbortSignal;
}

/** Copies a model, checked first, with all its parts; the first gets its name last. Throws `TroubleError`, and the signal's reason; then nothing is left of it. */
export async function importModel({ file, modelsFolder, onProgress, signal }: ImportRequest): Promise<string> {
  if (!path.isAbsolute(file)) throw new TroubleError('invalid-input', `path: expected an absolute path, got ${file.slice(0, 300)}`);
  await inspectModelFile(file);
  const folder = path.join(modelsFolder, IMPORTED_FOLDER);
  const copies = allParts(file).map((source) => ({ source, target: path.join(folder, path.basename(source)) }));
  for (const { target } of copies) {
    if (await stat(target).catch(() => undefined)) throw new TroubleError('invalid-input', `${target} is there already. Remove it first, or rename the file.`);
  }
  const sizes = await Promise.all(copies.map(async ({ source }) => (await stat(source)).size));
  const totalBytes = sizes.reduce((sum, size) => sum + size, 0);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await requireSpace(folder, totalBytes, path.basename(file));
  let receivedBytes = 0;
  const onBytes = (bytes: number): void => onProgress({ state: 'downloading', receivedBytes: (receivedBytes += bytes), totalBytes });
  try {
    for (const { source, target } of copies) await copyFile(source, target + PARTIAL_SUFFIX, onBytes, signal);
    for (const { target } of copies.reverse()) await rename(target + PARTIAL_SUFFIX, target);
  } catch (error) {
    for (const { target } of copies) await rm(target + PARTIAL_SUFFIX, { force: true });
    signal.throwIfAborted();
    throw writeFailure(path.join(folder, path.basename(file)), error);
  }
  return path.join(folder, path.basename(file));
}

async function copyFile(source: string, target: string, onBytes: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  const handle = await createPartial(target);
  try {
    for await (const chunk of createReadStream(source, { highWaterMark: 1024 * 1024, signal }) as AsyncIterable<Buffer>) {
      await handle.writeFile(chunk);
      onBytes(chunk.length);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}
