import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../kernels/ggml/device.ts';
import { write } from '../../../../kernels/ggml/transfer.ts';
import { AdamW } from '../../../../kernels/training/optimiser/adamW.ts';
import { readAdapterFile } from '../../../../sidecar/models/adapters/adapterFile.ts';
import { normalDeviates } from '../../../../sidecar/models/decoding/random.ts';
import { exportAdapter } from '../../../../sidecar/workshop/train/exportAdapter.ts';
import { writeInitialValues } from '../../../../sidecar/workshop/train/initialValues.ts';
import { planLowRank } from '../../../../sidecar/workshop/train/lowRankPlan.ts';
import type { TrainOptions } from '../../../../sidecar/workshop/train/options.ts';
import { placeModel, type PlacedModel } from '../../../../sidecar/workshop/train/placedModel.ts';
import { modelFromFile, type TrainedModel } from '../../../../sidecar/workshop/train/trainedModel.ts';
import { train } from '../../../../sidecar/workshop/train/training.ts';
import { TrainingNetwork } from '../../../../sidecar/workshop/train/trainingNetwork.ts';
import { checkNetworkGradients } from '../../../reference/networkGradients.ts';
import { plainLlamaLoss } from '../../../reference/plainLlama.ts';
import { plainMixture } from '../../../reference/plainMixture.ts';
import { readTensors } from '../../../reference/readTensors.ts';
import { TINY_LLAMA, tinyVocabulary, writeTinyModel } from '../../../reference/tinyModels.ts';
import { tinyTraining } from '../../../reference/tinyTraining.ts';

const EXPERTS = 3;
const [RANK, ALPHA] = [2, 4];
const TOKENS = 12;

describe('Experts that are trained with their routers', () => {
  let folder: string;
  let options: TrainOptions;
  let model: TrainedModel;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-adapter-experts-'));
    // In float32, since products with quantised weights round their inputs.
    const modelPath = at('model.gguf');
    using device = new Device('cpu', { threads: 1 });
    await writeTinyModel(modelPath, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: tinyVocabulary(),
      omit: ['.bias'],
    });
    options = {
      ...(await tinyTraining(folder)),
      modelPath,
      scratch: undefined,
      adapter: { rank: RANK, alpha: ALPHA, experts: EXPERTS },
      export: 'adapter',
    };
    model = await modelFromFile(options.modelPath);
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const at = (name: string): string => path.join(folder, name);
  const named = (name: string, changes: Partial<TrainOptions> = {}): TrainOptions => ({
    ...options,
    checkpointFolder: at(`${name}.checkpoints`),
    outputPath: at(`${name}.gguf`),
    ...changes,
  });

  /** Gives experts an effect, and routers a preference. */
  function prepare({ parameters }: PlacedModel): void {
    const deviate = normalDeviates(3);
    for (const { spec, master } of parameters.all)
      if (spec.factor?.side !== 'down')
        write(
          parameters.device,
          master,
          Float32Array.from({ length: master.elements }, () => 0.1 * deviate()),
        );
  }

  for (const recompute of [false, true])
    it(`have gradients that equal finite differences${recompute ? ', also if blocks are computed again' : ''}`, async () => {
      await checkNetworkGradients(model, planLowRank(model, options), { prepare, recompute });
    });

  it('have the loss that plain loops compute from their file', async () => {
    const file = at('plain.gguf');
    const tokens = Array.from({ length: TOKENS + 1 }, (_, index) => 40 + ((index * 7) % 80));
    using device = new Device('cpu', { threads: 1 });
    using placed = await placeModel(model, device, {
      freeze: [],
      weightType: 'F32',
      plan: planLowRank(model, options),
    });
    await writeInitialValues(placed, { seed: 1 });
    prepare(placed);
    using optimiser = new AdamW(placed.parameters);
    await optimiser.refresh();
    using network = new TrainingNetwork({
      ...model,
      parameters: placed.parameters,
      frozen: placed.constant,
      mixture: placed.mixture,
      sequences: 1,
      sequenceTokens: TOKENS,
    });
    const weights = new Float32Array(TOKENS).fill(1);
    const actual = await network.accumulate([{ tokens: Int32Array.from(tokens), weights, starts: new Set([0]) }], 1);
    await exportAdapter(file, placed, {});
    const { hooks } = plainMixture(await readTensors(file), { experts: EXPERTS, scale: ALPHA / RANK });
    const starts = tokens.map(() => 0);
    const base = await readTensors(options.modelPath);
    const expected = plainLlamaLoss(TINY_LLAMA, base, tokens, [...weights], starts, hooks);
    const without = plainLlamaLoss(TINY_LLAMA, base, tokens, [...weights], starts);
    assert.ok(Math.abs(expected - without) > 0.1, `the experts change the loss by ${expected - without}`);
    // Factors have 11 bits in the file.
    assert.ok(Math.abs(actual - expected) < 2e-3 * expected, `${actual} instead of ${expected}`);
  });

  it('learn, resume exactly, and become a mixture that is trained further', async () => {
    const whole = await train(named('whole'));
    assert.ok((whole.losses.at(-1) as number) < (whole.losses[0] as number), whole.losses.join(' '));
    const stopping = new AbortController();
    await train(named('again'), {
      signal: stopping.signal,
      onProgress: ({ step }) => step === 5 && stopping.abort(),
    });
    const resumed = await train(named('again'));
    assert.deepEqual(resumed.losses, whole.losses);
    const { mixture, matrices } = await readAdapterFile(whole.outputPath as string);
    assert.deepEqual([mixture?.experts, mixture?.routers.size], [EXPERTS, TINY_LLAMA.blockCount]);
    const { rank, scale } = matrices.get('blk.1.ffn_up.weight') ?? {};
    assert.deepEqual([rank, scale], [EXPERTS * RANK, ALPHA / RANK]);
    const further = await train(
      named('further', {
        adapter: { rank: RANK, alpha: 2 * ALPHA, experts: EXPERTS, from: whole.outputPath },
        schedule: { ...options.schedule, totalSteps: 1 },
      }),
    );
    const [first, last, begun] = [whole.losses[0], whole.losses.at(-1), further.losses[0]] as [number, number, number];
    assert.ok(begun < (first + last) / 2, `it began at ${begun}; the training before went from ${first} to ${last}`);
  });

  it('leave out only matrices whose smaller side is at most the rank of one expert', () => {
    const ranks = (rank: number, experts: number) =>
      planLowRank(model, { ...options, adapter: { rank, alpha: 1, experts } })?.ranks;
    // Keys have 128 outputs.
    assert.equal(ranks(16, 8)?.get('blk.0.attn_k.weight'), 128);
    assert.equal(ranks(128, 2)?.has('blk.0.attn_k.weight'), false);
    assert.throws(() => ranks(64, 32), /2048 rows over all experts, and files of adapters have at most 1024/);
  });

  it('are refused as a dense model, and begin only with as many experts', async () => {
    assert.throws(
      () => planLowRank(model, { ...options, export: 'merged' }),
      /--adapter-experts needs --export adapter/,
    );
    const { outputPath: single } = await train(
      named('single', { adapter: { rank: RANK, alpha: ALPHA }, schedule: { ...options.schedule, totalSteps: 1 } }),
    );
    await assert.rejects(
      train(named('from-single', { adapter: { rank: RANK, alpha: ALPHA, experts: EXPERTS, from: single } })),
      /single\.gguf.*it is one adapter, but this training begins with a mixture of 3 experts in the projections/,
    );
  });
});
