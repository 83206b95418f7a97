import { open } from 'node:fs/promises';
import { TroubleError } from '../../common/troubleError.ts';
import type { GgufHeader } from './header.ts';

/** A metadata value with its GGUF type. `copied` holds type and value as raw bytes from another file. */
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

export type NumberType = 'u8' | 'i8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f32' | 'f64';

/** A tensor to write: its description, and its bytes in order, in chunks of any size. */
export interface TensorSource {
  readonly name: string;
  readonly shape: readonly number[];
  /** The name of the type, such as "Q8_0". */
  readonly type: string;
  chunks(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface GgufContent {
  readonly metadata: ReadonlyMap<string, GgufEntry>;
  readonly tensors: readonly TensorSource[];
}

/** Copies metadata values of a file as raw bytes. `keys` limits them. Throws as `readGgufHeader` does. */
export async function copiedMetadata(
  header: GgufHeader,
  keys: Iterable<string> = header.metadataRanges.keys(),
): Promise<Map<string, GgufEntry & { readonly type: 'copied' }>> {
  const entries = new Map<string, GgufEntry & { readonly type: 'copied' }>();
  const file = await open(header.path, 'r');
  try {
    for (const key of keys) {
      const range = header.metadataRanges.get(key);
      if (!range) continue;
      const bytes = Buffer.alloc(range.sizeBytes);
      const { bytesRead } = await file.read(bytes, 0, range.sizeBytes, range.offsetBytes);
      if (bytesRead !== range.sizeBytes)
        throw new TroubleError(
          'truncated-model',
          `${header.path} ends inside the metadata ${key}. The file was changed after it was checked.`,
        );
      entries.set(key, { type: 'copied', bytes });
    }
  } finally {
    await file.close();
  }
  return entries;
}
