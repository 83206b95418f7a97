import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { readTensors } from '../../../reference/readTensors.ts';
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
  let mixture: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-adapter-cache-'));
    [base, adapter, merged, mixture] = ['base', 'adapter', 'merged', 'mixture'].map((name) =>
      path.join(folder, `${name}.gguf`),
    ) as [string, string, string, string];
    using device = new Device('cpu', { threads: 1 });
    const keys = { context_length: { type: 'u32', value: 2_048 } } as const;
    await writeTinyModel(base, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), keys });
    await writeTinyAdapter(adapter, base, { rank: RANK, alpha: RANK / 2 });
    await writeMerged(merged, base, adapter, 0.5);
    await writeCertainMixture(mixture, base, adapter);
    engine = new LocalEngine({ log: () => undefined });
  });
  after(async () => {
    await engine.dispose();
    await rm(folder, { recursive: true, force: true });
  });

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

  for (const cache of ['full', 'snapkv:64', 'tiered:64'])
    it(`by a mixture whose gates are one for that adapter, with the cache ${cache}`, async () => {
      const actual = await answer(base, [mixture], cache);
      assert.deepEqual(actual, await answer(merged, [], cache));
    });

  for (const cache of ['full', 'snapkv:64', 'kvzip:64', 'tiered:64'])
    it(`with the cache ${cache}`, async () => {
      const actual = await answer(base, [adapter], cache);
      assert.equal(actual.length, ANSWER_TOKENS);
      assert.deepEqual(actual, await answer(merged, [], cache));
      assert.notDeepEqual(actual, await answer(base, [], cache));
    });
});

/**
 * Writes a mixture of two experts that equal an adapter. The scores of the two are opposite numbers far from 0, the
 * score of the model alone. So the gates of the two add up to 1 for every token.
 */
async function writeCertainMixture(file: string, model: string, adapter: string): Promise<void> {
  const factors = await readTensors(adapter);
  await writeTinyAdapter(file, model, {
    rank: RANK,
    alpha: RANK / 2,
    mixture: { experts: 2, expertsUsed: 0 },
    change: (name, values) => {
      const own = factors.get(name);
      if (!own) {
        const width = values.length / 3;
        return values.map((_, index) =>
          index < width ? 0 : (index < 2 * width ? 1e5 : -1e5) * (values[index % width] as number),
        );
      }
      if (name.endsWith('.lora_a')) return Float32Array.from([...own, ...own]);
      return Float32Array.from(
        { length: 2 * own.length },
        (_, index) => own[Math.floor(index / (2 * RANK)) * RANK + (index % RANK)] as number,
      );
    },
  });
}
