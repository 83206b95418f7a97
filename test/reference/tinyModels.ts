import { LRUCache } from 'lru-cache';
import type { Device } from '../../kernels/ggml/device.ts';
import { rowBytes, tensorTypes, type TensorType } from '../../kernels/ggml/types.ts';
import { architectures, ownArchitectures } from '../../sidecar/models/architectures/architectures.ts';
import { Metadata } from '../../sidecar/models/architectures/metadata.ts';
import type { GgufHeader } from '../../sidecar/models/gguf/header.ts';
import type { GgufEntry as Entry, TensorSource } from '../../sidecar/models/gguf/content.ts';
import { writeGguf } from '../../sidecar/models/gguf/writer.ts';
import type { PlainLlamaSizes } from './plainLlama.ts';

/**
 * Sizes of the random networks. They are small, but have grouped queries, several blocks, and rows that are whole
 * blocks of every type.
 */
const WIDTH = 256;
const HEADS = 4;
const KV_HEADS = 2;
const BLOCKS = 4;
const FEED_FORWARD = 512;
export const TINY_VOCABULARY = 320;
/** The sizes of the variant `llama` for plain loops. */
export const TINY_LLAMA: PlainLlamaSizes = {
  blockCount: BLOCKS,
  width: WIDTH,
  heads: HEADS,
  kvHeads: KV_HEADS,
  headSize: WIDTH / HEADS,
  epsilon: 1e-5,
  ropeBase: 10_000,
  vocabularySize: TINY_VOCABULARY,
};

const normEpsilonKeys: Readonly<Record<string, string>> = {
  'command-r': 'attention.layer_norm_epsilon',
  cohere2: 'attention.layer_norm_epsilon',
  starcoder2: 'attention.layer_norm_epsilon',
};

const FREQUENCY_FACTORS = 'rope_freqs.weight';

/** The keys of blocks that keep a state. */
function stateSizes(sizes: {
  inner: number;
  heads: number;
  groups: number;
  stateSize: number;
}): Readonly<Record<string, Entry>> {
  return {
    'ssm.conv_kernel': { type: 'u32', value: 4 },
    'ssm.inner_size': { type: 'u32', value: sizes.inner },
    'ssm.time_step_rank': { type: 'u32', value: sizes.heads },
    'ssm.group_count': { type: 'u32', value: sizes.groups },
    'ssm.state_size': { type: 'u32', value: sizes.stateSize },
  };
}

/** The keys that an architecture's file needs besides the common sizes. A variant is a name after a plus sign. */
const extras: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  'llama+experts': { expert_count: { type: 'u32', value: 8 }, expert_used_count: { type: 'u32', value: 2 } },
  'llama+yarn': {
    'rope.scaling.type': { type: 'string', value: 'yarn' },
    'rope.scaling.factor': { type: 'f32', value: 4 },
    'rope.scaling.original_context_length': { type: 'u32', value: 128 },
  },
  'llama+linear': {
    'rope.scaling.type': { type: 'string', value: 'linear' },
    'rope.scaling.factor': { type: 'f32', value: 2 },
  },
  qwen3moe: {
    expert_count: { type: 'u32', value: 8 },
    expert_used_count: { type: 'u32', value: 3 },
    expert_feed_forward_length: { type: 'u32', value: 256 },
  },
  'command-r': { logit_scale: { type: 'f32', value: 0.0625 } },
  cohere2: {
    logit_scale: { type: 'f32', value: 0.25 },
    'attention.sliding_window': { type: 'u32', value: 24 },
    'rope.dimension_count': { type: 'u32', value: WIDTH / HEADS },
  },
  // Layers that attend everything have another base, and scale frequencies; sliding layers do not.
  gemma3: {
    'attention.sliding_window': { type: 'u32', value: 24 },
    'attention.sliding_window_pattern': { type: 'u32', value: 2 },
    'rope.freq_base': { type: 'f32', value: 1_000_000 },
    'rope.scaling.type': { type: 'string', value: 'linear' },
    'rope.scaling.factor': { type: 'f32', value: 8 },
  },
  // The factors of Granite 3.3 2B.
  granite: {
    logit_scale: { type: 'f32', value: 8 },
    embedding_scale: { type: 'f32', value: 12 },
    residual_scale: { type: 'f32', value: 0.22 },
    'attention.scale': { type: 'f32', value: 0.015625 },
  },
  // Queries grow several times within the tokens of the tests.
  mistral3: {
    'attention.temperature_scale': { type: 'f32', value: 0.1 },
    'rope.scaling.type': { type: 'string', value: 'yarn' },
    'rope.scaling.factor': { type: 'f32', value: 8 },
    'rope.scaling.original_context_length': { type: 'u32', value: 64 },
    'rope.scaling.yarn_log_multiplier': { type: 'f32', value: 1 },
  },
  glm4moe: {
    expert_count: { type: 'u32', value: 8 },
    expert_used_count: { type: 'u32', value: 3 },
    expert_shared_count: { type: 'u32', value: 1 },
    expert_feed_forward_length: { type: 'u32', value: 256 },
    expert_gating_func: { type: 'u32', value: 2 },
    expert_weights_norm: { type: 'bool', value: true },
    expert_weights_scale: { type: 'f32', value: 1.5 },
    leading_dense_block_count: { type: 'u32', value: 1 },
    'rope.dimension_count': { type: 'u32', value: WIDTH / HEADS / 2 },
  },
  // Half of the blocks keep a state. The width of the state's input is always twice that of the network.
  granitehybrid: {
    'attention.head_count_kv': { type: 'i32s', value: [0, KV_HEADS, 0, KV_HEADS] },
    'rope.scaling.finetuned': { type: 'bool', value: false },
    ...stateSizes({ inner: 2 * WIDTH, heads: 8, groups: 1, stateSize: 128 }),
    logit_scale: { type: 'f32', value: 8 },
    embedding_scale: { type: 'f32', value: 12 },
    residual_scale: { type: 'f32', value: 0.22 },
    'attention.scale': { type: 'f32', value: 0.015625 },
  },
  'granitehybrid+experts': {
    'attention.head_count_kv': { type: 'i32s', value: [0, KV_HEADS, 0, 0] },
    ...stateSizes({ inner: 2 * WIDTH, heads: 8, groups: 2, stateSize: 128 }),
    logit_scale: { type: 'f32', value: 8 },
    expert_count: { type: 'u32', value: 8 },
    expert_used_count: { type: 'u32', value: 3 },
    expert_shared_feed_forward_length: { type: 'u32', value: 256 },
  },
  qwen35: {
    ...stateSizes({ inner: 256, heads: 4, groups: 2, stateSize: 64 }),
    'rope.dimension_sections': { type: 'i32s', value: [3, 3, 2, 0] },
    'rope.dimension_count': { type: 'u32', value: WIDTH / HEADS / 4 },
    full_attention_interval: { type: 'u32', value: 2 },
  },
  qwen35moe: {
    ...stateSizes({ inner: 512, heads: 4, groups: 2, stateSize: 128 }),
    'rope.dimension_sections': { type: 'i32s', value: [3, 3, 2, 0] },
    'rope.dimension_count': { type: 'u32', value: WIDTH / HEADS / 4 },
    expert_count: { type: 'u32', value: 8 },
    expert_used_count: { type: 'u32', value: 3 },
    expert_feed_forward_length: { type: 'u32', value: 256 },
    expert_shared_feed_forward_length: { type: 'u32', value: 256 },
  },
  'gpt-oss': {
    expert_count: { type: 'u32', value: 8 },
    expert_used_count: { type: 'u32', value: 3 },
    expert_feed_forward_length: { type: 'u32', value: 256 },
    'attention.sliding_window': { type: 'u32', value: 24 },
    'rope.scaling.type': { type: 'string', value: 'yarn' },
    'rope.scaling.factor': { type: 'f32', value: 4 },
    'rope.scaling.original_context_length': { type: 'u32', value: 128 },
  },
};

/** Every architecture, with variants, that Chorus's own engine and llama.cpp run. */
export const tinyVariants: readonly string[] = [
  ...architectures.keys(),
  ...Object.keys(extras).filter((name) => name.includes('+')),
].filter((name) => !ownArchitectures.has(name));

/** Those of `tinyVariants` whose blocks all attend. */
export const attendingVariants: readonly string[] = tinyVariants.filter(
  (name) => extras[name]?.['ssm.state_size'] === undefined,
);

function metadataOf(
  variant: string,
  vocabulary: Readonly<Record<string, Entry>>,
  keys: Readonly<Record<string, Entry>> = {},
): Record<string, Entry> {
  const name = variant.split('+')[0] as string;
  const sizes: Record<string, Entry> = {
    block_count: { type: 'u32', value: BLOCKS },
    context_length: { type: 'u32', value: 512 },
    embedding_length: { type: 'u32', value: WIDTH },
    feed_forward_length: { type: 'u32', value: FEED_FORWARD },
    vocab_size: { type: 'u32', value: TINY_VOCABULARY },
    'attention.head_count': { type: 'u32', value: HEADS },
    'attention.head_count_kv': { type: 'u32', value: KV_HEADS },
    [normEpsilonKeys[name] ?? 'attention.layer_norm_rms_epsilon']: { type: 'f32', value: 1e-5 },
    'rope.freq_base': { type: 'f32', value: 10_000 },
    ...extras[variant],
    ...keys,
  };
  return {
    'general.architecture': { type: 'string', value: name },
    'general.name': { type: 'string', value: `Tiny ${variant}` },
    ...Object.fromEntries(Object.entries(sizes).map(([key, entry]) => [`${name}.${key}`, entry])),
    ...vocabulary,
  };
}

const noVocabulary: Readonly<Record<string, Entry>> = { 'tokenizer.ggml.model': { type: 'string', value: 'none' } };

/**
 * Writes a random network of an architecture with matrices of `type` and vectors of F32. The same seed writes the same
 * file. Without a vocabulary it serves engines that are given tokens.
 */
export async function writeTinyModel(
  file: string,
  options: {
    variant: string;
    type: TensorType;
    device: Device;
    seed?: number;
    /** The seed of the routers (default: `seed`). */
    routerSeed?: number;
    vocabulary?: Readonly<Record<string, Entry>>;
    /** Further keys of the architecture. */
    keys?: Readonly<Record<string, Entry>>;
    /** Names of tensors to leave out, or their endings. */
    omit?: readonly string[];
    /** Leaves out the output matrix, so that the embedding is also the output. */
    isTied?: boolean;
    /** Writes `rope_freqs.weight`. */
    hasFrequencyFactors?: boolean;
  },
): Promise<void> {
  const { variant, type, device } = options;
  const metadata = metadataOf(variant, options.vocabulary ?? noVocabulary, options.keys);
  const architecture = architectures.get(variant.split('+')[0] as string);
  if (!architecture) throw new Error(`There is no architecture ${variant}`);
  const header = {
    path: file,
    metadata: new Map(
      Object.entries(metadata).flatMap(([key, entry]) =>
        'value' in entry && !(entry.type === 'strings') ? [[key, entry.value as string | number | boolean]] : [],
      ),
    ),
    arrayLengths: new Map([['tokenizer.ggml.tokens', TINY_VOCABULARY]]),
    tensors: [],
  } as unknown as GgufHeader;
  const hyperparameters = architecture.readHyperparameters(new Metadata(header));
  const specs = architecture
    .weights(hyperparameters)
    .filter(
      ({ name }) =>
        (name !== FREQUENCY_FACTORS || options.hasFrequencyFactors) &&
        !(options.isTied && name === 'output.weight') &&
        !options.omit?.some((end) => name.endsWith(end)),
    );
  const { seed = 1, routerSeed } = options;
  const weights = nextOf(deviates(seed, valuesOf(specs)));
  const routers = routerSeed === undefined ? weights : nextOf(deviates(routerSeed, valuesOf(specs.filter(isRouter))));
  const tensors: TensorSource[] = [];
  for (const spec of specs) {
    const isVector = spec.extents.length === 1 || spec.use === 'vector' || isRouter(spec);
    const mean = meanOf(spec.name, isVector);
    const spread = isVector ? 0.1 : 1 / Math.sqrt(spec.extents[0] as number);
    const values = new Float32Array(valuesOf([spec]));
    const next = isRouter(spec) ? routers : weights;
    for (let at = 0; at < values.length; at++) values[at] = mean + spread * next();
    const bytes = encode(device, isVector ? 'F32' : type, values, spec.extents[0] as number);
    tensors.push({ name: spec.name, shape: spec.extents, type: isVector ? 'F32' : type, chunks: () => [bytes] });
  }
  await writeGguf(file, { metadata: new Map(Object.entries(metadata)), tensors });
}

/** Returns the number of values of these tensors. */
function valuesOf(specs: readonly { readonly extents: readonly number[] }[]): number {
  return specs.reduce((sum, { extents }) => sum + extents.reduce((product, extent) => product * extent, 1), 0);
}

function isRouter({ name }: { readonly name: string }): boolean {
  return name.includes('gate_inp');
}

/** Returns a function that returns the values one after the other. */
function nextOf(values: Float64Array): () => number {
  let used = 0;
  return () => values[used++] as number;
}

/** Norms and factors of frequencies lie around 1. A state forgets by a negative logarithm. */
function meanOf(name: string, isVector: boolean): number {
  if (name.endsWith('.ssm_a')) return -1;
  return name === FREQUENCY_FACTORS || (isVector && name.endsWith('norm.weight')) ? 1 : 0;
}

function encode(device: Device, type: TensorType, values: Float32Array, columns: number): Buffer {
  if (type === 'F32') return Buffer.from(values.buffer);
  const rows = values.length / columns;
  const bytes = Buffer.alloc(rowBytes(type, columns) * rows);
  device.functions.ggml_quantize_chunk(tensorTypes[type].id, values, bytes, 0, rows, columns, null);
  return bytes;
}

/** The normal deviates of a seed so far, by Box and Muller over a linear congruential generator. */
interface Deviates {
  readonly values: Float64Array;
  readonly state: number;
}

/** The deviates of the last seeds, since most models of a test file use the same ones. */
const kept = new LRUCache<number, Deviates>({ max: 2 });

/** At least the first `count` deviates of a seed. */
function deviates(seed: number, count: number): Float64Array {
  const { values: known, state: from } = kept.get(seed) ?? { values: new Float64Array(0), state: seed >>> 0 || 1 };
  if (known.length >= count) return known;
  const values = new Float64Array(count);
  values.set(known);
  let state = from;
  for (let index = known.length; index < count; index++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const radius = Math.sqrt(-2 * Math.log((state + 1) / (2 ** 32 + 1)));
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[index] = radius * Math.cos(2 * Math.PI * ((state + 1) / (2 ** 32 + 1)));
  }
  kept.set(seed, { values, state });
  return values;
}

/**
 * A byte-level vocabulary of `TINY_VOCABULARY` tokens: all bytes, the beginning and end of a text, and pairs of
 * letters.
 */
export function tinyVocabulary(): Readonly<Record<string, Entry>> {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(isPrintable(byte) ? byte : next++));
  const pairs = Array.from(
    { length: TINY_VOCABULARY - 258 },
    (_, index) =>
      [String.fromCodePoint(0x61 + Math.floor(index / 10)), String.fromCodePoint(0x61 + (index % 10))] as const,
  );
  return {
    'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
    'tokenizer.ggml.pre': { type: 'string', value: 'gpt-2' },
    'tokenizer.ggml.tokens': {
      type: 'strings',
      value: [...bytes, '<s>', '</s>', ...pairs.map((pair) => pair.join(''))],
    },
    'tokenizer.ggml.token_type': {
      type: 'i32s',
      value: Array.from({ length: TINY_VOCABULARY }, (_, token) => (token === 256 || token === 257 ? 3 : 1)),
    },
    'tokenizer.ggml.merges': { type: 'strings', value: pairs.map((pair) => pair.join(' ')) },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: 256 },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: 257 },
  };
}
