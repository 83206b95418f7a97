import { createCipheriv } from 'node:crypto';
import { commandR } from '../../../sidecar/models/architectures/commandR.ts';
import type { Hyperparameters } from '../../../sidecar/models/architectures/architecture.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import { tensorBytes } from '../../../sidecar/models/gguf/tensorTypes.ts';
import { copiedMetadata, type GgufEntry, type TensorSource } from '../../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../../sidecar/models/gguf/writer.ts';

/** Aya 23 8B (arXiv 2405.15032). */
const AYA_23_8B: Hyperparameters = {
  blockCount: 32,
  width: 4_096,
  heads: 32,
  kvHeads: 8,
  headSize: 128,
  feedForwardWidth: 14_336,
  vocabularySize: 256_000,
  trainContextTokens: 8_192,
  norm: { kind: 'layer', epsilon: 1e-5 },
  rope: { pairing: 'normal', dimensions: 128, base: 10_000 },
  logitScale: 0.0625,
};

const LISTS = ['tokens', 'token_type'] as const;
const UNUSED = 5;
const CHUNK_BYTES = 18 * 2 ** 18;
const BLOCK_BYTES = 18;
/** The scale of nibbles from -8 to 7 for a standard deviation of 0.02, as float16. */
const BLOCK_SCALE_F16 = 0x1c67;

/**
 * Writes a network of Aya 23 8B's exact shape with random weights: matrices in Q4_0, norms in F32, the output tied to
 * the embedding. The tokenizer is that of the GGUF at `tokenizerPath`, extended by unused tokens.
 */
export async function writeAyaShape(
  filePath: string,
  tokenizerPath: string,
  onBytes?: (bytes: number) => void,
): Promise<void> {
  const lists = { tokens: [] as string[], token_type: [] as number[] };
  const header = await readGgufHeader(tokenizerPath, {
    visitArray: (key, _index, element) => {
      const name = LISTS.find((list) => key === `tokenizer.ggml.${list}`);
      if (name) (lists[name] as unknown[]).push(Buffer.isBuffer(element) ? element.toString('utf8') : element);
    },
  });
  const { vocabularySize } = AYA_23_8B;
  for (let token = lists.tokens.length; token < vocabularySize; token++) {
    lists.tokens.push(`<filler_${token}>`);
    lists.token_type.push(UNUSED);
  }
  const kept = [...header.metadataRanges.keys()].filter(
    (key) => key.startsWith('tokenizer.') && !LISTS.some((list) => key === `tokenizer.ggml.${list}`),
  );
  const metadata = new Map<string, GgufEntry>([
    ['general.architecture', { type: 'string', value: 'command-r' }],
    ['general.name', { type: 'string', value: "Aya 23 8B's shape, random weights" }],
    ['general.file_type', { type: 'u32', value: 2 }],
    ...sizes(AYA_23_8B),
    ...(await copiedMetadata(header, kept)),
    ['tokenizer.ggml.tokens', { type: 'strings', value: lists.tokens }],
    ['tokenizer.ggml.token_type', { type: 'i32s', value: lists.token_type }],
  ]);
  const specs = commandR.weights(AYA_23_8B).filter(({ optional }) => !optional);
  const tensors = specs.map(({ name, extents, use }, index): TensorSource =>
    use === 'vector' ? ones(name, extents) : randomMatrix(name, extents, index),
  );
  await writeGguf(filePath, { metadata, tensors }, onBytes ? { onBytes } : {});
}

function sizes({
  blockCount,
  trainContextTokens,
  width,
  feedForwardWidth,
  vocabularySize,
  heads,
  kvHeads,
  norm,
  rope,
  logitScale,
}: Hyperparameters): [string, GgufEntry][] {
  const counts = {
    block_count: blockCount,
    context_length: trainContextTokens,
    embedding_length: width,
    feed_forward_length: feedForwardWidth,
    vocab_size: vocabularySize,
    'attention.head_count': heads,
    'attention.head_count_kv': kvHeads,
  };
  const numbers = {
    'attention.layer_norm_epsilon': norm.epsilon,
    'rope.freq_base': rope.base,
    logit_scale: logitScale,
  };
  return [
    ...Object.entries(counts).map(([key, value]): [string, GgufEntry] => [`command-r.${key}`, { type: 'u32', value }]),
    ...Object.entries(numbers).map(([key, value]): [string, GgufEntry] => [`command-r.${key}`, { type: 'f32', value }]),
    ['command-r.rope.scaling.type', { type: 'string', value: 'none' }],
  ];
}

function ones(name: string, shape: readonly number[]): TensorSource {
  return { name, shape, type: 'F32', chunks: () => [Buffer.from(new Float32Array(shape[0] ?? 0).fill(1).buffer)] };
}

/** Blocks of Q4_0: a scale in float16, then 32 nibbles. The same seed gives the same blocks. */
function randomMatrix(name: string, shape: readonly number[], seed: number): TensorSource {
  return {
    name,
    shape,
    type: 'Q4_0',
    *chunks() {
      const key = Buffer.alloc(16);
      key.writeUInt32LE(seed);
      const random = createCipheriv('aes-128-ctr', key, Buffer.alloc(16));
      const zeros = Buffer.alloc(CHUNK_BYTES);
      for (let left = tensorBytes('Q4_0', shape); left > 0; left -= CHUNK_BYTES) {
        const chunk = random.update(left < CHUNK_BYTES ? zeros.subarray(0, left) : zeros);
        for (let block = 0; block < chunk.length; block += BLOCK_BYTES) chunk.writeUInt16LE(BLOCK_SCALE_F16, block);
        yield chunk;
      }
    },
  };
}
