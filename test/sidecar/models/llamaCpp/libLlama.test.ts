import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { LibLlama } from '../../../../sidecar/models/llamaCpp/libLlama.ts';
import { writeTinyModel } from '../../../reference/tinyModels.ts';

const SIZES = { contextSizeTokens: 64, threads: 1, quiet: true };
/** ggml's number of Q8_0. */
const Q8_0 = 8;

let folder: string;
let model: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-libllama-'));
  model = path.join(folder, 'model.gguf');
  using device = new Device('cpu', { threads: 1 });
  await writeTinyModel(model, { variant: 'llama', type: 'Q8_0', device });
});
after(() => rm(folder, { recursive: true, force: true }));

/** Returns whether this process has mapped the model's file into its memory. */
async function isMapped(): Promise<boolean> {
  return (await readFile('/proc/self/maps', 'utf8')).includes(model);
}

describe('LibLlama', { skip: process.platform !== 'linux' && 'only Linux lists mapped files' }, () => {
  it('holds its model in memory until it is disposed of', async () => {
    {
      using llama = new LibLlama(model, SIZES);
      assert.deepEqual([await isMapped(), llama.decode([1], 0).length], [true, 1]);
    }
    assert.equal(await isMapped(), false);
  });

  it('holds no model if no context can be made', async () => {
    // libllama reads quantised values only with flash attention.
    const impossible = { ...SIZES, keyValueType: Q8_0, flashAttention: false };
    assert.throws(() => new LibLlama(model, impossible), /could not create a context/);
    assert.equal(await isMapped(), false);
  });

  it('holds no model if the adapter cannot be loaded', async () => {
    const adapter = path.join(folder, 'gone.gguf');
    assert.throws(() => new LibLlama(model, { ...SIZES, adapter }), /could not load the adapter .*gone\.gguf/);
    assert.equal(await isMapped(), false);
  });
});
