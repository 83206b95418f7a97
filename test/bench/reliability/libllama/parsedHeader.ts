import { readFile } from 'node:fs/promises';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { typeByName } from '../../../../sidecar/models/gguf/tensorTypes.ts';
import type { GgufContent } from '../../../sidecar/models/ggufFile.ts';

/** GGUF's value types by their number. */
const VALUE_TYPES = [
  'u8',
  'i8',
  'u16',
  'i16',
  'u32',
  'i32',
  'f32',
  'bool',
  'string',
  'array',
  'u64',
  'i64',
  'f64',
] as const;

/** Returns a file's header in changeable form, without its weights. */
export async function parseHeader(file: string): Promise<GgufContent> {
  const arrays = new Map<string, (string | number | boolean)[]>();
  const header = await readGgufHeader(file, {
    visitArray: (key, index, element) => {
      if (index === 0) arrays.set(key, []);
      arrays.get(key)?.push(Buffer.isBuffer(element) ? element.toString('utf8') : element);
    },
  });
  const bytes = await readFile(file);
  const metadata: Record<string, GgufEntry> = {};
  for (const [key, { offsetBytes }] of header.metadataRanges) {
    const type = VALUE_TYPES[bytes.readUInt32LE(offsetBytes)];
    const value = arrays.get(key) ?? header.metadata.get(key) ?? [];
    metadata[key] = {
      type: type === 'array' ? `${String(VALUE_TYPES[bytes.readUInt32LE(offsetBytes + 4)])}s` : type,
      value,
    } as GgufEntry;
  }
  const tensors = header.tensors.map(({ name, shape, type, offsetBytes }) => ({
    name,
    shape,
    type: typeByName(type).id,
    offset: offsetBytes,
  }));
  return { metadata, tensors, dataBytes: header.fileSizeBytes - header.dataOffsetBytes };
}
