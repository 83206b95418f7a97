import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { openNetwork } from '../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../sidecar/models/chorus/network/placement.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { LibLlama } from '../../../../sidecar/models/llamaCpp/libLlama.ts';
import type { UpcycleParams } from '../../../../sidecar/workshop/protocol.ts';
import { upcycle } from '../../../../sidecar/workshop/upcycle/upcycle.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';
import { upcycleParams } from './upcycleParams.ts';

const CONTEXT_TOKENS = 256;
const tokens = Array.from({ length: 60 }, (_, index) => (index * 7_919 + 13) % TINY_VOCABULARY);

let folder: string;
let device: Device;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-average-'));
  device = new Device('cpu', { threads: 2 });
});
after(async () => {
  device[Symbol.dispose]();
  await rm(folder, { recursive: true, force: true });
});

async function models(variant: string): Promise<readonly string[]> {
  const files = [1, 2].map((seed) => path.join(folder, `${variant}-${seed}.gguf`));
  for (const [index, file] of files.entries())
    await writeTinyModel(file, { variant, type: 'F32', device, vocabulary: tinyVocabulary(), seed: index + 1 });
  return files;
}

async function make(modelPaths: readonly string[], changes: Partial<UpcycleParams>): Promise<string> {
  const outputPath = path.join(folder, 'average.gguf');
  await upcycle(upcycleParams(modelPaths, outputPath, { dense: true, cache: 'shared', ...changes }));
  return outputPath;
}

async function logits(file: string): Promise<Float32Array> {
  using network = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: CONTEXT_TOKENS });
  return await network.logits(tokens, { chunkTokens: 64 });
}

describe('an average', () => {
  for (const variant of ['llama', 'qwen2', 'qwen3', 'command-r']) {
    it(`in the architecture of its models (${variant}) has the same outputs as in chorus, and llama.cpp runs it`, async () => {
      const files = await models(variant);
      const ours = await logits(await make(files, {}));
      const same = await make(files, { keepsArchitecture: true });
      assert.equal((await readGgufHeader(same)).metadata.get('general.architecture'), variant);
      assert.deepEqual(await logits(same), ours);
      using peer = new LibLlama(same, { contextSizeTokens: CONTEXT_TOKENS, threads: 2, quiet: true });
      const { meanDivergence, argmaxDisagreements } = compareLogits(
        ours,
        peer.decode(tokens, 0, { all: true }),
        TINY_VOCABULARY,
      );
      assert.ok(meanDivergence <= 1e-3, `mean divergence ${meanDivergence}`);
      assert.deepEqual(argmaxDisagreements, []);
    });
  }

  it('has the given name, and lists its base models', async () => {
    const files = await models('llama');
    const [first, named] = await Promise.all([
      readGgufHeader(files[0] as string),
      make(files, { name: 'Duet 1M', keepsArchitecture: true }).then((file) => readGgufHeader(file)),
    ]);
    const seed = first.metadata.get('general.name');
    assert.ok(typeof seed === 'string');
    const keys = ['general.name', 'general.base_model.count', 'general.base_model.0.name', 'general.base_model.1.name'];
    assert.deepEqual(
      keys.map((key) => named.metadata.get(key)),
      ['Duet 1M', 2, `${seed} (llama-1)`, `${seed} (llama-2)`],
    );
    const [before, after] = [first, named].map(({ metadata }) =>
      [...metadata].filter(([key]) => !key.startsWith('general.')),
    );
    assert.deepEqual(after, before);
  });

  it('can keep the architecture, unlike a mixture, which is refused', async () => {
    await rm(path.join(folder, 'average.gguf'), { force: true });
    const files = await models('llama');
    await assert.rejects(
      make(files, { dense: false, keepsArchitecture: true }),
      (error) =>
        error instanceof TroubleError && error.code === 'invalid-input' && /without experts/.test(error.message),
    );
    assert.ok(!(await readdir(folder)).includes('average.gguf'));
  });
});
