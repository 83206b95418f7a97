import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../../sidecar/engine/localEngine.ts';
import { INCLUDES_KEY, readAdapterFile } from '../../../../sidecar/models/adapters/adapterFile.ts';
import { openAdapters } from '../../../../sidecar/models/adapters/openAdapters.ts';
import { checkModel, openNetwork, type CheckedModel } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import type { LoadedModel } from '../../../../sidecar/protocol/engine.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { writeMerged, writeTinyAdapter } from '../../../reference/tinyAdapters.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const tokens = Array.from({ length: 40 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
const MIXTURE = { experts: 3, expertsUsed: 0 };

describe('The experts that belong to a model', () => {
  let folder: string;
  let modelPath: string;
  let model: CheckedModel;
  const file = (name: string): string => path.join(folder, `${name}.gguf`);
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-own-experts-'));
    modelPath = file('model');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
    model = await checkModel(modelPath);
    await writeTinyAdapter(file('experts'), modelPath, { rank: 4, mixture: MIXTURE });
    await writeTinyAdapter(file('adapter'), modelPath, { rank: 4, seed: 2 });
    await writeTinyAdapter(file('foreign'), modelPath, {
      rank: 4,
      keys: { 'general.architecture': { type: 'string', value: 'qwen2' } },
    });
    await writeFile(file('damaged'), 'GGUF and no more');
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const loaded = async (experts: string, adapters: readonly string[] = []): Promise<LoadedModel> => {
    const engine = new LocalEngine({ log: () => undefined });
    try {
      return await engine.load({
        modelPath,
        experts,
        adapters,
        engine: 'chorus',
        device: 'cpu',
        threads: 1,
        contextSizeTokens: 128,
      });
    } finally {
      await engine.dispose();
    }
  };

  it('are loaded with it, before the adapters that the user chose', async () => {
    const { adapters, engineLimits } = await loaded(file('experts'), [file('adapter')]);
    assert.deepEqual(adapters, [
      { name: 'Tiny adapter 1', path: file('experts'), experts: 3, isOwn: true },
      { name: 'Tiny adapter 2', path: file('adapter'), experts: 1 },
    ]);
    assert.deepEqual(engineLimits, []);
  });

  it('change the model as changed by an adapter', async () => {
    await writeMerged(file('merged'), modelPath, file('adapter'), 1);
    using device = new Device('cpu', { threads: 2 });
    const logits = async (of: string, adapters: readonly string[]): Promise<Float32Array> => {
      using network = await openNetwork(of, { placement: onOneDevice(device), capacityTokens: 128, adapters });
      return await network.logits(tokens, { chunkTokens: 16 });
    };
    const both = await logits(modelPath, [file('experts'), file('adapter')]);
    const expected = await logits(file('merged'), [file('experts')]);
    const rows = tokens.map((_, row) => expected.subarray(row * TINY_VOCABULARY, (row + 1) * TINY_VOCABULARY));
    const { normalisedSquaredError, argmaxDisagreements } = compareLogits(both, rows, TINY_VOCABULARY);
    assert.ok(normalisedSquaredError <= 1e-6, `${normalisedSquaredError}`);
    assert.deepEqual(argmaxDisagreements, []);
  });

  const bad: Readonly<Record<string, RegExp>> = {
    missing: /missing\.gguf/,
    damaged: /damaged\.gguf/,
    foreign: /foreign\.gguf .*it is for the architecture "qwen2", but the model has "llama"/,
  };
  for (const [name, reason] of Object.entries(bad))
    it(`leave the model to itself if their file is ${name}, with one line that says why`, async () => {
      const { adapters, engineLimits } = await loaded(file(name));
      assert.equal(adapters, undefined);
      assert.equal(engineLimits.length, 1);
      assert.match(engineLimits[0] as string, reason);
    });

  it('are left out if an adapter’s training began with them', async () => {
    const { key } = await readAdapterFile(file('experts'));
    await writeTinyAdapter(file('further'), modelPath, {
      rank: 4,
      seed: 3,
      keys: { [INCLUDES_KEY]: { type: 'string', value: `${key} ${'0'.repeat(64)}` } },
    });
    const { used, refused } = await openAdapters([file('further')], model, file('experts'));
    assert.deepEqual([used.map((each) => each.path), refused], [[file('further')], []]);
  });

  it('are not joined with the routers of another mixture', async () => {
    await writeTinyAdapter(file('other'), modelPath, { rank: 4, mixture: MIXTURE, seed: 4 });
    const { used, refused } = await openAdapters([file('other')], model, file('experts'));
    assert.deepEqual(
      used.map((each) => each.path),
      [file('other')],
    );
    assert.match(refused.join(), /experts\.gguf .*it has routers, and so has other\.gguf: use one of the two/);
  });
});
