import type { GgufEntry, NumberType } from './content.ts';

type ScalarType = NumberType | 'u64' | 'i64' | 'bool' | 'string';
type Scalar = number | bigint | boolean | string;

/** GGUF's numbers of the value types. */
const TYPE_NUMBERS: Readonly<Record<ScalarType, number>> = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  u64: 10,
  i64: 11,
  f64: 12,
};
const ARRAY = 9;
const VERSION = 3;
export const DEFAULT_ALIGNMENT_BYTES = 32;

/** A tensor in a header. `type` is ggml's number; 0 is F32. */
export interface TensorEntry {
  readonly name: string;
  /** Innermost first, as ggml's `ne`. */
  readonly shape: readonly number[];
  readonly type: number;
  /** The offset from the start of the weights, in bytes. */
  readonly offset: number;
}

/** Builds the header of a GGUF file of version 3, padded to the start of the weights. */
export function ggufHeaderBytes(
  metadata: Iterable<readonly [key: string, entry: GgufEntry]>,
  tensors: readonly TensorEntry[],
  alignmentBytes = DEFAULT_ALIGNMENT_BYTES,
): Buffer {
  const entries = [...metadata];
  const parts = [
    Buffer.from('GGUF', 'latin1'),
    scalarBytes('u32', VERSION),
    scalarBytes('u64', tensors.length),
    scalarBytes('u64', entries.length),
  ];
  for (const [key, entry] of entries) parts.push(scalarBytes('string', key), entryBytes(entry));
  for (const { name, shape, type, offset } of tensors) {
    parts.push(
      scalarBytes('string', name),
      scalarBytes('u32', shape.length),
      ...shape.map((extent) => scalarBytes('u64', extent)),
      scalarBytes('u32', type),
      scalarBytes('u64', offset),
    );
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return Buffer.concat([...parts, Buffer.alloc(padding(length, alignmentBytes))]);
}

/** The number of bytes up to the next multiple of `alignmentBytes`. */
export function padding(length: number, alignmentBytes: number): number {
  return (alignmentBytes - (length % alignmentBytes)) % alignmentBytes;
}

function entryBytes(entry: GgufEntry): Buffer {
  if (entry.type === 'copied') return entry.bytes;
  if (!Array.isArray(entry.value))
    return Buffer.concat([
      scalarBytes('u32', TYPE_NUMBERS[entry.type as ScalarType]),
      scalarBytes(entry.type as ScalarType, entry.value as Scalar),
    ]);
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
    case 'u8':
      return make(1, (bytes) => bytes.writeUInt8(number));
    case 'i8':
      return make(1, (bytes) => bytes.writeInt8(number));
    case 'u16':
      return make(2, (bytes) => bytes.writeUInt16LE(number));
    case 'i16':
      return make(2, (bytes) => bytes.writeInt16LE(number));
    case 'u32':
      return make(4, (bytes) => bytes.writeUInt32LE(number));
    case 'i32':
      return make(4, (bytes) => bytes.writeInt32LE(number));
    case 'f32':
      return make(4, (bytes) => bytes.writeFloatLE(number));
    case 'f64':
      return make(8, (bytes) => bytes.writeDoubleLE(number));
    case 'u64':
      return make(8, (bytes) => bytes.writeBigUInt64LE(BigInt(value)));
    case 'i64':
      return make(8, (bytes) => bytes.writeBigInt64LE(BigInt(value)));
    case 'bool':
      return Buffer.from([value ? 1 : 0]);
    case 'string': {
      const text = Buffer.from(value as string, 'utf8');
      return Buffer.concat([scalarBytes('u64', text.length), text]);
    }
  }
}
