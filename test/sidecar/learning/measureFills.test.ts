import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { LocalEngine } from '../../../sidecar/engine/localEngine.ts';
import { measureFills } from '../../../sidecar/learning/measureFills.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

const CONTEXT_TOKENS = 512;
const line = (index: number): string => `let a${index} = f(${index});`;
const lines = (count: number): string => Array.from({ length: count }, (_, index) => line(index)).join('\n');

describe('measuring how a model fills windows', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fills-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('leaves out windows that the context cannot hold', async () => {
    const modelPath = path.join(folder, 'tiny.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, {
      ...{ variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary(), omit: ['.bias'] },
      keys: { block_count: { type: 'u32', value: 1 }, context_length: { type: 'u32', value: CONTEXT_TOKENS } },
    });
    const engine = new LocalEngine({ log: () => undefined });
    try {
      const model = await engine.load({
        ...{ modelPath, engine: 'chorus', device: 'cpu', threads: 1, contextSizeTokens: CONTEXT_TOKENS },
      });
      const windows = [4, 400, 2].map((count, index) => ({
        ...{ path: `${index}.ts`, prefix: `${lines(100)}\n`, middle: lines(count), suffix: '' },
      }));
      const scores = await measureFills(windows, { engine, model, uriOf: (file) => `file:///${file}` });
      assert.deepEqual(
        scores.map((score) => [score.path, score.lines]),
        [
          ['0.ts', 4],
          ['2.ts', 2],
        ],
      );
    } finally {
      await engine.dispose();
    }
  });
});
