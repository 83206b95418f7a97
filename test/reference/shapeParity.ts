import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../kernels/ggml/device.ts';
import { openNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';
import type { GgufEntry } from '../../sidecar/models/gguf/content.ts';
import { LibLlama } from '../../sidecar/models/llamaCpp/libLlama.ts';
import { chunkedLogits } from './chunkedLogits.ts';
import { compareLogits } from './compareLogits.ts';
import { TINY_VOCABULARY, writeTinyModel } from './tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** More than a chunk, than most windows and than one padding step of a cache. */
const tokens = Array.from({ length: 72 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
const CHUNK_TOKENS = 9;
const CONTEXT_TOKENS = 256;
const HEAD_SIZE = 16;
const MOST_ERROR = 1e-6;

/** Sizes that `tinyModels.ts` does not have. */
export interface Shape {
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

export const count = (value: number): GgufEntry => ({ type: 'u32', value });
/** The keys of layers with a window. */
export const window = (windowTokens: number, fullEvery?: number): Record<string, GgufEntry> => ({
  'rope.dimension_count': count(HEAD_SIZE),
  'attention.sliding_window': count(windowTokens),
  ...(fullEvery === undefined ? {} : { 'attention.sliding_window_pattern': count(fullEvery) }),
});
export const experts = (all: number, used: number, width?: number): Record<string, GgufEntry> => ({
  expert_count: count(all),
  expert_used_count: count(used),
  ...(width ? { expert_feed_forward_length: count(width) } : {}),
});

/** Compares random models of these shapes with libllama, in both layouts of the cache. */
export function describeShapes(what: string, shapes: Readonly<Record<string, Shape>>): void {
  describe(`${what} give the logits of libllama on ${kind}:`, () => {
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
              chunkedLogits(peer, tokens, chunkTokens),
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
}

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
