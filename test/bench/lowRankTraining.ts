/**
 * Measures the training of low-rank factors over a frozen quantised model: `tsx test/bench/lowRankTraining.ts --model
 * FILE [--rounds 3] [--steps 1] [--batch 2] [--micro 1] [--sequence 512] [--rank 16] [--threads 2] [--recompute]
 * [--python python3] [--write]`. If that Python has PyTorch and PEFT, each round measures the same step there too, with
 * the weights in bfloat16 (`pip install torch==2.8.0 transformers==4.56.2 peft==0.17.1`). `--profile` prints the time
 * of a step by operation instead.
 */
import { execa } from 'execa';
import os from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { AdamW } from '../../kernels/training/optimiser/adamW.ts';
import type { PackedSequence } from '../../sidecar/workshop/train/batchStream.ts';
import { writeInitialValues } from '../../sidecar/workshop/train/initialValues.ts';
import { planLowRank } from '../../sidecar/workshop/train/lowRankPlan.ts';
import { NetworkDevices, ParallelNetworks } from '../../sidecar/workshop/train/parallelNetworks.ts';
import { placeModel } from '../../sidecar/workshop/train/placedModel.ts';
import { Random } from '../../sidecar/workshop/train/random.ts';
import { modelFromFile } from '../../sidecar/workshop/train/trainedModel.ts';
import { processorMs } from './processorTime.ts';
import { writeReport } from './report.ts';
import { median } from './statistics.ts';
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
    python: { type: 'string', default: 'python3' },
    write: { type: 'boolean', default: false },
    profile: { type: 'boolean', default: false },
    recompute: { type: 'boolean', default: false },
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

const { recompute } = values;
const model = await modelFromFile(values.model as string);
using devices = await NetworkDevices.open('cpu', { threads, batches: batch / micro });
const plan = planLowRank(model, {
  adapter: { rank, alpha: 2 * rank },
  freeze: [],
  precision: 'bf16',
  schedule: { kind: 'cosine', peakRate: 1e-4, floorShare: 0.1, warmUpSteps: 0, totalSteps: 1, decayShare: 0.2 },
});
using placed = await placeModel(model, devices.all[0], {
  freeze: [],
  weightType: 'BF16',
  networks: devices.all.length,
  plan,
});
const { parameters, constant, transposes, lowRank } = placed;
await writeInitialValues(placed, { seed: 1 });
using optimiser = new AdamW(parameters, undefined, devices.all);
await optimiser.refresh();
using networks = new ParallelNetworks(
  {
    ...model,
    parameters,
    frozen: constant,
    transposes,
    lowRank,
    sequences: micro,
    sequenceTokens,
    recompute: values.recompute,
  },
  devices.all,
);
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

/** What a round measures, of either engine. */
interface Measured {
  readonly engine: string;
  readonly tokensPerSecond: number;
  readonly processorMsPerStep: number;
  readonly peakMemoryMB: number;
}

async function measure(): Promise<Measured> {
  const [start, processorStart] = [performance.now(), processorMs()];
  for (let number = 0; number < steps; number++) await step(number + 2);
  return {
    engine: 'Chorus',
    tokensPerSecond: (steps * batch * sequenceTokens * 1000) / (performance.now() - start),
    processorMsPerStep: (processorMs() - processorStart) / steps,
    peakMemoryMB: process.resourceUsage().maxRSS / 1024,
  };
}

/** The same step in PyTorch, or `undefined` if there is none. */
async function measureTorch(): Promise<Measured | undefined> {
  const script = fileURLToPath(new URL('lowRankTrainingTorch.py', import.meta.url));
  const { vocabularySize, width, feedForwardWidth, blockCount, heads, kvHeads } = model.hyperparameters;
  const sizes = { vocabularySize, width, feedForwardWidth, blockCount, heads, kvHeads };
  const settings = { sizes, steps, batch, micro, sequence: sequenceTokens, threads, rank, checkpointing: recompute };
  const peer = await execa(values.python, [script, JSON.stringify(settings)], { reject: false });
  if (peer.exitCode === 0) return JSON.parse(peer.stdout) as Measured;
  console.log(`${values.python} has no PyTorch with PEFT: ${peer.stderr.trim().split('\n').at(-1) ?? ''}`);
  return undefined;
}

// The first step allocates.
await step(1);
if (values.profile) {
  await printProfile(() => step(2));
  process.exit(0);
}
const pairs: { readonly ours: Measured; readonly peer: Measured | undefined }[] = [];
for (let round = 0; round < rounds; round++) {
  pairs.push({ ours: await measure(), peer: await measureTorch() });
  console.log(JSON.stringify(pairs.at(-1)));
}
const middle = (find: (pair: (typeof pairs)[0]) => number | undefined): number =>
  Number(median(pairs.map((pair) => find(pair) ?? NaN)).toPrecision(4));
const figures = {
  threads,
  sequences: batch,
  sequenceTokens,
  rank,
  recompute,
  frozenMB: Math.round((placed.frozen?.sizeBytes ?? 0) / 1e6),
  trainedMB: Math.round(parameters.sizeBytes / 1e6),
  computeMB: Math.round(networks.computeBytes / 1e6),
  tokensPerSecond: middle(({ ours }) => ours.tokensPerSecond),
  peakMemoryMB: middle(({ ours }) => ours.peakMemoryMB),
  torchTokensPerSecond: middle(({ peer }) => peer?.tokensPerSecond),
  torchPeakMemoryMB: middle(({ peer }) => peer?.peakMemoryMB),
  speedShare: middle(({ ours, peer }) => peer && ours.tokensPerSecond / peer.tokensPerSecond),
  memoryShare: middle(({ ours, peer }) => peer && ours.peakMemoryMB / peer.peakMemoryMB),
};
console.log(JSON.stringify(figures));
if (values.write) {
  const rows = pairs.map(
    ({ ours, peer }, index) =>
      `| ${index + 1} | ${ours.tokensPerSecond.toFixed(1)} | ${peer?.tokensPerSecond.toFixed(1) ?? ''} | ${Math.round(ours.processorMsPerStep)} | ${peer?.processorMsPerStep ?? ''} | ${Math.round(ours.peakMemoryMB)} | ${peer?.peakMemoryMB ?? ''} |`,
  );
  await writeReport({
    name: `low-rank-training${recompute ? '-recompute' : ''}`,
    title: 'Speed of low-rank training',
    body: `Tokens per second of whole steps that train factors of rank ${rank} beside all matrices of blocks: forward, loss, gradients,
clipping, AdamW. ${batch} sequences of ${sequenceTokens} tokens per step, ${micro} at a time, ${threads} threads. ${pairs[0]?.peer?.engine ?? 'PyTorch'} computes
the same step over weights in bfloat16 (\`test/bench/lowRankTrainingTorch.py\`), and both alternate round by round. Tokens are random.

**${figures.tokensPerSecond} tokens/s, ${figures.speedShare} of PyTorch's; ${figures.peakMemoryMB} MB, ${figures.memoryShare} of its memory** (medians).

| round | tokens/s | PyTorch | processor time, ms per step | PyTorch's | peak memory, MB | PyTorch's |
|---|---|---|---|---|---|---|
${rows.join('\n')}`,
    figures,
    model: path.basename(values.model as string),
    command: `npx tsx test/bench/lowRankTraining.ts ${process.argv.slice(2).join(' ').replace(values.python, 'PYTHON')}`,
  });
}
