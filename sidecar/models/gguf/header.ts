import { open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { TroubleError } from '../../common/troubleError.ts';
import { ByteReader, UnexpectedEndError } from './byteReader.ts';
import { shown } from './shown.ts';
import { TENSOR_TYPES } from './tensorTypes.ts';

/** The header of a GGUF file, without its weights. */
export interface GgufHeader {
  readonly path: string;
  readonly fileSizeBytes: number;
  readonly version: number;
  /** Scalars, and arrays of at most 1,024 numbers or booleans (values per layer). Longer arrays have only a length. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly arrayLengths: ReadonlyMap<string, number>;
  /** The position of each value in the file, including its type, for copying it as raw bytes. */
  readonly metadataRanges: ReadonlyMap<string, ByteRange>;
  readonly tensors: readonly GgufTensor[];
  readonly alignmentBytes: number;
  /** Where the weights begin, in bytes from the beginning of the file. */
  readonly dataOffsetBytes: number;
}

interface ByteRange {
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

export type GgufValue = string | number | boolean | readonly (number | boolean)[];

export interface GgufTensor {
  readonly name: string;
  /** Innermost first, as ggml's `ne`. */
  readonly shape: readonly number[];
  readonly type: string;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** Receives the elements of long arrays in order. `element` is valid only during the call. */
export type ArrayVisitor = (key: string, index: number, element: Buffer | number | boolean) => void;

const MAX_KEY_BYTES = 65_535;
const MAX_TENSOR_NAME_BYTES = 256;
const MAX_STRING_BYTES = 32 * 1024 * 1024;
/**
 * The limit for all texts of a header, including arrays, since readers may keep them. Known vocabularies and other
 * texts take a tenth of it.
 */
const MAX_TEXT_BYTES = 128 * 1024 * 1024;
/** Limits the array length, since each element is read. No vocabulary has more tokens. */
const MAX_ARRAY_LENGTH = 4_000_000;
const MAX_KEPT_ARRAY_LENGTH = 1_024;
const MAX_METADATA_COUNT = 100_000;
const MAX_TENSOR_COUNT = 1_000_000;
const MAX_ALIGNMENT_BYTES = 1 << 20;
const MAX_DIMENSIONS = 4;
/** Name length, one character, dimension count, one dimension, type, offset. */
const MIN_TENSOR_INFO_BYTES = 8 + 1 + 4 + 8 + 4 + 8;
/** Key length, one character, type, one-byte value. */
const MIN_METADATA_BYTES = 8 + 1 + 4 + 1;

const enum ValueType {
  Uint8,
  Int8,
  Uint16,
  Int16,
  Uint32,
  Int32,
  Float32,
  Bool,
  String,
  Array,
  Uint64,
  Int64,
  Float64,
}
const SCALAR_BYTES: Readonly<Record<number, number>> = {
  [ValueType.Uint8]: 1,
  [ValueType.Int8]: 1,
  [ValueType.Uint16]: 2,
  [ValueType.Int16]: 2,
  [ValueType.Uint32]: 4,
  [ValueType.Int32]: 4,
  [ValueType.Float32]: 4,
  [ValueType.Bool]: 1,
  [ValueType.Uint64]: 8,
  [ValueType.Int64]: 8,
  [ValueType.Float64]: 8,
};

/**
 * Reads and checks the header of a GGUF file of version 2 or 3 without its weights. Every count, length and offset is
 * compared with the size of the file. `visitedKeys` limits the visited arrays; absent: all.
 *
 * Throws `TroubleError` 'model-not-found', 'not-gguf', 'truncated-model', 'invalid-model' or 'unsupported-model'.
 */
export async function readGgufHeader(
  filePath: string,
  options: { visitArray?: ArrayVisitor; visitedKeys?: readonly string[] } = {},
): Promise<GgufHeader> {
  const { file, fileSizeBytes } = await openModel(filePath);
  try {
    return await new HeaderParser(filePath, new ByteReader(file, fileSizeBytes), options).parse();
  } catch (error) {
    if (error instanceof UnexpectedEndError) {
      throw new TroubleError(
        'truncated-model',
        `${path.basename(filePath)} is cut short: its header extends beyond the end of the file (${formatBytes(fileSizeBytes)}). Download it again.`,
        { cause: error },
      );
    }
    throw error;
  } finally {
    await file.close();
  }
}

async function openModel(filePath: string): Promise<{ file: FileHandle; fileSizeBytes: number }> {
  let file: FileHandle;
  try {
    file = await open(filePath, 'r');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new TroubleError('model-not-found', `There is no file ${filePath}.`, { cause: error });
    if (code === 'EISDIR') throw isDirectory(filePath);
    throw new TroubleError('model-not-found', `${filePath} can't be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw isDirectory(filePath);
    if (!status.isFile()) throw new TroubleError('not-gguf', `${filePath} is not a regular file.`);
    return { file, fileSizeBytes: status.size };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function isDirectory(filePath: string): TroubleError {
  return new TroubleError('not-gguf', `${filePath} is a folder. Choose a .gguf file inside it.`);
}

/** Formats bytes for messages: decimal units, three digits. */
export function formatBytes(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(3)} ${units[unit]}`;
}

class HeaderParser {
  readonly #metadata = new Map<string, GgufValue>();
  readonly #arrayLengths = new Map<string, number>();
  readonly #metadataRanges = new Map<string, ByteRange>();
  #textBytes = 0;

  constructor(
    private readonly filePath: string,
    private readonly reader: ByteReader,
    private readonly options: { readonly visitArray?: ArrayVisitor; readonly visitedKeys?: readonly string[] },
  ) {}

  async parse(): Promise<GgufHeader> {
    const version = await this.#readMagicAndVersion();
    await this.reader.need(16);
    const tensorCount = this.reader.takeUint64();
    const metadataCount = this.reader.takeUint64();
    this.#checkCount('metadata entries', metadataCount, MAX_METADATA_COUNT, MIN_METADATA_BYTES);
    this.#checkCount('tensors', tensorCount, MAX_TENSOR_COUNT, MIN_TENSOR_INFO_BYTES);
    for (let index = 0; index < metadataCount; index++) await this.#readMetadataEntry();
    const alignmentBytes = this.#alignment();
    const tensors: GgufTensor[] = [];
    const names = new Set<string>();
    for (let index = 0; index < tensorCount; index++) {
      const tensor = await this.#readTensor(alignmentBytes);
      if (names.has(tensor.name)) throw this.#invalid(`tensor ${shown(tensor.name)} occurs twice`);
      names.add(tensor.name);
      tensors.push(tensor);
    }
    const dataOffsetBytes = Math.ceil(this.reader.offset / alignmentBytes) * alignmentBytes;
    this.#checkExtent(tensors, dataOffsetBytes);
    return {
      path: this.filePath,
      fileSizeBytes: this.reader.fileSizeBytes,
      version,
      metadata: this.#metadata,
      arrayLengths: this.#arrayLengths,
      metadataRanges: this.#metadataRanges,
      tensors,
      alignmentBytes,
      dataOffsetBytes,
    };
  }

  async #readMagicAndVersion(): Promise<number> {
    const name = path.basename(this.filePath);
    if (this.reader.fileSizeBytes === 0) throw new TroubleError('not-gguf', `${name} is empty. Download it again.`);
    if (this.reader.fileSizeBytes < 4) throw new TroubleError('not-gguf', `${name} is not a GGUF file.`);
    await this.reader.need(4);
    if (this.reader.takeBytes(4).toString('latin1') !== 'GGUF') {
      throw new TroubleError(
        'not-gguf',
        `${name} is not a GGUF file: it does not begin with "GGUF". Choose a model in GGUF format.`,
      );
    }
    await this.reader.need(4);
    const version = this.reader.takeUint32();
    if (version === 2 || version === 3) return version;
    const reason =
      version !== 0 && (version & 0xffff) === 0
        ? 'it is for big-endian machines'
        : `it has GGUF version ${version}, expected 2 or 3`;
    throw new TroubleError(
      'unsupported-model',
      `${name} can't be used: ${reason}. Convert it again with a current converter.`,
    );
  }

  #checkCount(what: string, count: number, limit: number, leastBytes: number): void {
    if (count > limit) throw this.#invalid(`it claims ${count} ${what}, more than the ${limit} that any model has`);
    if (count * leastBytes > this.reader.remainingBytes) {
      throw new UnexpectedEndError(this.reader.offset + count * leastBytes, this.reader.fileSizeBytes);
    }
  }

  async #readMetadataEntry(): Promise<void> {
    const key = (await this.#readString('a metadata key', MAX_KEY_BYTES)).toString('utf8');
    // llama.cpp reads a key up to its first NUL, and would see another key.
    if (key === '' || key.includes('\0'))
      throw this.#invalid(`metadata key ${shown(key)} is ${key === '' ? 'empty' : 'cut by a NUL'}`);
    if (this.#metadata.has(key) || this.#arrayLengths.has(key))
      throw this.#invalid(`metadata key ${shown(key)} occurs twice`);
    const offsetBytes = this.reader.offset;
    await this.reader.need(4);
    const type = this.reader.takeUint32();
    if (type === (ValueType.Array as number)) {
      await this.#readArray(key);
    } else {
      const value = await this.#readScalar(`metadata ${shown(key)}`, type);
      this.#metadata.set(key, typeof value === 'object' ? value.toString('utf8') : value);
    }
    this.#metadataRanges.set(key, { offsetBytes, sizeBytes: this.reader.offset - offsetBytes });
  }

  async #readArray(key: string): Promise<void> {
    await this.reader.need(12);
    const elementType = this.reader.takeUint32();
    const length = this.reader.takeUint64();
    if (elementType === (ValueType.Array as number))
      throw this.#invalid(`metadata ${shown(key)} is an array of arrays`);
    const elementBytes = elementType === (ValueType.String as number) ? 8 : SCALAR_BYTES[elementType];
    if (elementBytes === undefined) throw this.#unknownType(`metadata ${shown(key)}`, elementType);
    if (length * elementBytes > this.reader.remainingBytes) {
      throw new UnexpectedEndError(this.reader.offset + length * elementBytes, this.reader.fileSizeBytes);
    }
    if (length > MAX_ARRAY_LENGTH)
      throw this.#invalid(
        `metadata ${shown(key)} has ${length} elements, more than the ${MAX_ARRAY_LENGTH} that any model has`,
      );
    this.#arrayLengths.set(key, length);
    const { visitArray, visitedKeys = [key] } = this.options;
    const visit = visitedKeys.includes(key) ? visitArray : undefined;
    const keep = length <= MAX_KEPT_ARRAY_LENGTH && elementType !== (ValueType.String as number);
    if (!keep && visit === undefined && elementType !== (ValueType.String as number)) {
      this.reader.skip(length * elementBytes);
      return;
    }
    const what = `metadata ${shown(key)}`;
    const kept: (number | boolean)[] = [];
    for (let index = 0; index < length; index++) {
      // Awaiting each of a vocabulary's 150,000 texts takes longer than reading them.
      if (!visit && !keep && this.#skipBufferedString(what)) continue;
      const element = this.#bufferedScalar(what, elementType) ?? (await this.#readScalar(what, elementType));
      if (keep) kept.push(element as number | boolean);
      visit?.(key, index, element);
    }
    if (keep) this.#metadata.set(key, kept);
  }

  /** Reads a value of this type. Messages name it by `what`. */
  async #readScalar(what: string, type: number): Promise<Buffer | number | boolean> {
    if (type === (ValueType.String as number)) return this.#readString(what, MAX_STRING_BYTES);
    const bytes = SCALAR_BYTES[type];
    if (bytes === undefined) throw this.#unknownType(what, type);
    if (!this.reader.has(bytes)) await this.reader.need(bytes);
    return this.#takeScalar(what, type);
  }

  /** Returns a value if the reader holds it already. */
  #bufferedScalar(what: string, type: number): Buffer | number | boolean | undefined {
    if (type === (ValueType.String as number)) return this.#bufferedString(what, MAX_STRING_BYTES);
    return this.reader.has(SCALAR_BYTES[type] ?? Infinity) ? this.#takeScalar(what, type) : undefined;
  }

  #takeScalar(what: string, type: number): number | boolean {
    const reader = this.reader;
    switch (type as ValueType) {
      case ValueType.Uint8:
        return reader.takeUint8();
      case ValueType.Int8:
        return reader.takeInt8();
      case ValueType.Uint16:
        return reader.takeUint16();
      case ValueType.Int16:
        return reader.takeInt16();
      case ValueType.Uint32:
        return reader.takeUint32();
      case ValueType.Int32:
        return reader.takeInt32();
      case ValueType.Float32:
        return reader.takeFloat32();
      case ValueType.Uint64:
        return reader.takeUint64();
      case ValueType.Int64:
        return reader.takeInt64();
      case ValueType.Float64:
        return reader.takeFloat64();
      case ValueType.Bool: {
        const value = reader.takeUint8();
        if (value > 1) throw this.#invalid(`${what} is a boolean of value ${value}`);
        return value === 1;
      }
      default:
        throw this.#unknownType(what, type);
    }
  }

  async #readString(what: string, limitBytes: number): Promise<Buffer> {
    if (!this.reader.has(8)) await this.reader.need(8);
    const length = this.reader.takeUint64();
    this.#checkText(what, length, limitBytes);
    if (!this.reader.has(length)) await this.reader.need(length);
    return this.reader.takeBytes(length);
  }

  /** Returns a text if the reader holds it already. */
  #bufferedString(what: string, limitBytes: number): Buffer | undefined {
    const length = this.reader.peekUint64();
    if (length === undefined || !this.reader.has(8 + length)) return undefined;
    this.reader.skip(8);
    this.#checkText(what, length, limitBytes);
    return this.reader.takeBytes(length);
  }

  /** Moves behind a text that the reader holds already. Returns whether it does. */
  #skipBufferedString(what: string): boolean {
    const length = this.reader.peekUint64();
    if (length === undefined || !this.reader.has(8 + length)) return false;
    this.reader.skip(8);
    this.#checkText(what, length, MAX_STRING_BYTES);
    this.reader.skip(length);
    return true;
  }

  #checkText(what: string, length: number, limitBytes: number): void {
    if (length > this.reader.remainingBytes)
      throw new UnexpectedEndError(this.reader.offset + length, this.reader.fileSizeBytes);
    if (length > limitBytes)
      throw this.#invalid(
        `${what} is a text of ${formatBytes(length)}, more than the ${formatBytes(limitBytes)} allowed`,
      );
    this.#textBytes += length;
    if (this.#textBytes > MAX_TEXT_BYTES)
      throw this.#invalid(`its header has more than the ${formatBytes(MAX_TEXT_BYTES)} of text allowed`);
  }

  #alignment(): number {
    const alignment = this.#metadata.get('general.alignment') ?? 32;
    if (
      typeof alignment !== 'number' ||
      !Number.isInteger(alignment) ||
      alignment < 1 ||
      alignment > MAX_ALIGNMENT_BYTES ||
      (alignment & (alignment - 1)) !== 0
    ) {
      throw this.#invalid(
        `general.alignment is ${shown(String(alignment))}, expected a power of two up to ${MAX_ALIGNMENT_BYTES}`,
      );
    }
    return alignment;
  }

  async #readTensor(alignmentBytes: number): Promise<GgufTensor> {
    const name = (await this.#readString('a tensor name', MAX_TENSOR_NAME_BYTES)).toString('utf8');
    await this.reader.need(4);
    const dimensions = this.reader.takeUint32();
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS)
      throw this.#invalid(`tensor ${shown(name)} has ${dimensions} dimensions, expected 1 to ${MAX_DIMENSIONS}`);
    await this.reader.need(dimensions * 8 + 12);
    const shape = Array.from({ length: dimensions }, () => this.reader.takeUint64());
    const typeNumber = this.reader.takeUint32();
    const offsetBytes = this.reader.takeUint64();
    const type = TENSOR_TYPES.get(typeNumber);
    if (!type)
      throw new TroubleError(
        'unsupported-model',
        `${path.basename(this.filePath)} can't be used: tensor ${shown(name)} has the unknown type ${typeNumber}.`,
      );
    const elements = shape.reduce((product, length) => product * length, 1);
    if (shape.some((length) => length < 1) || !Number.isSafeInteger(elements))
      throw this.#invalid(`tensor ${shown(name)} has the shape [${shape.join(', ')}]`);
    if (shape[0]! % type.blockElements !== 0) {
      throw this.#invalid(
        `tensor ${shown(name)} has rows of ${shape[0]} elements, expected a multiple of ${type.blockElements} for ${type.name}`,
      );
    }
    if (offsetBytes % alignmentBytes !== 0)
      throw this.#invalid(`tensor ${shown(name)} begins at ${offsetBytes}, expected a multiple of ${alignmentBytes}`);
    return { name, shape, type: type.name, offsetBytes, sizeBytes: (elements / type.blockElements) * type.blockBytes };
  }

  #checkExtent(tensors: readonly GgufTensor[], dataOffsetBytes: number): void {
    const end = tensors.reduce((furthest, tensor) => Math.max(furthest, tensor.offsetBytes + tensor.sizeBytes), 0);
    const expectedBytes = dataOffsetBytes + end;
    if (tensors.length > 0 && expectedBytes > this.reader.fileSizeBytes) {
      throw new TroubleError(
        'truncated-model',
        `${path.basename(this.filePath)} is cut short: its tensors need ${expectedBytes} bytes (${formatBytes(expectedBytes)}), the file has ${this.reader.fileSizeBytes} (${formatBytes(this.reader.fileSizeBytes)}). Download it again.`,
      );
    }
    const byOffset = [...tensors].sort((a, b) => a.offsetBytes - b.offsetBytes);
    for (let index = 1; index < byOffset.length; index++) {
      const before = byOffset[index - 1]!;
      const tensor = byOffset[index]!;
      if (before.offsetBytes + before.sizeBytes > tensor.offsetBytes)
        throw this.#invalid(`tensors ${shown(before.name)} and ${shown(tensor.name)} overlap`);
    }
  }

  #unknownType(what: string, type: number): TroubleError {
    return this.#invalid(`${what} has the unknown type ${type}`);
  }

  #invalid(what: string): TroubleError {
    return new TroubleError(
      'invalid-model',
      `${path.basename(this.filePath)} is damaged or not a language model: ${what}.`,
    );
  }
}
