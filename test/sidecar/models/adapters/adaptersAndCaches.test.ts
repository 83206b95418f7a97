import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { MIXTURE_FORMS, type MixtureForm } from '../../../../sidecar/models/adapters/expertMixture.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { writeCertainMixture } from '../../../reference/certainMixture.ts';
import { writeMerged, writeTinyAdapter } from '../../../reference/tinyAdapters.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

/** Long enough that caches choose rows. */
const PROMPT = Array.from({ length: 700 }, (_, index) => 97 + ((index * 31 + (index >> 4) * 7) % 26));
const ANSWER_TOKENS = 24;
const RANK = 8;

describe('A model with an adapter answers like the model with merged weights', () => {
  let folder: string;
  let engine: LocalEngine;
  let base: string;
  let adapter: string;
  let merged: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-adapter-cache-'));
    [base, adapter, merged] = ['base', 'adapter', 'merged'].map((name) => path.join(folder, `${name}.gguf`)) as [
      string,
      string,
      string,
    ];
    using device = new Device('cpu', { threads: 1 });
    const keys = { context_length: { type: 'u32', value: 2_048 } } as const;
    await writeTinyModel(base, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), keys });
    await writeTinyAdapter(adapter, base, { rank: RANK, alpha: RANK / 2 });
    await writeMerged(merged, base, adapter, 0.5);
    for (const form of MIXTURE_FORMS) await writeCertainMixture(mixtureOf(form), base, adapter, form);
    engine = new LocalEngine({ log: () => undefined });
  });
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  const mixtureOf = (form: MixtureForm): string => path.join(folder, `mixture-${form}.gguf`);

  async function answer(modelPath: string, adapters: readonly string[], cache: string): Promise<readonly number[]> {
    await engine.load({
      modelPath,
      engine: 'chorus',
      device: 'cpu',
      threads: 2,
      contextSizeTokens: 1_024,
      cache,
      adapters,
    });
    const { tokens } = await engine.generate(
      {
        sequence: 'one',
        tokens: PROMPT,
        maxTokens: ANSWER_TOKENS,
        sampling: { temperature: 0 },
        priority: 'chat',
      },
      {},
    );
    return tokens;
  }

  for (const form of MIXTURE_FORMS)
    for (const cache of ['full', 'snapkv:64', 'tiered:64'])
      it(`by a mixture of ${form} whose gates are one for that adapter, with the cache ${cache}`, async () => {
        const actual = await answer(base, [mixtureOf(form)], cache);
        assert.deepEqual(actual, await answer(merged, [], cache));
      });

  it('by a mixture of attention, with the cache snapkv:64,values=critical', async () => {
    const cache = 'snapkv:64,values=critical';
    assert.equal((await answer(base, [mixtureOf('attention')], cache)).length, ANSWER_TOKENS);
  });

  for (const cache of ['full', 'snapkv:64', 'kvzip:64', 'tiered:64'])
    it(`with the cache ${cache}`, async () => {
      const actual = await answer(base, [adapter], cache);
      assert.equal(actual.length, ANSWER_TOKENS);
      assert.deepEqual(actual, await answer(merged, [], cache));
      assert.notDeepEqual(actual, await answer(base, [], cache));
    });
});
