import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { toFloat32 } from '../../../../kernels/ggml/dequantise.ts';
import { Device } from '../../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../../kernels/ggml/types.ts';
import { truncatedSingular } from '../../../../kernels/training/linearAlgebra/singularValues.ts';
import { AdamW } from '../../../../kernels/training/optimiser/adamW.ts';
import { learningRate } from '../../../../kernels/training/optimiser/schedules.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { readGgufHeader } from '../../../../sidecar/models/gguf/header.ts';
import { exportModel } from '../../../../sidecar/workshop/train/exportModel.ts';
import { writeInitialValues } from '../../../../sidecar/workshop/train/initialValues.ts';
import { planLowRank } from '../../../../sidecar/workshop/train/lowRankPlan.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { placeModel } from '../../../../sidecar/workshop/train/placedModel.ts';
import { modelFromFile, modelFromScratch } from '../../../../sidecar/workshop/train/trainedModel.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import { TrainingNetwork } from '../../../../sidecar/workshop/train/trainingNetwork.ts';
import { checkNetworkGradients } from '../../../reference/networkGradients.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';

const RANK = 8;
const lowRank = { size: RANK, init: 'spectral', decay: 'frobenius', denseSteps: 0 } as const;

let folder: string;
let options: TrainOptions;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-low-rank-'));
  options = await tinyTraining(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

const named = (name: string, changes: Partial<TrainOptions> = {}): TrainOptions => ({
  ...options,
  checkpointFolder: path.join(folder, `${name}.checkpoints`),
  outputPath: path.join(folder, `${name}.gguf`),
  ...changes,
});
const scratchModel = () =>
  modelFromScratch(options.modelPath, options.scratch as NonNullable<TrainOptions['scratch']>, 32);
/** A model in float32, since products with other types are rounded. */
const base = async (): Promise<string> =>
  (await train(named('base', { schedule: { ...options.schedule, totalSteps: 2 } }))).outputPath as string;
const stoppedAt = async (wanted: TrainOptions, last: number): Promise<void> => {
  const stopping = new AbortController();
  assert.equal(
    (await train(wanted, { signal: stopping.signal, onProgress: ({ step }) => step === last && stopping.abort() }))
      .step,
    last,
  );
};

describe('planLowRank', () => {
  it('gives block matrices the rank, or a share of their smaller side, if their sides are larger', async () => {
    const model = await modelFromFile(options.modelPath);
    const byRank = planLowRank(model, { ...options, scratch: undefined, lowRank: { ...lowRank, size: 128 } });
    // Keys and values have 128 rows.
    assert.deepEqual(
      [...(byRank?.ranks ?? [])].slice(0, 5),
      ['attn_q', 'attn_output', 'ffn_gate', 'ffn_up', 'ffn_down'].map((name) => [`blk.0.${name}.weight`, 128]),
    );
    const byShare = planLowRank(model, {
      ...options,
      scratch: undefined,
      freeze: ['ffn'],
      lowRank: { ...lowRank, size: 0.3 },
    });
    assert.deepEqual(
      [...(byShare?.ranks ?? [])].slice(0, 4),
      [
        ['attn_q', 80],
        ['attn_k', 40],
        ['attn_v', 40],
        ['attn_output', 80],
      ].map(([name, rank]) => [`blk.0.${name}.weight`, rank]),
    );
    assert.equal(byShare?.ranks.size, 4 * 4);
  });

  const refusals: readonly { readonly name: string; readonly changes: Partial<TrainOptions>; readonly says: RegExp }[] =
    [
      {
        name: 'a rank that is too large for every matrix',
        changes: { lowRank: { ...lowRank, size: 512 } },
        says: /No matrix can have the rank 512.*at most 32\./,
      },
      {
        name: 'factors and an adapter',
        changes: { lowRank, adapter: { rank: 2, alpha: 4 } },
        says: /--low-rank or --adapter/,
      },
      {
        name: 'an adapter without a model',
        changes: { adapter: { rank: 2, alpha: 4 } },
        says: /can't be combined with --scratch/,
      },
      {
        name: 'factors with a product in 4 bits',
        changes: { lowRank, precision: 'q4' },
        says: /--precision q8/,
      },
      {
        name: 'an adapter with weights in 4 bits',
        changes: { scratch: undefined, adapter: { rank: 4, alpha: 8 }, precision: 'q4' },
        says: /Leave out --low-rank and --adapter/,
      },
      {
        name: 'random factors for the weights of a model',
        changes: { scratch: undefined, lowRank: { ...lowRank, init: 'he' } },
        says: /--low-rank-init he needs --scratch/,
      },
      {
        name: 'random factors after dense steps',
        changes: { lowRank: { ...lowRank, init: 'spectral-ones', denseSteps: 2 } },
        says: /--low-rank-init spectral-ones needs a training without dense steps/,
      },
      {
        name: 'only dense steps',
        changes: { lowRank: { ...lowRank, denseSteps: 12 } },
        says: /All 12 steps would be dense/,
      },
      {
        name: 'factors of frozen matrices',
        changes: { scratch: undefined, lowRank, freeze: ['blk'] },
        says: /No matrix can have the rank 8\. The 0 matrices that are not frozen/,
      },
    ];
  for (const { name, changes, says } of refusals) {
    it(`refuses ${name}`, async () => {
      await assert.rejects(
        train(named('refused', changes)),
        (error: Error) => error instanceof TroubleError && says.test(error.message),
      );
    });
  }
});

describe('low-rank training', () => {
  it(
    'has gradients that equal central finite differences, for factors and adapters',
    { skip: process.env['CHORUS_TEST_DEVICE'] !== undefined && "differences would show the device's rounding" },
    async () => {
      const scratch = await scratchModel();
      await checkNetworkGradients(scratch, planLowRank(scratch, { ...options, lowRank }));
      const model = await modelFromFile(await base());
      await checkNetworkGradients(
        model,
        planLowRank(model, { ...options, scratch: undefined, adapter: { rank: 4, alpha: 8 } }),
      );
    },
  );

  for (const { init, decay } of [
    { init: 'he', decay: 'l2' },
    { init: 'spectral', decay: 'frobenius' },
    { init: 'spectral-ones', decay: 'frobenius' },
  ] as const) {
    it(`learns from random weights, init ${init}, decay ${decay}, and writes matrices of that rank`, async () => {
      const wanted = named(`learns-${init}`, {
        lowRank: { ...lowRank, init, decay },
        schedule: { ...options.schedule, totalSteps: 60 },
      });
      const { losses, outputPath } = await train(wanted);
      assert.ok(
        (losses.at(-1) as number) < 0.6 * (losses[0] as number),
        `the loss went from ${losses[0]} to ${losses.at(-1)}`,
      );
      for (const name of ['blk.0.attn_q.weight', 'blk.1.ffn_down.weight']) {
        const { values, shape } = await tensor(outputPath as string, name);
        const singular = truncatedSingular(
          { values, rows: shape[1] as number, columns: shape[0] as number },
          RANK + 1,
        ).values;
        assert.ok((singular[RANK - 1] as number) > 1e-3 * (singular[0] as number));
        assert.ok(
          (singular[RANK] as number) < 1e-6 * (singular[0] as number),
          `singular value ${RANK + 1} of ${name} is ${singular[RANK]}`,
        );
      }
    });
  }

  for (const isAdapter of [false, true]) {
    it(`writes a file with the same outputs as ${isAdapter ? 'the model with its adapter' : 'the factors'}`, async () => {
      const model = isAdapter ? await modelFromFile(await base()) : await scratchModel();
      const plan = planLowRank(
        model,
        isAdapter ? { ...options, scratch: undefined, adapter: { rank: 4, alpha: 8 } } : { ...options, lowRank },
      );
      using device = new Device('cpu', { threads: 1 });
      const file = path.join(folder, 'merged.gguf');
      const tokens = Int32Array.from(
        { length: 33 },
        (_, index) => (index * 37 + 5) % model.hyperparameters.vocabularySize,
      );
      const lossOf = async (trained: typeof model, given: typeof plan, writesFile: boolean): Promise<number> => {
        using placed = await placeModel(trained, device, { freeze: [], weightType: 'F32', plan: given });
        const { parameters } = placed;
        await writeInitialValues(placed, { seed: 1 });
        using optimiser = new AdamW(parameters);
        await optimiser.refresh();
        using network = new TrainingNetwork({
          ...trained,
          parameters,
          frozen: placed.constant,
          lowRank: placed.lowRank,
          sequences: 1,
          sequenceTokens: 32,
        });
        const evaluate = () =>
          network.accumulate([{ tokens, weights: new Float32Array(32).fill(1), starts: new Set([0]) }], 32);
        if (!writesFile) return await evaluate();
        const before = await evaluate();
        for (let step = 1; step <= 3; step++) {
          await optimiser.step(step, 0.01);
          parameters.clearGradients();
          await evaluate();
        }
        const after = await evaluate();
        assert.ok(Math.abs(after - before) > 0.05, `the loss went from ${before} to ${after}`);
        await exportModel(file, placed);
        return after;
      };
      const expected = await lossOf(model, plan, true);
      const actual = await lossOf(await modelFromFile(file), undefined, false);
      assert.ok(Math.abs(actual - expected) < 1e-5, `the file has a loss of ${actual}, the training of ${expected}`);
    });
  }

  it('decomposes the weights of a model, and restores the factors from its own file', async () => {
    const once = { lowRank: { ...lowRank, size: 4 }, schedule: { ...options.schedule, totalSteps: 2 } };
    const { outputPath } = await train(named('first', once));
    const again = await train(
      named('again', {
        ...once,
        modelPath: outputPath as string,
        scratch: undefined,
        schedule: { ...options.schedule, totalSteps: 1, peakRate: 0 },
      }),
    );
    for (const name of ['blk.0.attn_k.weight', 'blk.1.ffn_up.weight']) {
      const [expected, actual] = [
        await tensor(outputPath as string, name),
        await tensor(again.outputPath as string, name),
      ];
      assert.ok(
        distance(actual.values, expected.values) <
          1e-5 * distance(expected.values, new Float32Array(expected.values.length)),
      );
    }
  });

  it('starts dense if requested, continues at half the rate, and resumes exactly in both phases', async () => {
    const dense = await train(named('dense'));
    const wanted = { lowRank: { ...lowRank, size: 24, denseSteps: 6 } };
    const rates: number[] = [];
    const whole = await train(named('warm', wanted), { onProgress: ({ rate }) => rates.push(rate) });
    assert.deepEqual(
      rates,
      rates.map((_, index) => learningRate(index + 1, options.schedule) * (index < 6 ? 1 : 0.5)),
    );
    assert.deepEqual(whole.losses.slice(0, 6), dense.losses.slice(0, 6));
    const [lost, kept] = [whole.losses[6] as number, dense.losses[6] as number];
    assert.ok(lost !== kept && Math.abs(lost - kept) < 0.3, `taken apart the loss is ${lost}, whole ${kept}`);
    for (const last of [6, 9]) {
      const stopped = named(`warm${last}`, wanted);
      await stoppedAt(stopped, last);
      assert.deepEqual((await train(stopped)).losses, whole.losses);
    }
  });

  it('trains an adapter for quantised weights, and keeps other weights byte by byte', async () => {
    const wanted = named('adapter', {
      scratch: undefined,
      adapter: { rank: 4, alpha: 8 },
      freeze: ['ffn'],
      schedule: { ...options.schedule, totalSteps: 8 },
    });
    await stoppedAt(wanted, 3);
    const { losses, outputPath } = await train(wanted);
    assert.ok((losses.at(-1) as number) < (losses[0] as number), `the loss went from ${losses[0]} to ${losses.at(-1)}`);
    assert.deepEqual(
      (await train(named('adapter2', { ...wanted, checkpointFolder: path.join(folder, 'whole') }))).losses,
      losses,
    );
    const { tensors } = await readGgufHeader(options.modelPath);
    for (const { name } of tensors) {
      const [before, after] = [await tensor(options.modelPath, name), await tensor(outputPath as string, name)];
      if (!/attn_(q|k|v|output)\.weight/.test(name)) {
        assert.deepEqual(after, before);
        continue;
      }
      const change = after.values.map((value, index) => value - (before.values[index] as number));
      const singular = truncatedSingular(
        { values: change, rows: after.shape[1] as number, columns: after.shape[0] as number },
        5,
      ).values;
      assert.ok(
        (singular[3] as number) > 0 && (singular[4] as number) < 1e-4 * (singular[0] as number),
        `${name} changed by ${singular.join(', ')}`,
      );
    }
  });
});

async function tensor(
  file: string,
  name: string,
): Promise<{ type: string; shape: readonly number[]; values: Float32Array }> {
  const { tensors, dataOffsetBytes } = await readGgufHeader(file);
  const found = tensors.find((candidate) => candidate.name === name);
  assert.ok(found);
  const start = dataOffsetBytes + found.offsetBytes;
  return {
    type: found.type,
    shape: found.shape,
    values: toFloat32(found.type as TensorType, (await readFile(file)).subarray(start, start + found.sizeBytes)),
  };
}

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.sqrt(a.reduce((sum, value, index) => sum + (value - (b[index] as number)) ** 2, 0));
