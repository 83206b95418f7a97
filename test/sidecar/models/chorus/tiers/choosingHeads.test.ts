import assert from 'node:assert/strict';
import { access, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { parseCacheChoice } from '../../../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { openNetwork, type OpenedNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { ChoosingHeads } from '../../../../../sidecar/models/chorus/tiers/choosingHeads.ts';
import type { HeadRuns } from '../../../../../sidecar/models/chorus/tiers/headRuns.ts';
import type { TierOptions } from '../../../../../sidecar/models/chorus/tiers/tierOptions.ts';
import { LocalEngine } from '../../../../../sidecar/engine/localEngine.ts';
import { HeldResources } from '../../../../reference/heldResources.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const CONTEXT_TOKENS = 4_096;
/** A token per character. */
const text = {
  tokenize: (words: string): number[] =>
    Array.from(words, (character) => (character.codePointAt(0) as number) % TINY_VOCABULARY).slice(0, 1_500),
  special: { addBos: true, bos: 1, endOfGeneration: [] },
};
const tierOf = (cache: string): TierOptions => parseCacheChoice(cache).tier as TierOptions;
const countOf = (runs: HeadRuns | undefined): number | undefined =>
  runs?.flat().reduce((sum, { count }) => sum + count, 0);

describe(`ChoosingHeads on ${kind}`, () => {
  let folder: string;
  let modelPath: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-choosing-heads-'));
    modelPath = path.join(folder, 'tiny.gguf');
    using device = new Device(kind, { threads: 1 });
    await writeTinyModel(modelPath, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      omit: ['.bias'],
      keys: { context_length: { type: 'u32', value: CONTEXT_TOKENS } },
    });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function withNetwork(
    work: (
      opened: OpenedNetwork,
      heads: (cache: string, contextSizeTokens?: number) => Promise<ChoosingHeads | undefined>,
    ) => Promise<void>,
  ): Promise<void> {
    using resources = new HeldResources(kind);
    const device = resources.use(new Device(kind, { threads: 2 }));
    const opened = resources.use(await openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens: 256 }));
    const { hyperparameters } = opened.model;
    await work(opened, (cache, contextSizeTokens = CONTEXT_TOKENS) =>
      ChoosingHeads.of(tierOf(cache), {
        hyperparameters,
        text,
        contextSizeTokens,
        modelKey: 'tiny',
        file: path.join(folder, 'headNeeds.json'),
      }),
    );
  }

  it('are measured once and kept, the percentage that the tier asks for', () =>
    withNetwork(async ({ network, model: { hyperparameters } }, heads) => {
      const measured = await heads('tiered:64,heads=99');
      assert.equal(measured?.isMeasuring, true);
      const shares: number[] = [];
      const all = countOf(await measured.runs(network, { onProgress: (share) => shares.push(share) })) as number;
      assert.ok(
        shares.length > 10 && shares.every((share, index) => share > (shares[index - 1] ?? 0)) && shares.at(-1) === 1,
        `${shares.join(', ')} of the text are read`,
      );
      const known = await heads('tiered:64,heads=50');
      assert.equal(known?.isMeasuring, false);
      const runs = await known.runs(network, { signal: AbortSignal.abort(new Error('measured again')) });
      assert.deepEqual([runs?.length, countOf(runs)], [hyperparameters.blockCount, all / 2]);
      const shorter = await heads('tiered:64,heads=50', 1_400);
      assert.equal(shorter?.isMeasuring, true);
      await assert.rejects(shorter.runs(network, { signal: AbortSignal.abort(new Error('measured again')) }), {
        message: 'measured again',
      });
    }));

  it('are all heads if the tier says so, or if contexts are too short for a choice or for the measurement', () =>
    withNetwork(async ({ network }, heads) => {
      assert.equal(await heads('tiered:64,heads=100'), undefined);
      assert.equal(await heads('tiered:64,refresh=4'), undefined);
      assert.equal(await heads('tiered:1024', 1_168), undefined);
      const short = await heads('tiered:64', 1_343);
      assert.equal(short?.isMeasuring, false);
      assert.equal(await short.runs(network), undefined);
    }));

  it('are measured when a model is loaded with a tiered cache', async () => {
    const engine = new LocalEngine({ log: () => undefined });
    try {
      const file = path.join(folder, 'loaded.json');
      const load = async (cache: string, contextSizeTokens = CONTEXT_TOKENS): Promise<number[]> => {
        const shares: number[] = [];
        await engine.load(
          { modelPath, engine: 'chorus', device: kind, threads: 1, contextSizeTokens, cache, headNeedsFile: file },
          { onProgress: (share) => shares.push(share) },
        );
        return shares;
      };
      for (const cache of ['full', 'snapkv:256', 'tiered:256,heads=100']) await load(cache);
      await assert.rejects(access(file));
      const shares = await load('tiered:64,window=16,heads=20');
      await access(file);
      assert.ok(
        shares.every((share, index) => share >= (shares[index - 1] ?? 0)) &&
          shares.some((share) => share > 0.5 && share < 1) &&
          shares.at(-1) === 1,
        `the load progressed by ${shares.join(', ')}`,
      );
      assert.ok(
        (await load('tiered:64,window=16,heads=20')).length < shares.length,
        'a kept measurement is not repeated',
      );
    } finally {
      await engine.dispose();
    }
  });
});
