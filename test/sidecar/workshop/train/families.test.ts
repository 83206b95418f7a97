import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import type { GgufEntry } from '../../../../sidecar/models/gguf/content.ts';
import { modelFromFile } from '../../../../sidecar/workshop/train/trainedModel.ts';
import { checkNetworkGradients } from '../../../reference/networkGradients.ts';
import { tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

/** Small, since each parameter is changed and the whole network computed again. */
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const keys = {
  block_count: count(2),
  embedding_length: count(32),
  feed_forward_length: count(32),
  'attention.head_count': count(2),
  'attention.head_count_kv': count(1),
  expert_feed_forward_length: count(32),
  'rope.dimension_count': count(16),
};

describe('a training from a model of another family than Llama', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-families-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  // `mistral3` has positions in its graph that no derivative passes through.
  for (const variant of ['granite', 'mistral3'])
    it(`has gradients that equal central finite differences: ${variant}`, async () => {
      await checkNetworkGradients(await modelFromFile(await write(variant)));
    });

  for (const [variant, says] of [
    ['gemma3', /sliding attention \(gemma3\)/],
    ['glm4moe', /mixture of experts of a kind that can't be trained \(glm4moe\)/],
  ] as const)
    it(`refuses ${variant}`, async () => {
      await assert.rejects(
        modelFromFile(await write(variant)),
        (error: TroubleError) => error.code === 'unsupported-model' && says.test(error.message),
      );
    });

  for (const variant of ['granitehybrid', 'qwen35'])
    it(`refuses ${variant}`, async () => {
      await assert.rejects(
        modelFromFile(await write(variant, {})),
        (error: TroubleError) =>
          error.code === 'unsupported-model' && error.message.includes(`has recurrent blocks (${variant})`),
      );
    });

  async function write(variant: string, sizes: Parameters<typeof writeTinyModel>[1]['keys'] = keys): Promise<string> {
    using device = new Device('cpu', { threads: 1 });
    const file = path.join(folder, `${variant}.gguf`);
    await writeTinyModel(file, { variant, type: 'F32', device, vocabulary: tinyVocabulary(), keys: sizes });
    return file;
  }
});
