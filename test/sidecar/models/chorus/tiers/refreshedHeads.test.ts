import assert from 'node:assert/strict';
import { access, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { refreshedHeads } from '../../../../../sidecar/models/chorus/tiers/refreshedHeads.ts';
import { LocalEngine } from '../../../../../sidecar/models/localEngine.ts';
import { HeldResources } from '../../../../reference/heldResources.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** A token a character. */
const text = { tokenize: (words: string): number[] => Array.from(words, (character) => (character.codePointAt(0) as number) % TINY_VOCABULARY).slice(0, 1_500) };

describe(`the heads that choose while an answer goes on, on ${kind}`, () => {
  let folder: string;
  let modelPath: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-refreshed-heads-'));
    modelPath = path.join(folder, 'tiny.gguf');
    using device = new Device(kind, { threads: 1 });
    await writeTinyModel(modelPath, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), omit: ['.bias'], keys: { context_length: { type: 'u32', value: 4_096 } } });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('are measured once and kept, as many as are wanted', async () => {
    using resources = new HeldResources(kind);
    const device = resources.use(new Device(kind, { threads: 2 }));
    const { network, model } = resources.use(await openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens: 256 }));
    const file = path.join(folder, 'headNeeds.json');
    const of = async (percent: number | undefined, contextSizeTokens = 4_096, signal?: AbortSignal): ReturnType<typeof refreshedHeads> => refreshedHeads({ refreshedHeads: percent === undefined ? undefined : { percent, othersTokens: 64 } }, network, { text, contextSizeTokens, file, modelKey: 'tiny', signal });
    const countOf = (runs: Awaited<ReturnType<typeof refreshedHeads>>): number | undefined => runs?.flat().reduce((sum, { count }) => sum + count, 0);
    assert.equal(await of(undefined), undefined);
    // All, too, where the context is too short to tell.
    assert.equal(await of(50, 1_000), undefined);
    await assert.rejects(access(file));
    const all = countOf(await of(100)) as number;
    const ended = AbortSignal.abort(new Error('measured again'));
    assert.equal((await of(50, 4_096, ended))?.length, model.hyperparameters.blockCount);
    assert.equal(countOf(await of(50, 4_096, ended)), all / 2);
    await assert.rejects(of(50, 1_400, ended), { message: 'measured again' });
  });

  it('are found when a model is loaded whose contexts are attended in part', async () => {
    const engine = new LocalEngine({ log: () => undefined });
    try {
      const load = async (cache: string, headNeedsFile: string): Promise<unknown> => engine.load({ modelPath, engine: 'chorus', device: kind, threads: 1, contextSizeTokens: 4_096, cache, headNeedsFile });
      const file = path.join(folder, 'loaded.json');
      for (const cache of ['full', 'snapkv:256', 'tiered:256,heads=100']) await load(cache, file);
      await assert.rejects(access(file));
      await load('tiered:256', file);
      await access(file);
      await load('tiered:256', path.join(folder, 'none', 'headNeeds.json'));
    } finally {
      await engine.dispose();
    }
  });
});
