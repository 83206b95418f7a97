import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../kernels/ggml/device.ts';
import { openChorusModel } from '../../../../sidecar/models/chorus/openChorusModel.ts';
import { openDevice } from '../../../../sidecar/models/llamaCpp/device.ts';
import { inspectModelFile } from '../../../../sidecar/models/modelFile.ts';
import { compareLogits } from '../../../reference/compareLogits.ts';
import '../../../reference/lavapipe.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const CONTEXT_TOKENS = 32_768;
/** Keys and values in float16 of 4 blocks with 2 KV heads of 64. */
const TOKEN_BYTES = 4 * 2 * 2 * 64 * 2;
/** A plan adds 384 MB for the system, code and tables. */
const [LARGE_BYTES, SMALL_BYTES] = [4e9, 450e6];
const prompt = Array.from({ length: 260 }, (_, index) => (index * 7_919 + 3 * index * index + 39) % TINY_VOCABULARY);

describe(`openChorusModel with tiers on ${kind}`, { skip: kind === 'cpu' && 'there is no GPU' }, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-open-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Returns the logits on a GPU with so much free memory, and the plan. */
  async function answered(
    modelPath: string,
    freeBytes: number,
  ): Promise<{
    readonly logits: readonly Float32Array[];
    readonly contextSizeTokens: number;
    readonly limits: readonly string[];
    readonly gpuBytes: number;
  }> {
    const device = await openDevice(kind, { threads: 1, log: () => undefined });
    device.llama.getVramState = async () => ({ total: freeBytes, used: 0, free: freeBytes, unifiedSize: 0 });
    const params = {
      modelPath,
      engine: 'chorus',
      device: kind,
      threads: 1,
      contextSizeTokens: CONTEXT_TOKENS,
      cache: 'tiered:64,page=16,window=32,block=32,heads=40',
      headNeedsFile: path.join(folder, 'headNeeds.json'),
    } as const;
    const model = await openChorusModel({
      params,
      file: await inspectModelFile(modelPath),
      device,
      threads: 1,
      logLines: () => [],
    });
    const evaluator = model.evaluator();
    await evaluator.readPrompt?.(prompt);
    const logits: Float32Array[] = [];
    for (const token of [1, 2, 3, 4, 5, 6]) logits.push((await evaluator.evaluate([token], 'last')).slice());
    return {
      logits,
      contextSizeTokens: evaluator.contextSizeTokens,
      limits: model.limits,
      gpuBytes: model.deviceMemoryBytes(),
    };
  }

  it('keeps contexts in main memory if the GPU has no room, reports that, and gives the same answers', async () => {
    const file = path.join(folder, 'model.gguf');
    using cpu = new Device('cpu', { build: kind });
    await writeTinyModel(file, {
      variant: 'llama',
      type: 'F32',
      device: cpu,
      vocabulary: tinyVocabulary(),
      keys: { context_length: { type: 'u32', value: CONTEXT_TOKENS } },
    });
    const [small, large] = [await answered(file, SMALL_BYTES), await answered(file, LARGE_BYTES)];
    assert.deepEqual([small.contextSizeTokens, large.contextSizeTokens], [CONTEXT_TOKENS, CONTEXT_TOKENS]);
    assert.deepEqual(large.limits, []);
    assert.match(small.limits.join(), /holds the model and the attended rows\. All rows, .*are kept in main memory/);
    assert.ok(
      large.gpuBytes - small.gpuBytes >= 0.9 * TOKEN_BYTES * CONTEXT_TOKENS,
      `${small.gpuBytes} and ${large.gpuBytes} bytes on the GPU`,
    );
    const errors = small.logits.map(
      (row, index) => compareLogits(row, [large.logits[index] as Float32Array], TINY_VOCABULARY).normalisedSquaredError,
    );
    assert.ok(
      errors.every((error) => error <= 1e-3),
      `normalised squared errors of ${errors.join(', ')}`,
    );
  });
});
