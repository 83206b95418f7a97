/**
 * Measures the training of low-rank factors over a frozen quantised model: `tsx test/bench/lowRankTraining.ts --model
 * FILE [--rounds 3] [--steps 1] [--batch 2] [--micro 1] [--sequence 512] [--rank 16] [--threads 2] [--precision bf16]
 * [--python python3] [--write]`. If that Python has PyTorch and PEFT, each round measures the same step there too, with
 * the weights in bfloat16. `--profile` prints the time of a step by operation instead.
 */
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { parseArgs } from 'node:util';
import type { WeightType } from '../../kernels/training/optimiser/parameters.ts';
import { AdamW } from '../../kernels/training/optimiser/adamW.ts';
import type { PackedSequence } from '../../sidecar/workshop/train/batchStream.ts';
import { writeInitialValues } from '../../sidecar/workshop/train/initialValues.ts';
import { planLowRank } from '../../sidecar/workshop/train/lowRankPlan.ts';
import { NetworkDevices, ParallelNetworks } from '../../sidecar/workshop/train/parallelNetworks.ts';
import { placeModel } from '../../sidecar/workshop/train/placedModel.ts';
import { Random } from '../../sidecar/workshop/train/random.ts';
import { modelFromFile } from '../../sidecar/workshop/train/trainedModel.ts';
import { processorMs } from './processorTime.ts';
import { printProfile } from './trainingProfile.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string' },
    steps: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    batch: { type: 'string', default: '2' },
    micro: { type: 'string', default: '1' },
    sequence: { type: 'string', default: '512' },
    rank: { type: 'string', default: '16' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    precision: { type: 'string', default: 'BF16' },
    python: { type: 'string', default: 'python3' },
    write: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
  },
});
const [steps, rounds, batch, micro, sequenceTokens, rank, threads] = [
  values.steps,
  values.rounds,
  values.batch,
  values.micro,
  values.sequence,
  values.rank,
  values.threads,
].map(Number) as [number, number, number, number, number, number, number];

const model = await modelFromFile(values.model as string);
using devices = await NetworkDevices.open('cpu', { threads, batches: batch / micro });
const plan = planLowRank(model, {
  adapter: { rank, alpha: 2 * rank },
  freeze: [],
  precision: 'bf16',
  schedule: { kind: 'cosine', peakRate: 1e-4, floorShare: 0.1, warmUpSteps: 0, totalSteps: 1, decayShare: 0.2 },
});
const loadStart = performance.now();
using placed = await placeModel(model, devices.all[0], {
  freeze: [],
  weightType: values.precision as WeightType,
  networks: devices.all.length,
  plan,
});
console.log(`loaded in ${Math.round(performance.now() - loadStart)} ms`);
const { parameters, constant, transposes, lowRank } = placed;
await writeInitialValues(placed, { seed: 1 });
using optimiser = new AdamW(parameters, undefined, devices.all);
await optimiser.refresh();
using networks = new ParallelNetworks(
  { ...model, parameters, frozen: constant, transposes, lowRank, sequences: micro, sequenceTokens },
  devices.all,
);
console.log({
  frozenMB: (placed.frozen?.sizeBytes ?? 0) / 1e6,
  trainedMB: parameters.sizeBytes / 1e6,
  computeMB: networks.computeBytes / 1e6,
});
const random = new Random(1);
const sequence = (): PackedSequence => ({
  tokens: Int32Array.from({ length: sequenceTokens + 1 }, () => random.below(model.hyperparameters.vocabularySize)),
  weights: new Float32Array(sequenceTokens).fill(1),
  starts: new Set([0]),
});
async function step(number: number): Promise<void> {
  parameters.clearGradients();
  await networks.accumulate(Array.from({ length: batch }, sequence), batch * sequenceTokens);
  await optimiser.step(number, 1e-4);
}
await step(1);
if (values.profile) await printProfile(() => step(2));
else
  for (let round = 0; round < rounds; round++) {
    const [start, processorStart] = [performance.now(), processorMs()];
    for (let number = 0; number < steps; number++) await step(number + 2);
    const seconds = (performance.now() - start) / 1000;
    console.log(
      JSON.stringify({
        tokensPerSecond: (steps * batch * sequenceTokens) / seconds,
        processorMsPerStep: (processorMs() - processorStart) / steps,
        peakMemoryMB: process.resourceUsage().maxRSS / 1024,
      }),
    );
  }
