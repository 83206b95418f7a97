import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../kernels/ggml/types.ts';
import { checkModel } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { inspectModelFile } from '../../../sidecar/models/modelFile.ts';
import { readGgufHeader } from '../../../sidecar/models/gguf/header.ts';
import type { UpcycleParams } from '../../../sidecar/workshop/protocol.ts';
import { upcycle } from '../../../sidecar/workshop/upcycle/upcycle.ts';
import { tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';
import { cutExpert } from './withoutExpert.ts';

let folder: string;
const inputs: string[] = [];

before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-cut-'));
  using device = new Device('cpu', { threads: 1 });
  for (const seed of [1, 2, 3]) {
    const file = path.join(folder, `${seed}.gguf`);
    await writeTinyModel(file, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      seed,
      omit: ['.bias'],
    });
    inputs.push(file);
  }
});
after(() => rm(folder, { recursive: true, force: true }));

async function mixture(models: readonly string[], cache: UpcycleParams['cache'], interval = 1): Promise<string> {
  const outputPath = path.join(folder, `mixture-${models.length}-${cache}-${interval}.gguf`);
  await upcycle({
    modelPaths: models,
    outputPath,
    dense: false,
    cache,
    expertsUsed: 1,
    gateMode: 'renormalised',
    attention: 'soft',
    interval,
    gates: { kind: 'random', seed: 1 },
  });
  return outputPath;
}

async function tensor(file: string, name: string): Promise<{ shape: readonly number[]; values: Float32Array }> {
  const header = await readGgufHeader(file);
  const found = header.tensors.find((candidate) => candidate.name === name);
  assert.ok(found, `${file} has no ${name}`);
  const start = header.dataOffsetBytes + found.offsetBytes;
  return {
    shape: found.shape,
    values: toFloat32(found.type as TensorType, (await readFile(file)).subarray(start, start + found.sizeBytes)),
  };
}

describe('cutExpert', () => {
  for (const cache of ['expert', 'shared'] as const) {
    for (const expert of [0, 1]) {
      it(`leaves the other of two experts with a cache "${cache}", as it was before upcycling (${expert} cut)`, async () => {
        const output = path.join(folder, 'cut.gguf');
        await cutExpert(await mixture(inputs.slice(0, 2), cache), expert, output);
        await inspectModelFile(output);
        const { hyperparameters } = await checkModel(output);
        assert.equal(hyperparameters.mixture, undefined);
        assert.equal(hyperparameters.attentionMixture, undefined);
        const own = [
          'attn_q',
          'attn_output',
          'ffn_gate',
          'ffn_up',
          'ffn_down',
          ...(cache === 'expert' ? ['attn_k', 'attn_v'] : []),
        ];
        for (const name of own)
          assert.deepEqual(
            await tensor(output, `blk.1.${name}.weight`),
            await tensor(inputs[1 - expert] as string, `blk.1.${name}.weight`),
            name,
          );
      });
    }
  }

  it('leaves blocks without experts unchanged', async () => {
    const output = path.join(folder, 'cut.gguf');
    const whole = await mixture(inputs.slice(0, 2), 'shared', 2);
    await cutExpert(whole, 0, output);
    await checkModel(output);
    for (const name of ['attn_q', 'attn_output', 'ffn_down'])
      assert.deepEqual(await tensor(output, `blk.0.${name}.weight`), await tensor(whole, `blk.0.${name}.weight`), name);
    assert.deepEqual(
      await tensor(output, 'blk.1.attn_q.weight'),
      await tensor(inputs[1] as string, 'blk.1.attn_q.weight'),
    );
  });

  it('leaves the mixture of the other two of three experts', async () => {
    const output = path.join(folder, 'cut.gguf');
    await cutExpert(await mixture(inputs, 'shared'), 1, output);
    const { hyperparameters } = await checkModel(output);
    assert.equal(hyperparameters.mixture?.experts, 2);
    assert.equal(hyperparameters.attentionMixture?.experts, 2);
    const two = await mixture([inputs[0] as string, inputs[2] as string], 'shared');
    for (const name of ['attn_q', 'attn_output', 'ffn_gate_exps', 'ffn_down_exps'])
      assert.deepEqual(await tensor(output, `blk.0.${name}.weight`), await tensor(two, `blk.0.${name}.weight`), name);
  });
});
