import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import type { UpcycleParams } from '../../../../sidecar/workshop/protocol.ts';
import { upcycle } from '../../../../sidecar/workshop/upcycle/upcycle.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';
import { upcycleParams } from './upcycleParams.ts';

const CONTEXT_TOKENS = 256;
const tokens = Array.from({ length: 80 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
const text = (value: string): GgufEntry => ({ type: 'string', value });
const count = (value: number): GgufEntry => ({ type: 'u32', value });

const sizes = { block_count: count(2), embedding_length: count(64), feed_forward_length: count(96) };

/** Dense files of the architecture `chorus`: the kinds of blocks, with the keys of their families. */
const inputs: Readonly<Record<string, Readonly<Record<string, GgufEntry>>>> = {
  'serial blocks': { block_kind: text('serial'), norm_kind: text('rms'), 'rope.pairing': text('normal') },
  'serial blocks with per-head norms': {
    block_kind: text('serial'),
    norm_kind: text('rms'),
    'rope.pairing': text('neox'),
    'attention.head_norm': { type: 'bool', value: true },
  },
  'parallel blocks': {
    block_kind: text('parallel'),
    norm_kind: text('layer'),
    'attention.layer_norm_epsilon': { type: 'f32', value: 1e-5 },
    'rope.pairing': text('normal'),
    logit_scale: { type: 'f32', value: 0.0625 },
  },
};
const recipes: readonly (readonly [name: string, copies: number, changes: Partial<UpcycleParams>])[] = [
  ['one, as a dense model', 1, {}],
  ['two, a cache per expert', 2, { cache: 'expert' }],
  ['two, a shared cache', 2, { cache: 'shared' }],
  [
    'three, two used, in every second block, a shared cache',
    3,
    { cache: 'shared', expertsUsed: 2, attention: 2, interval: 2 },
  ],
  ['two, attention averaged', 2, { attention: 'average' }],
];

describe('upcycling equal dense models of the architecture chorus keeps their outputs:', () => {
  let folder: string;
  let device: Device;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-upcycle-again-'));
    device = new Device('cpu', { threads: 2 });
  });
  after(async () => {
    device[Symbol.dispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const logits = async (file: string): Promise<Float32Array> => {
    using network = await openNetwork(file, {
      placement: onOneDevice(device),
      capacityTokens: CONTEXT_TOKENS,
      cacheType: 'F32',
    });
    return await network.logits(tokens, { chunkTokens: tokens.length });
  };

  for (const [blocks, keys] of Object.entries(inputs)) {
    for (const hasBias of [true, false]) {
      for (const [name, copies, changes] of recipes) {
        it(`${blocks} ${hasBias ? 'with' : 'without'} biases, ${name}`, async () => {
          const models = Array.from({ length: copies }, (_, index) => path.join(folder, `input-${index}.gguf`));
          const [source, ...others] = models as [string, ...string[]];
          await writeTinyModel(source, {
            variant: 'chorus',
            type: 'F32',
            device,
            vocabulary: tinyVocabulary(),
            keys: { ...keys, ...sizes },
            omit: hasBias ? [] : ['.bias'],
          });
          for (const other of others) await copyFile(source, other);
          const outputPath = path.join(folder, 'mixture.gguf');
          const { experts } = await upcycle(upcycleParams(models, outputPath, changes));
          assert.equal(experts, copies);
          const { metadata } = await readGgufHeader(outputPath);
          assert.equal(metadata.get('chorus.block_kind'), (keys['block_kind'] as { value: string }).value);
          const expected = await logits(source);
          const rows = tokens.map((_, row) => expected.subarray(row * TINY_VOCABULARY, (row + 1) * TINY_VOCABULARY));
          const { normalisedSquaredError, argmaxDisagreements } = compareLogits(
            await logits(outputPath),
            rows,
            TINY_VOCABULARY,
          );
          assert.ok(normalisedSquaredError <= 1e-9, `normalised squared error ${normalisedSquaredError}`);
          assert.deepEqual(argmaxDisagreements, []);
        });
      }
    }
  }
});
