import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../kernels/ggml/device.ts';
import { LibLlama } from '../../../sidecar/models/llamaCpp/libLlama.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { repeatedState } from './repeatedState.ts';

describe("repeatedState of llama.cpp's state", () => {
  const tokens = Array.from({ length: 48 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);
  let folder: string;
  let modelPath: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-state-'));
    modelPath = path.join(folder, 'tiny.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, { variant: 'llama', type: 'F32', device, vocabulary: tinyVocabulary() });
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const flashAttention of [true, false]) {
    const open = (): LibLlama =>
      new LibLlama(modelPath, { contextSizeTokens: 256, threads: 1, flashAttention, quiet: true });
    const name = flashAttention ? 'with flash attention' : 'without flash attention';

    it(`once continues as before, ${name}`, () => {
      using read = open();
      read.decode(tokens, 0, { read: false });
      const state = read.state();
      assert.deepEqual(Buffer.from(repeatedState(state, 1)), Buffer.from(state));
      using restored = open();
      restored.restore(repeatedState(state, 1));
      assert.deepEqual(restored.decode([7], tokens.length), read.decode([7], tokens.length));
    });

    it(`three times holds three times the tokens, and can be cut and continued, ${name}`, () => {
      using llama = open();
      llama.decode(tokens, 0, { read: false });
      const state = llama.state();
      llama.restore(repeatedState(state, 3));
      const [deep] = llama.decode([7], 3 * tokens.length);
      assert.ok(deep?.every(Number.isFinite));
      llama.truncate(tokens.length);
      const [again] = llama.decode([7], tokens.length);
      llama.restore(state);
      assert.deepEqual(again, llama.decode([7], tokens.length)[0]);
      assert.notDeepEqual(deep, again);
    });
  }

  it('refuses another layout', () => {
    using llama = new LibLlama(modelPath, { contextSizeTokens: 256, threads: 1, quiet: true });
    llama.decode(tokens, 0, { read: false });
    assert.throws(() => repeatedState(llama.state().subarray(0, -4), 2), RangeError);
  });
});
