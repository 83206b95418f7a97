import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { TroubleError } from '../../common/troubleError.ts';
import type { GgufContent, GgufEntry } from './content.ts';
import { formatBytes } from './header.ts';
import { DEFAULT_ALIGNMENT_BYTES, ggufHeaderBytes, padding, type TensorEntry } from './headerBytes.ts';
import { partsOf } from './parts.ts';
import { tensorBytes, typeByName } from './tensorTypes.ts';

export interface WriteOptions {
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes a model, tensor by tensor, to a temporary file beside `filePath`. The file is renamed when it is complete, so
 * a crash leaves no partial model. The name of a first part (`NAME-00001-of-00003.gguf`) makes several files.
 *
 * Throws a `TroubleError` with the path if the file can't be written or the disk is full. Nothing is left then, and a
 * previous single file of that name stays.
 */
export async function writeGguf(filePath: string, content: GgufContent, options: WriteOptions = {}): Promise<void> {
  const parts = partsOf(filePath, content).map((part) => ({
    ...part,
    temporary: path.join(path.dirname(part.filePath), `.${path.basename(part.filePath)}.${process.pid}.part`),
  }));
  try {
    for (const { filePath: target, content: own, temporary } of parts)
      await writeFileAt(temporary, target, own, options);
  } catch (error) {
    for (const { temporary } of parts) await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await nameAll(parts);
}

/**
 * Renames the written files. The old first part is removed first, and the new first part is renamed last. So parts of
 * two models never look like a single model.
 */
async function nameAll(parts: readonly { readonly filePath: string; readonly temporary: string }[]): Promise<void> {
  const [first] = parts;
  let current = first?.filePath ?? '';
  try {
    if (parts.length > 1) await rm(current, { force: true });
    for (const { filePath, temporary } of parts.toReversed()) {
      current = filePath;
      await rename(temporary, filePath);
    }
  } catch (error) {
    for (const { filePath, temporary } of parts) {
      await rm(temporary, { force: true }).catch(() => undefined);
      if (parts.length > 1) await rm(filePath, { force: true }).catch(() => undefined);
    }
    throw unwritable(current, error);
  }
}

/** Writes a file to `temporary`. Error messages name `filePath`, its final name. */
async function writeFileAt(
  temporary: string,
  filePath: string,
  content: GgufContent,
  options: WriteOptions,
): Promise<void> {
  if ((await stat(filePath).catch(() => undefined))?.isDirectory()) throw unwritable(filePath, { code: 'EISDIR' });
  const layout = layOut(content);
  const file = await open(temporary, 'w').catch((error: unknown) => Promise.reject(unwritable(filePath, error)));
  try {
    await writeContent(file, content, layout, options);
    await file.sync();
  } catch (error) {
    throw isSystemError(error) ? unwritable(filePath, error, layout.sizeBytes) : error;
  } finally {
    await file.close();
  }
}

interface Layout {
  readonly entries: readonly (TensorEntry & { readonly sizeBytes: number })[];
  readonly alignmentBytes: number;
  readonly header: Buffer;
  /** The size of the whole file. */
  readonly sizeBytes: number;
}

function layOut({ metadata, tensors }: GgufContent): Layout {
  const alignmentBytes = alignmentOf(metadata);
  const entries: (TensorEntry & { readonly sizeBytes: number })[] = [];
  let offset = 0;
  for (const { name, shape, type } of tensors) {
    const sizeBytes = tensorBytes(type, shape);
    entries.push({ name, shape, type: typeByName(type).id, offset, sizeBytes });
    offset += sizeBytes + padding(sizeBytes, alignmentBytes);
  }
  const header = ggufHeaderBytes(metadata, entries, alignmentBytes);
  return { entries, alignmentBytes, header, sizeBytes: header.length + offset };
}

async function writeContent(
  file: FileHandle,
  { tensors }: GgufContent,
  { entries, alignmentBytes, header }: Layout,
  options: WriteOptions,
): Promise<void> {
  await file.writeFile(header);
  for (const [index, tensor] of tensors.entries()) {
    const { sizeBytes } = entries[index] as Layout['entries'][0];
    let written = 0;
    for await (const chunk of tensor.chunks()) {
      options.signal?.throwIfAborted();
      await file.writeFile(chunk);
      written += chunk.byteLength;
      options.onBytes?.(chunk.byteLength);
    }
    if (written !== sizeBytes)
      throw new Error(`The tensor ${tensor.name} supplied ${written} bytes, expected ${sizeBytes}.`);
    await file.writeFile(Buffer.alloc(padding(sizeBytes, alignmentBytes)));
  }
}

/** Whether a write failed. Reading a source throws `TroubleError` instead. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

function unwritable(filePath: string, error: unknown, neededBytes?: number): TroubleError {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: `the folder ${path.dirname(filePath)} does not exist`,
    ENOTDIR: `${path.dirname(filePath)} is not a folder`,
    EACCES: `the folder ${path.dirname(filePath)} does not allow it`,
    EPERM: `the folder ${path.dirname(filePath)} does not allow it`,
    EROFS: `${path.dirname(filePath)} can only be read`,
    EISDIR: 'it is a folder',
    ENOSPC: `the disk is full${neededBytes === undefined ? '' : `, ${formatBytes(neededBytes)} are needed`}`,
    EDQUOT: `the disk quota is used up${neededBytes === undefined ? '' : `, ${formatBytes(neededBytes)} are needed`}`,
  };
  return new TroubleError(
    code === 'ENOSPC' || code === 'EDQUOT' ? 'engine-failed' : 'invalid-input',
    `${filePath} can't be written: ${reasons[code ?? ''] ?? String(message)}.`,
    { cause: error },
  );
}

function alignmentOf(metadata: ReadonlyMap<string, GgufEntry>): number {
  const entry = metadata.get('general.alignment');
  if (!entry) return DEFAULT_ALIGNMENT_BYTES;
  return entry.type === 'copied'
    ? entry.bytes.readUInt32LE(4)
    : Number('value' in entry ? entry.value : DEFAULT_ALIGNMENT_BYTES);
}
