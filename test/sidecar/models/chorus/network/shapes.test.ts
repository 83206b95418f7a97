import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';
import { LibLlama } from '../../../../../sidecar/models/llamaCpp/libLlama.ts';
import { compareLogits } from '../../../../reference/compareLogits.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** More than a chunk, than most windows and than one padding step of a cache. */
const tokens = Array.from({ length: 72 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
const CHUNK_TOKENS = 9;
const CONTEXT_TOKENS = 256;
const HEAD_SIZE = 16;
const MOST_ERROR = 1e-6;

/** Sizes that `tinyModels.ts` does not have. */
interface Shape {
  readonly variant: string;
  readonly blocks: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** If it is not the width of all heads together. */
  readonly width?: number;
  /** If it is not `HEAD_SIZE`. The file then contains it. */
  readonly headSize?: number;
  readonly keys?: Readonly<Record<string, GgufEntry>>;
  readonly omit?: readonly string[];
  readonly isTied?: boolean;
  readonly hasFrequencyFactors?: boolean;
  /** The largest normalised squared error, where it is not `MOST_ERROR`. */
  readonly mostError?: number;
}

const count = (value: number): GgufEntry => ({ type: 'u32', value });
const window = (windowTokens: number, fullEvery?: number): Record<string, GgufEntry> => ({
  'rope.dimension_count': count(HEAD_SIZE),
  'attention.sliding_window': count(windowTokens),
  ...(fullEvery === undefined ? {} : { 'attention.sliding_window_pattern': count(fullEvery) }),
});
const experts = (all: number, used: number, width?: number): Record<string, GgufEntry> => ({
  expert_count: count(all),
  expert_used_count: count(used),
  ...(width ? { expert_feed_forward_length: count(width) } : {}),
});

const shapes: Readonly<Record<string, Shape>> = {
  'llama of one layer, one head': { variant: 'llama', blocks: 1, heads: 1, kvHeads: 1 },
  'llama of three heads that share one': { variant: 'llama', blocks: 2, heads: 3, kvHeads: 1 },
  'llama, groups of five': { variant: 'llama', blocks: 2, heads: 5, kvHeads: 1 },
  'llama, groups of seven, two of them': { variant: 'llama', blocks: 1, heads: 14, kvHeads: 2 },
  'llama, three heads each its own, tied': {
    variant: 'llama',
    blocks: 2,
    heads: 3,
    kvHeads: 3,
    isTied: true,
    omit: ['.bias'],
  },
  'llama, heads wider than the network': { variant: 'llama', blocks: 2, heads: 3, kvHeads: 1, width: 64, headSize: 32 },
  'llama with factors of its frequencies': {
    variant: 'llama',
    blocks: 2,
    heads: 5,
    kvHeads: 5,
    hasFrequencyFactors: true,
  },
  'llama with one expert of one': { variant: 'llama', blocks: 1, heads: 3, kvHeads: 1, keys: experts(1, 1) },
  'llama with all of three experts': { variant: 'llama', blocks: 2, heads: 5, kvHeads: 1, keys: experts(3, 3) },
  'qwen2 of one layer, groups of seven': { variant: 'qwen2', blocks: 1, heads: 7, kvHeads: 1 },
  'qwen2, groups of five, tied': { variant: 'qwen2', blocks: 2, heads: 5, kvHeads: 1, isTied: true },
  'qwen3 of one layer, groups of five, heads wider than the network': {
    variant: 'qwen3',
    blocks: 1,
    heads: 5,
    kvHeads: 1,
    width: 48,
    headSize: 32,
  },
  'qwen3, groups of seven, tied': { variant: 'qwen3', blocks: 2, heads: 7, kvHeads: 1, isTied: true, omit: ['.bias'] },
  'qwen3moe of one layer, groups of five, one expert of five': {
    variant: 'qwen3moe',
    blocks: 1,
    heads: 5,
    kvHeads: 1,
    keys: experts(5, 1, 24),
  },
  'qwen3moe, groups of seven, all of seven experts, tied': {
    variant: 'qwen3moe',
    blocks: 2,
    heads: 7,
    kvHeads: 1,
    keys: experts(7, 7, 24),
    isTied: true,
    omit: ['.bias'],
  },
  'starcoder2 of one layer, groups of five, without biases of queries': {
    variant: 'starcoder2',
    blocks: 1,
    heads: 5,
    kvHeads: 1,
    omit: ['attn_q.bias', 'attn_k.bias', 'attn_v.bias'],
  },
  'starcoder2, groups of seven, tied': { variant: 'starcoder2', blocks: 2, heads: 7, kvHeads: 1, isTied: true },
  'command-r of one layer, groups of five': { variant: 'command-r', blocks: 1, heads: 5, kvHeads: 1 },
  'command-r of three heads, logits as they are': {
    variant: 'command-r',
    blocks: 2,
    heads: 3,
    kvHeads: 3,
    keys: { logit_scale: { type: 'f32', value: 0 } },
  },
  'command-r of 64 layers, which normalise heads': { variant: 'command-r', blocks: 64, heads: 2, kvHeads: 1 },
  'cohere2 of one layer, which slides': { variant: 'cohere2', blocks: 1, heads: 3, kvHeads: 1, keys: window(24) },
  'cohere2 of three layers, all of which slide': {
    variant: 'cohere2',
    blocks: 3,
    heads: 5,
    kvHeads: 1,
    keys: window(24),
  },
  'cohere2, all slide by its pattern': { variant: 'cohere2', blocks: 4, heads: 3, kvHeads: 3, keys: window(24, 0) },
  'cohere2, every second slides': { variant: 'cohere2', blocks: 3, heads: 10, kvHeads: 2, keys: window(24, 2) },
  'cohere2, a window of one token': { variant: 'cohere2', blocks: 5, heads: 3, kvHeads: 1, keys: window(1) },
  'cohere2, a window shorter than a chunk': { variant: 'cohere2', blocks: 5, heads: 7, kvHeads: 1, keys: window(5) },
  'cohere2, a window longer than its context': {
    variant: 'cohere2',
    blocks: 4,
    heads: 3,
    kvHeads: 1,
    keys: window(4_096),
  },
  'cohere2, logits as they are': {
    variant: 'cohere2',
    blocks: 1,
    heads: 3,
    kvHeads: 1,
    keys: { ...window(24), logit_scale: { type: 'f32', value: 0 } },
  },
  'gemma3 of one layer, which slides, heads wider than the network': {
    variant: 'gemma3',
    blocks: 1,
    heads: 3,
    kvHeads: 1,
    width: 40,
    headSize: 32,
    keys: window(24, 6),
  },
  'gemma3 of seven layers, of which the sixth attends everything': {
    variant: 'gemma3',
    blocks: 7,
    heads: 5,
    kvHeads: 1,
    keys: window(24, 6),
    isTied: true,
    omit: ['.bias'],
  },
  'gemma3, all slide by its pattern': { variant: 'gemma3', blocks: 2, heads: 3, kvHeads: 3, keys: window(24, 0) },
  'gemma3, a window of one token': { variant: 'gemma3', blocks: 3, heads: 3, kvHeads: 1, keys: window(1) },
  'gemma3, a window shorter than a chunk': { variant: 'gemma3', blocks: 3, heads: 7, kvHeads: 1, keys: window(5, 3) },
  'gemma3, a window longer than its context': {
    variant: 'gemma3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: window(4_096),
  },
  'gemma3 without a window': { variant: 'gemma3', blocks: 2, heads: 10, kvHeads: 2, keys: window(0) },
  'gemma3 with another base for sliding layers': {
    variant: 'gemma3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: { ...window(24), 'rope.freq_base_swa': { type: 'f32', value: 500 } },
  },
  'gemma3 with YaRN': {
    variant: 'gemma3',
    blocks: 2,
    heads: 3,
    kvHeads: 1,
    keys: {
      ...window(24),
      'rope.scaling.type': { type: 'string', value: 'yarn' },
      'rope.scaling.factor': { type: 'f32', value: 4 },
      'rope.scaling.original_context_length': count(64),
    },
  },
  'gemma3 of 62 layers, whose attention scale follows from the width': {
    variant: 'gemma3',
    blocks: 62,
    heads: 3,
    kvHeads: 1,
    width: 48,
    headSize: 32,
    keys: window(24, 6),
    // Rounding adds up over so many layers. A scale that follows from the head's size gives 0.2.
    mostError: 1e-5,
  },
};

describe(`models of unusual shapes give the logits of libllama on ${kind}:`, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-shapes-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const [name, shape] of Object.entries(shapes)) {
    it(name, async () => {
      const { mostError = MOST_ERROR } = shape;
      using device = new Device(kind, { threads: 1 });
      const file = path.join(folder, 'model.gguf');
      await writeShape(file, shape, device);
      for (const layout of kind === 'cpu' ? (['rows', 'transposed'] as const) : (['rows'] as const)) {
        using peer = new LibLlama(file, {
          build: kind,
          contextSizeTokens: CONTEXT_TOKENS,
          threads: 1,
          gpuLayers: kind === 'cpu' ? 0 : 99,
          flashAttention: layout === 'rows',
          quiet: true,
        });
        using network = await openNetwork(file, {
          placement: onOneDevice(device),
          capacityTokens: CONTEXT_TOKENS,
          layout,
        });
        for (const chunkTokens of [tokens.length, CHUNK_TOKENS]) {
          const { normalisedSquaredError, meanDivergence, argmaxDisagreements } = compareLogits(
            await network.logits(tokens, { chunkTokens }),
            chunked(peer, chunkTokens),
            TINY_VOCABULARY,
          );
          const how = `${layout}, in chunks of ${chunkTokens}`;
          if (kind === 'cpu')
            assert.ok(
              normalisedSquaredError <= mostError,
              `${how}: normalised squared error ${normalisedSquaredError}`,
            );
          assert.ok(meanDivergence <= 1e-3, `${how}: mean divergence ${meanDivergence}`);
          assert.deepEqual(argmaxDisagreements, [], `${how}: other best tokens`);
        }
      }
    });
  }
});

async function writeShape(
  file: string,
  { variant, blocks, heads, kvHeads, headSize = HEAD_SIZE, width = heads * headSize, keys, ...others }: Shape,
  device: Device,
): Promise<void> {
  const sizes: Record<string, GgufEntry> = {
    block_count: count(blocks),
    embedding_length: count(width),
    feed_forward_length: count(2 * width),
    'attention.head_count': count(heads),
    'attention.head_count_kv': count(kvHeads),
    ...(width === heads * headSize
      ? {}
      : { 'attention.key_length': count(headSize), 'attention.value_length': count(headSize) }),
  };
  await writeTinyModel(file, { variant, type: 'F32', device, keys: { ...sizes, ...keys }, ...others });
}

function chunked(peer: LibLlama, chunkTokens: number): Float32Array[] {
  peer.clear();
  const rows: Float32Array[] = [];
  for (let start = 0; start < tokens.length; start += chunkTokens)
    rows.push(...peer.decode(tokens.slice(start, start + chunkTokens), start, { all: true }));
  return rows;
}
