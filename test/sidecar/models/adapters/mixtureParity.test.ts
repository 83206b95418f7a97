import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import type { MixtureForm } from '../../../../sidecar/models/adapters/expertMixture.ts';
import { openNetwork, type OpenedNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { writeCertainMixture } from '../../../reference/certainMixture.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { plainLlamaLogits } from '../../../reference/plainLlama.ts';
import { plainMixture } from '../../../reference/plainMixture.ts';
import { readTensors } from '../../../reference/readTensors.ts';
import { writeTinyAdapter } from '../../../reference/tinyAdapters.ts';
import { TINY_LLAMA, TINY_VOCABULARY, tinyVariants, writeTinyModel } from '../../../reference/tinyModels.ts';

const many = Array.from({ length: 40 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
/** The device of the comparison with plain loops. */
const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const EXPERTS = 3;
const RANK = 4;
const SCALE = 1.5;

describe('A mixture of low-rank experts', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-low-rank-mixture-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const opened = (
    device: Device,
    model: string,
    adapters: readonly string[],
    layout: 'rows' | 'transposed',
  ): Promise<OpenedNetwork> =>
    openNetwork(model, { placement: onOneDevice(device), capacityTokens: 256, layout, adapters });

  /** Where experts are chosen, a gap between gates must be larger than rounding. Few tokens have no closer ones. */
  const cases: readonly { form: MixtureForm; rank: number; expertsUsed: number; tokens: number[]; seed: number }[] = [
    { form: 'projections', rank: RANK, expertsUsed: 0, tokens: many, seed: 1 },
    { form: 'projections', rank: RANK, expertsUsed: 1, tokens: many.slice(0, 8), seed: 5 },
    { form: 'projections', rank: RANK, expertsUsed: 2, tokens: many.slice(0, 8), seed: 4 },
    { form: 'attention', rank: RANK, expertsUsed: 0, tokens: many, seed: 1 },
    { form: 'attention', rank: RANK, expertsUsed: 2, tokens: many.slice(0, 8), seed: 12 },
    // So many ranks are not stored as columns.
    { form: 'attention', rank: 16, expertsUsed: 0, tokens: many, seed: 2 },
  ];
  for (const { form, rank, expertsUsed, tokens, seed } of cases)
    it(`weighs the ${form} of ${expertsUsed === 0 ? 'all experts' : `the best ${expertsUsed}`} of rank ${rank} as plain loops do, on ${kind}`, async () => {
      using device = new Device(kind, { threads: 2 });
      const [model, adapter] = [path.join(folder, 'llama.gguf'), path.join(folder, 'mixture.gguf')];
      await writeTinyModel(model, { variant: 'llama', type: 'F32', device, omit: ['.bias'] });
      await writeTinyAdapter(adapter, model, {
        rank,
        alpha: SCALE * rank,
        mixture: { experts: EXPERTS, expertsUsed, form },
        seed,
      });
      const weights = await readTensors(model);
      const plain = plainMixture(await readTensors(adapter), {
        experts: EXPERTS,
        expertsUsed,
        scale: SCALE,
        isAttention: form === 'attention',
      });
      const expected = plainLlamaLogits(
        TINY_LLAMA,
        weights,
        tokens,
        tokens.map(() => 0),
        plain.hooks,
      );
      assert.ok(plain.leastGap() > 0.003, `two gates differ by ${plain.leastGap()}`);
      for (const layout of kind === 'cpu' ? (['rows', 'transposed'] as const) : (['rows'] as const)) {
        using network = await opened(device, model, [adapter], layout);
        for (const chunkTokens of [tokens.length, 7, 1]) {
          const { normalisedSquaredError } = compareLogits(
            await network.logits(tokens, { chunkTokens }),
            expected.map((row) => Float32Array.from(row)),
            TINY_VOCABULARY,
          );
          assert.ok(normalisedSquaredError <= 1e-5, `${layout}, ${chunkTokens}: ${normalisedSquaredError}`);
        }
      }
    });

  for (const [variant, form] of [
    ['qwen2', 'projections'],
    ['command-r', 'projections'],
    ['gemma3', 'projections'],
    ['qwen3moe', 'projections'],
    ['qwen2', 'attention'],
    ['command-r', 'attention'],
  ] as const)
    it(`gives the last token of ${variant} the gates of that token (${form})`, async () => {
      using device = new Device('cpu', { threads: 2 });
      const [model, adapter] = [path.join(folder, `${variant}.gguf`), path.join(folder, `${variant}.mixture.gguf`)];
      await writeTinyModel(model, { variant, type: 'F32', device });
      await writeTinyAdapter(adapter, model, { rank: RANK, mixture: { experts: EXPERTS, expertsUsed: 0, form } });
      using network = await opened(device, model, [adapter], 'rows');
      const all = await network.logits(many, { chunkTokens: many.length });
      network.sequence.truncate(0);
      const last = await network.network.evaluate(network.sequence, many, 'last');
      const { normalisedSquaredError } = compareLogits(last, [all.subarray(-TINY_VOCABULARY)], TINY_VOCABULARY);
      assert.ok(normalisedSquaredError <= 1e-9, `${normalisedSquaredError}`);
      using base = await opened(device, model, [], 'rows');
      assert.notDeepEqual(await base.logits(many, { chunkTokens: many.length }), all);
    });

  for (const variant of tinyVariants)
    it(`attends in ${variant} as the adapter whose gates are one`, async () => {
      using device = new Device('cpu', { threads: 2 });
      const [model, adapter, mixture] = ['model', 'adapter', 'certain'].map((name) =>
        path.join(folder, `${variant}.${name}.gguf`),
      ) as [string, string, string];
      await writeTinyModel(model, { variant, type: 'F32', device });
      await writeTinyAdapter(adapter, model, { rank: RANK, alpha: 2 * RANK });
      await writeCertainMixture(mixture, model, adapter, 'attention');
      using alone = await opened(device, model, [adapter], 'rows');
      using mixed = await opened(device, model, [mixture], 'rows');
      const expected = await alone.logits(many, { chunkTokens: 16 });
      const { normalisedSquaredError } = compareLogits(
        await mixed.logits(many, { chunkTokens: 16 }),
        rowsOf(expected),
        TINY_VOCABULARY,
      );
      assert.ok(normalisedSquaredError <= 1e-6, `${normalisedSquaredError}`);
    });
});

const rowsOf = (logits: Float32Array): Float32Array[] =>
  many.map((_, row) => logits.subarray(row * TINY_VOCABULARY, (row + 1) * TINY_VOCABULARY));
