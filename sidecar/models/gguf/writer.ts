import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { TroubleError } from '../../engine/engine.ts';
import { formatBytes, type GgufHeader } from './header.ts';
import { partsOf } from './parts.ts';
import { tensorBytes, typeByName } from './tensorTypes.ts';

/** A metadata value with the GGUF type it is written as; `copied` holds type and value as they stand in another file. */
export type GgufEntry =
  | { readonly type: NumberType; readonly value: number }
  | { readonly type: 'u64' | 'i64'; readonly value: number | bigint }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: `${NumberType}s`; readonly value: readonly number[] }
  | { readonly type: 'u64s' | 'i64s'; readonly value: readonly (number | bigint)[] }
  | { readonly type: 'bools'; readonly value: readonly boolean[] }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'copied'; readonly bytes: Buffer };

type NumberType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64';
type ScalarType = NumberType | 'u64' | 'i64' | 'bool' | 'string';
type Scalar = number | bigint | boolean | string;

/** GGUF's numbers of value types. */
const TYPE_NUMBERS: Readonly<Record<ScalarType, number>> = { u8: 0, i8: 1, u16: 2, i16: 3, u32: 4, i32: 5, f32: 6, bool: 7, string: 8, u64: 10, i64: 11, f64: 12 };
const ARRAY = 9;
const VERSION = 3;
export const DEFAULT_ALIGNMENT_BYTES = 32;

/** A tensor as its header describes it; `type` is ggml's number, 0 is F32. */
export interface TensorEntry {
  readonly name: string;
  /** Innermost first, as ggml's `ne`. */
  readonly shape: readonly number[];
  readonly type: number;
  /** From where the weights begin, in bytes. */
  readonly offset: number;
}

/** A tensor to write: its description and its bytes, in order, in pieces of any size. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** Name of the type, "Q8_0". */
  readonly type: string;
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface GgufContent {
  readonly metadata: ReadonlyMap<string, GgufEntry>;
  readonly tensors: readonly TensorSource[];
}

/** The header of a GGUF file of version 3, padded to where its weights begin. */
export function ggufHeaderBytes(metadata: Iterable<readonly [key: string, entry: GgufEntry]>, tensors: readonly TensorEntry[], alignmentBytes = DEFAULT_ALIGNMENT_BYTES): Buffer {
  const entries = [...metadata];
  const parts = [Buffer.from('GGUF', 'latin1'), scalarBytes('u32', VERSION), scalarBytes('u64', tensors.length), scalarBytes('u64', entries.length)];
  for (const [key, entry] of entries) parts.push(scalarBytes('string', key), entryBytes(entry));
  for (const { name, shape, type, offset } of tensors) {
    parts.push(scalarBytes('string', name), scalarBytes('u32', shape.length), ...shape.map((extent) => scalarBytes('u64', extent)), scalarBytes('u32', type), scalarBytes('u64', offset));
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, Buffer.alloc(padding(length, alignmentBytes))]);
}

/** Metadata values of a file as they stand there, byte by byte. `keys` limits them. Throws as `readGgufHeader` does. */
export async function copiedMetadata(header: GgufHeader, keys: Iterable<string> = header.metadataRanges.keys()): Promise<Map<string, GgufEntry & { readonly type: 'copied' }>> {
  const entries = new Map<string, GgufEntry & { readonly type: 'copied' }>();
  const file = await open(header.path, 'r');
  try {
    for (const key of keys) {
      const range = header.metadataRanges.get(key);
      if (!range) continue;
      const bytes = Buffer.alloc(range.sizeBytes);
      const { bytesRead } = await file.read(bytes, 0, range.sizeBytes, range.offsetBytes);
      if (bytesRead !== range.sizeBytes) throw new TroubleError('truncated-model', `${header.path} ends inside the metadata ${key}: it was changed after it was checked.`);
      entries.set(key, { type: 'copied', bytes });
    }
  } finally {
    await file.close();
  }
  return entries;
}

export interface WriteOptions {
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Writes a model, tensor by tensor, into a temporary file beside `filePath` that takes its name when all is whole: a kill leaves no half model. The name of a
 * first part (`NAME-00001-of-00003.gguf`) makes as many files of it. Throws `TroubleError` that names the path where it can't be written or the disk is full,
 * and leaves nothing then; what had a single file's name before stays.
 */
export async function writeGguf(filePath: string, content: GgufContent, options: WriteOptions = {}): Promise<void> {
  const parts = partsOf(filePath, content).map((part) => ({ ...part, temporary: path.join(path.dirname(part.filePath), `.${path.basename(part.filePath)}.${process.pid}.part`) }));
  try {
    for (const { filePath: target, content: own, temporary } of parts) await writeFileAt(temporary, target, own, options);
  } catch (error) {
    for (const { temporary } of parts) await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await nameAll(parts);
}

/** Gives written files their names. The first part goes first and comes last: parts of two models never lie together as one. */
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

/** Writes one file to `temporary`; errors name `filePath`, whose name it is to take. */
async function writeFileAt(temporary: string, filePath: string, content: GgufContent, options: WriteOptions): Promise<void> {
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
  /** Of the whole file. */
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

async function writeContent(file: FileHandle, { tensors }: GgufContent, { entries, alignmentBytes, header }: Layout, options: WriteOptions): Promise<void> {
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
    if (written !== sizeBytes) throw new Error(`The tensor ${tensor.name} gave ${written} bytes, expected ${sizeBytes}.`);
    await file.writeFile(Buffer.alloc(padding(sizeBytes, alignmentBytes)));
  }
}

/** Of a write; reading a source throws `TroubleError`. */
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
  return new TroubleError(code === 'ENOSPC' || code === 'EDQUOT' ? 'engine-failed' : 'invalid-input', `${filePath} can't be written: ${reasons[code ?? ''] ?? String(message)}.`, { cause: error });
}

function alignmentOf(metadata: ReadonlyMap<string, GgufEntry>): number {
  const entry = metadata.get('general.alignment');
  if (!entry) return DEFAULT_ALIGNMENT_BYTES;
  return entry.type === 'copied' ? entry.bytes.readUInt32LE(4) : Number('value' in entry ? entry.value : DEFAULT_ALIGNMENT_BYTES);
}

function padding(length: number, alignmentBytes: number): number {
  return (alignmentBytes - (length % alignmentBytes)) % alignmentBytes;
}

function entryBytes(entry: GgufEntry): Buffer {
  if (entry.type === 'copied') return entry.bytes;
  if (!Array.isArray(entry.value)) return Buffer.concat([scalarBytes('u32', TYPE_NUMBERS[entry.type as ScalarType]), scalarBytes(entry.type as ScalarType, entry.value as Scalar)]);
  const elementType = entry.type.slice(0, -1) as ScalarType;
  const elements = entry.value as readonly Scalar[];
  return Buffer.concat([
    scalarBytes('u32', ARRAY),
    scalarBytes('u32', TYPE_NUMBERS[elementType]),
    scalarBytes('u64', elements.length),
    ...elements.map((element) => scalarBytes(elementType, element)),
  ]);
}

function scalarBytes(type: ScalarType, value: Scalar): Buffer {
  const make = (length: number, write: (bytes: Buffer) => void): Buffer => {
    const bytes = Buffer.alloc(length);
    write(bytes);
    return bytes;
  };
  const number = value as number;
  switch (type) {
    case 'u8': return make(1, (bytes) => bytes.writeUInt8(number));
    case 'i8': return make(1, (bytes) => bytes.writeInt8(number));
    case 'u16': return make(2, (bytes) => bytes.writeUInt16LE(number));
    case 'i16': return make(2, (bytes) => bytes.writeInt16LE(number));
    case 'u32': return make(4, (bytes) => bytes.writeUInt32LE(number));
    case 'i32': return make(4, (bytes) => bytes.writeInt32LE(number));
    case 'f32': return make(4, (bytes) => bytes.writeFloatLE(number));
    case 'f64': return make(8, (bytes) => bytes.writeDoubleLE(number));
    case 'u64': return make(8, (bytes) => bytes.writeBigUInt64LE(BigInt(value)));
    case 'i64': return make(8, (bytes) => bytes.writeBigInt64LE(BigInt(value)));
    case 'bool': return Buffer.from([value ? 1 : 0]);
    case 'string': {
      const text = Buffer.from(value as string, 'utf8');
      return Buffer.concat([scalarBytes('u64', text.length), text]);
    }
  }
}
