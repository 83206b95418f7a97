import { open, readFile, truncate, writeFile } from 'node:fs/promises';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { copiedMetadata, type GgufEntry as Entry } from '../../../sidecar/models/gguf/content.ts';
import { ggufHeaderBytes as headerBytes, type TensorEntry } from '../../../sidecar/models/gguf/headerBytes.ts';
import { writeGguf as writeFileOf } from '../../../sidecar/models/gguf/writer.ts';

export type { GgufEntry as Entry } from '../../../sidecar/models/gguf/content.ts';
export type { TensorEntry } from '../../../sidecar/models/gguf/headerBytes.ts';

/** A file to write, valid or not. */
export interface GgufContent {
  readonly magic?: string;
  readonly version?: number;
  readonly metadata: Readonly<Record<string, Entry>>;
  readonly tensors: readonly TensorEntry[];
  /** Claimed counts, if they should differ from the real counts. */
  readonly tensorCount?: number;
  readonly metadataCount?: number;
  /** The number of bytes of weights after the header. */
  readonly dataBytes: number;
}

/** Builds the header of a GGUF file, padded to the start of the weights, with the false claims of `content`. */
export function ggufHeaderBytes(content: GgufContent): Buffer {
  const header = headerBytes(Object.entries(content.metadata), content.tensors);
  header.write(content.magic ?? 'GGUF', 0, 'latin1');
  if (content.version !== undefined) header.writeUInt32LE(content.version, 4);
  if (content.tensorCount !== undefined) header.writeBigUInt64LE(BigInt(content.tensorCount), 8);
  if (content.metadataCount !== undefined) header.writeBigUInt64LE(BigInt(content.metadataCount), 16);
  return header;
}

/** Writes a GGUF file whose weights are zeros. They take no space on a disk with sparse files. */
export async function writeGguf(file: string, content: GgufContent): Promise<void> {
  const header = ggufHeaderBytes(content);
  await writeFile(file, header);
  await truncate(file, header.length + content.dataBytes);
}

/** Rewrites a file with another value of a key. */
export async function replaceKey(file: string, key: string, entry: Entry): Promise<void> {
  const header = await readGgufHeader(file);
  const bytes = await readFile(file);
  const tensors = header.tensors.map(({ name, shape, type, offsetBytes, sizeBytes }) => {
    const start = header.dataOffsetBytes + offsetBytes;
    return { name, shape, type, chunks: () => [bytes.subarray(start, start + sizeBytes)] };
  });
  await writeFileOf(file, { metadata: new Map([...(await copiedMetadata(header)), [key, entry]]), tensors });
}

/** Truncates a file to a length in bytes. */
export async function cut(file: string, length: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.truncate(length);
  await handle.close();
}

const EMBEDDING = 32;

/** A valid header of a Llama with a single block and four tokens. The weights are zeros. */
export function tinyModel(
  changes: { metadata?: Record<string, Entry | undefined>; tensors?: readonly TensorEntry[]; dataBytes?: number } = {},
): GgufContent {
  const tokens = ['<s>', '</s>', 'a', 'b'];
  const metadata: Record<string, Entry | undefined> = {
    'general.architecture': { type: 'string', value: 'llama' },
    'general.name': { type: 'string', value: 'Tiny' },
    'llama.block_count': { type: 'u32', value: 1 },
    'llama.context_length': { type: 'u32', value: 128 },
    'llama.embedding_length': { type: 'u32', value: EMBEDDING },
    'llama.feed_forward_length': { type: 'u32', value: 64 },
    'llama.attention.head_count': { type: 'u32', value: 2 },
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.tokens': { type: 'strings', value: tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: [3, 3, 1, 1] },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 1 },
    ...changes.metadata,
  };
  return {
    metadata: Object.fromEntries(
      Object.entries(metadata).filter((pair): pair is [string, Entry] => pair[1] !== undefined),
    ),
    tensors: changes.tensors ?? [
      { name: 'token_embd.weight', shape: [EMBEDDING, tokens.length], type: 0, offset: 0 },
      { name: 'blk.0.attn_q.weight', shape: [EMBEDDING, EMBEDDING], type: 0, offset: 512 },
    ],
    dataBytes: changes.dataBytes ?? 512 + EMBEDDING * EMBEDDING * 4,
  };
}
