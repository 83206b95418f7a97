import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import { Device, type DeviceKind } from '../../kernels/ggml/device.ts';
import { defaultAdamW } from '../../kernels/training/optimiser/adamWOptions.ts';
import type { TrainOptions } from '../../sidecar/workshop/train/options.ts';
import { tinyVocabulary, writeTinyModel } from './tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as Exclude<DeviceKind, 'metal'>;

/**
 * Writes six small texts, which a small network learns quickly, and a tokenizer for them to `folder`. Returns options
 * for training on them.
 */
export async function tinyTraining(folder: string, changes: Partial<TrainOptions> = {}): Promise<TrainOptions> {
  const modelPath = path.join(folder, 'tiny.gguf');
  using device = new Device('cpu', { build: kind, threads: 1 });
  await writeTinyModel(modelPath, { variant: 'llama', type: 'Q8_0', device, vocabulary: tinyVocabulary() });
  const data = path.join(folder, 'data');
  await mkdir(data);
  for (let file = 0; file < 6; file++) {
    const lines = Array.from(
      { length: 12 },
      (_, line) => `const value${(line * 7 + file) % 10} = compute(${(line + file) % 5}); // step ${line}`,
    );
    await writeFile(path.join(data, `${file}.ts`), `${lines.join('\n')}\n`);
  }
  return {
    modelPath,
    scratch: { width: 32, blocks: 2, heads: 4, kvHeads: 2, feedForwardWidth: 64 },
    dataPaths: [data],
    maxFileBytes: 100_000,
    outputPath: path.join(folder, 'trained.gguf'),
    checkpointFolder: path.join(folder, 'checkpoints'),
    checkpointSteps: 4,
    resume: true,
    sequenceTokens: 32,
    batchSequences: 4,
    microSequences: 2,
    precision: 'f32',
    freeze: [],
    schedule: { kind: 'cosine', peakRate: 0.01, floorShare: 0.1, warmUpSteps: 3, totalSteps: 12, decayShare: 0.2 },
    optimiser: defaultAdamW,
    routerLoss: { balance: 0.01, z: 0.001 },
    fimShare: 0.5,
    fimLoss: 'all',
    seed: 1,
    device: kind,
    threads: 1,
    ...changes,
  };
}
