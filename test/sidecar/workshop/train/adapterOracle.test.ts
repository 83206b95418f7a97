import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { getLlama, type Llama, type Token } from 'node-llama-cpp';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readAdapterFile } from '../../../../sidecar/models/adapters/adapterFile.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';

/** Factors in the file have 11 bits. */
const TOLERANCE = 2e-3;
const PROMPT = [5, 17, 3, 60, 41, 9, 33, 2].map((token) => token as Token);

describe('an adapter file in libllama', () => {
  let folder: string;
  let options: TrainOptions;
  let llama: Llama;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-adapter-'));
    options = await tinyTraining(folder);
    llama = await getLlama({ gpu: false, build: 'never', skipDownload: true, maxThreads: 1 });
  });
  after(async () => {
    await llama.dispose();
    await rm(folder, { recursive: true, force: true });
  });

  /** The probability of every token behind the prompt. */
  async function probabilities(modelPath: string, lora?: string): Promise<ReadonlyMap<number, number>> {
    const model = await llama.loadModel({ modelPath, gpuLayers: 0 });
    try {
      const context = await model.createContext({ contextSize: 64, threads: 1, flashAttention: false, lora });
      const results = await context
        .getSequence()
        .controlledEvaluate(
          PROMPT.map((token, index) =>
            index === PROMPT.length - 1
              ? [token, { generateNext: { probabilities: true, options: { temperature: 1 } } }]
              : token,
          ),
        );
      return results.at(-1)?.next.probabilities as unknown as ReadonlyMap<number, number>;
    } finally {
      await model.dispose();
    }
  }

  const difference = (a: ReadonlyMap<number, number>, b: ReadonlyMap<number, number>): number =>
    Math.max(...[...a].map(([token, probability]) => Math.abs(probability - (b.get(token) ?? 0))));

  it('changes the model as the merged file does', async () => {
    // In float32, since products with other types are rounded.
    const base = await train({
      ...options,
      checkpointFolder: path.join(folder, 'base.checkpoints'),
      outputPath: path.join(folder, 'base.gguf'),
    });
    const wanted: TrainOptions = {
      ...options,
      modelPath: base.outputPath as string,
      scratch: undefined,
      adapter: { rank: 4, alpha: 8 },
      schedule: { ...options.schedule, peakRate: 0.03 },
      checkpointFolder: path.join(folder, 'adapter.checkpoints'),
    };
    const merged = await train({ ...wanted, outputPath: path.join(folder, 'merged.gguf') });
    // The same training, which has ended, is written once more.
    const adapter = await train({ ...wanted, export: 'adapter', outputPath: path.join(folder, 'adapter.gguf') });
    const [without, expected, actual] = [
      await probabilities(wanted.modelPath),
      await probabilities(merged.outputPath as string),
      await probabilities(wanted.modelPath, adapter.outputPath),
    ];
    assert.ok(difference(expected, without) > 10 * TOLERANCE, `training changed too little to tell`);
    assert.ok(difference(actual, expected) < TOLERANCE, `probabilities differ by ${difference(actual, expected)}`);
  });

  it('is trained further from the file', async () => {
    const wanted: TrainOptions = {
      ...options,
      scratch: undefined,
      adapter: { rank: 4, alpha: 8 },
      export: 'adapter',
    };
    const named = (name: string, changes: Partial<TrainOptions>): TrainOptions => ({
      ...wanted,
      checkpointFolder: path.join(folder, `${name}.checkpoints`),
      outputPath: path.join(folder, `${name}.gguf`),
      ...changes,
    });
    const first = await train(named('first', {}));
    const from = first.outputPath as string;
    // The same product in another scale: half the alpha with twice the factor.
    const second = await train(named('second', { adapter: { rank: 4, alpha: 4, from } }));
    const [begun, before, learnt] = [second.losses[0], first.losses[0], first.losses.at(-1)] as [
      number,
      number,
      number,
    ];
    assert.ok(
      begun < (before + learnt) / 2,
      `the loss began at ${begun}; the first training went from ${before} to ${learnt}`,
    );
    assert.deepEqual((await readAdapterFile(second.outputPath as string)).includes, [
      (await readAdapterFile(from)).key,
    ]);
    const wider = await train(named('wider', { adapter: { rank: 6, alpha: 12, from } }));
    assert.ok(Math.abs((wider.losses[0] as number) - begun) < 1e-3, `${wider.losses[0]} in place of ${begun}`);
    await assert.rejects(
      train(named('rank', { adapter: { rank: 2, alpha: 4, from } })),
      /have the rank 4, expected at most the 2/,
    );
    await assert.rejects(
      train(named('frozen', { adapter: { rank: 4, alpha: 4, from }, freeze: ['ffn'] })),
      /not trained/,
    );
    await assert.rejects(
      train(named('self', { adapter: { rank: 4, alpha: 4, from }, outputPath: from })),
      /input file/,
    );
  });

  it('is refused unless an adapter is trained', async () => {
    await assert.rejects(train({ ...options, export: 'adapter' }), /--export adapter needs --adapter/);
  });
});
