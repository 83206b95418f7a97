import { open, truncate, writeFile } from 'node:fs/promises';

/** A metadata value with the GGUF type it is written as. */
export type Entry =
  | { readonly type: 'u32'; readonly value: number }
  | { readonly type: 'u64'; readonly value: number }
  | { readonly type: 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s'; readonly value: readonly number[] };

export interface TensorEntry {
  readonly name: string;
  readonly shape: readonly number[];
  /** ggml's type number; 0 is F32. */
  readonly type: number;
  readonly offset: number;
}

export interface GgufContent {
  readonly magic?: string;
  readonly version?: number;
  readonly metadata: Readonly<Record<string, Entry>>;
  readonly tensors: readonly TensorEntry[];
  /** Claimed counts, where they should differ from the real ones. */
  readonly tensorCount?: number;
  readonly metadataCount?: number;
  /** Bytes of weights after the header. */
  readonly dataBytes: number;
}

const TYPE_NUMBER = { u32: 4, f32: 6, bool: 7, string: 8, u64: 10 } as const;

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}

function f32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function entryBytes(entry: Entry): Buffer {
  switch (entry.type) {
    case 'u32': return Buffer.concat([u32(TYPE_NUMBER.u32), u32(entry.value)]);
    case 'u64': return Buffer.concat([u32(TYPE_NUMBER.u64), u64(entry.value)]);
    case 'f32': return Buffer.concat([u32(TYPE_NUMBER.f32), f32(entry.value)]);
    case 'bool': return Buffer.concat([u32(TYPE_NUMBER.bool), Buffer.from([entry.value ? 1 : 0])]);
    case 'string': return Buffer.concat([u32(TYPE_NUMBER.string), text(entry.value)]);
    case 'strings': return Buffer.concat([u32(9), u32(8), u64(entry.value.length), ...entry.value.map(text)]);
    case 'i32s': return Buffer.concat([u32(9), u32(5), u64(entry.value.length), ...entry.value.map(i32)]);
  }
}

/** The header of a GGUF file, padded to where its weights begin. */
export function ggufHeaderBytes(content: GgufContent): Buffer {
  const metadata = Object.entries(content.metadata);
  const header = Buffer.concat([
    Buffer.from(content.magic ?? 'GGUF', 'latin1'),
    u32(content.version ?? 3),
    u64(content.tensorCount ?? content.tensors.length),
    u64(content.metadataCount ?? metadata.length),
    ...metadata.flatMap(([key, entry]) => [text(key), entryBytes(entry)]),
    ...content.tensors.flatMap((tensor) => [text(tensor.name), u32(tensor.shape.length), ...tensor.shape.map(u64), u32(tensor.type), u64(tensor.offset)]),
  ]);
  return Buffer.concat([header, Buffer.alloc((32 - (header.length % 32)) % 32)]);
}

/** Writes a GGUF file whose weights are zeros; they take no room on a disk that has sparse files. */
export async function writeGguf(file: string, content: GgufContent): Promise<void> {
  const header = ggufHeaderBytes(content);
  await writeFile(file, header);
  await truncate(file, header.length + content.dataBytes);
}

/** Cuts a file to a length in bytes. */
export async function cut(file: string, length: number): Promise<void> {
  const handle = await open(file, 'r+');
  await handle.truncate(length);
  await handle.close();
}

const EMBEDDING = 32;

/** A valid header of a Llama of one block and four tokens, with zeros for weights. */
export function tinyModel(changes: { metadata?: Record<string, Entry | undefined>; tensors?: readonly TensorEntry[]; dataBytes?: number } = {}): GgufContent {
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
    metadata: Object.fromEntries(Object.entries(metadata).filter((pair): pair is [string, Entry] => pair[1] !== undefined)),
    tensors: changes.tensors ?? [
      { name: 'token_embd.weight', shape: [EMBEDDING, tokens.length], type: 0, offset: 0 },
      { name: 'blk.0.attn_q.weight', shape: [EMBEDDING, EMBEDDING], type: 0, offset: 512 },
    ],
    dataBytes: changes.dataBytes ?? 512 + EMBEDDING * EMBEDDING * 4,
  };
}
