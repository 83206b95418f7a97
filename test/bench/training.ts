/**
 * Measures the training speed of SmolLM2-135M's shape, with all weights trained: `tsx test/bench/training.ts [--rounds
 * 3] [--steps 1] [--batch 4] [--micro 1] [--sequence 512] [--threads 2] [--precision bf16] [--python python3]
 * [--write]`. If that Python has PyTorch, each round measures the same step in PyTorch too. `--profile` prints the time
 * of a step by operation instead. With `--threads 1` its figures are the pure work, even on a busy machine.
 */
import { execa } from 'execa';
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { DeviceKind } from '../../kernels/ggml/device.ts';
import { write } from '../../kernels/ggml/transfer.ts';
import { AdamW } from '../../kernels/training/optimiser/adamW.ts';
import { defaultAdamW } from '../../kernels/training/optimiser/adamWOptions.ts';
import { Parameters } from '../../kernels/training/optimiser/parameters.ts';
import type { Hyperparameters } from '../../sidecar/models/architectures/architecture.ts';
import { llama } from '../../sidecar/models/architectures/llama.ts';
import type { PackedSequence } from '../../sidecar/workshop/train/batchStream.ts';
import { parameterSpec } from '../../sidecar/workshop/train/parameterSpecs.ts';
import { Random } from '../../sidecar/workshop/train/random.ts';
import { processorMs } from './processorTime.ts';
import { writeReport } from './report.ts';
import { median } from './statistics.ts';
import { printProfile } from './trainingProfile.ts';
import { NetworkDevices, ParallelNetworks } from '../../sidecar/workshop/train/parallelNetworks.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
    batch: { type: 'string', default: '4' },
    micro: { type: 'string', default: '1' },
    sequence: { type: 'string', default: '512' },
    blocks: { type: 'string', default: '30' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    precision: { type: 'string', default: 'bf16' },
    device: { type: 'string', default: 'cpu' },
    python: { type: 'string', default: 'python3' },
    profile: { type: 'boolean', default: false },
  },
});
const [steps, batch, micro, sequenceTokens, blockCount, threads] = [
  values.steps,
  values.batch,
  values.micro,
  values.sequence,
  values.blocks,
  values.threads,
].map(Number) as [number, number, number, number, number, number];

const hyperparameters: Hyperparameters = {
  blockCount,
  width: 576,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  feedForwardWidth: 1536,
  vocabularySize: 49_152,
  trainContextTokens: sequenceTokens,
  norm: { kind: 'rms', epsilon: 1e-5 },
  rope: { pairing: 'normal', dimensions: 64, base: 100_000 },
  logitScale: 1,
};

using devices = await NetworkDevices.open(values.device as DeviceKind, { threads, batches: batch / micro });
const [device] = devices.all;
const specs = llama.weights(hyperparameters).filter(({ optional }) => !optional);
using parameters = new Parameters(
  device,
  specs.map((spec) => parameterSpec(spec, { tiedOutput: true })),
  ({ f32: 'F32', bf16: 'BF16', q8: 'Q8_0' } as const)[values.precision as 'f32' | 'bf16' | 'q8'],
  { networks: devices.all.length },
);
const random = new Random(1);
for (const { spec, master } of parameters.all) {
  // True normal deviates take minutes, and the speed does not depend on the values.
  write(
    device,
    master,
    Float32Array.from({ length: master.elements }, () => (spec.decays ? 0.04 * (random.next() - 0.5) : 1)),
  );
}
using optimiser = new AdamW(parameters, defaultAdamW, devices.all);
await optimiser.refresh();
using network = new ParallelNetworks(
  { architecture: llama, hyperparameters, parameters, sequences: micro, sequenceTokens },
  devices.all,
);

const sequence = (): PackedSequence => ({
  tokens: Int32Array.from({ length: sequenceTokens + 1 }, () => random.below(hyperparameters.vocabularySize)),
  weights: new Float32Array(sequenceTokens).fill(1),
  starts: new Set([0]),
});
if (values.profile) {
  await printProfile(async () => {
    await network.accumulate(Array.from({ length: batch }, sequence), batch * sequenceTokens);
    await optimiser.step(1, 1e-4);
  });
  process.exit(0);
}

interface Round {
  readonly tokensPerSecond: number;
  readonly torchTokensPerSecond?: number;
  readonly gradientsMsPerStep: number;
  readonly optimiserMsPerStep: number;
  /** On a shared machine this is more reliable than the elapsed time. With one thread it is the pure work. */
  readonly processorMsPerStep: number;
  readonly torchProcessorMsPerStep?: number;
}

// The first step allocates.
await measure(1);
const rounds: Round[] = [];
let peerName = '';
for (let round = 0; round < Number(values.rounds); round++) {
  const ours = await measure(steps);
  const peer = await measureTorch();
  rounds.push({
    ...ours,
    torchTokensPerSecond: peer?.tokensPerSecond,
    torchProcessorMsPerStep: peer?.processorMsPerStep,
  });
  peerName = peer?.engine ?? peerName;
  console.log(JSON.stringify(rounds.at(-1)));
}
const isPaired = rounds.every(({ torchTokensPerSecond }) => torchTokensPerSecond !== undefined);
const figures = {
  device: device.description,
  threads,
  precision: values.precision,
  sequences: batch,
  sequencesAtOnce: micro,
  sequenceTokens,
  memoryGB: round((parameters.sizeBytes + network.computeBytes) / 1e9),
  tokensPerSecond: round(median(rounds.map(({ tokensPerSecond }) => tokensPerSecond))),
  torch: isPaired
    ? {
        name: peerName,
        tokensPerSecond: round(median(rounds.map(({ torchTokensPerSecond = 0 }) => torchTokensPerSecond))),
      }
    : undefined,
  share: isPaired
    ? round(
        median(rounds.map(({ tokensPerSecond, torchTokensPerSecond = 0 }) => tokensPerSecond / torchTokensPerSecond)),
      )
    : undefined,
  rounds,
};
console.log(JSON.stringify({ ...figures, rounds: rounds.length }));
if (values.write) {
  const rows = rounds.map(
    (one, index) =>
      `| ${index + 1} | ${one.tokensPerSecond} | ${one.torchTokensPerSecond ?? ''} | ${one.gradientsMsPerStep} | ${one.optimiserMsPerStep} | ${one.processorMsPerStep} | ${one.torchProcessorMsPerStep ?? ''} |`,
  );
  await writeReport({
    name: 'training',
    title: 'Training speed',
    body: `Tokens per second of whole steps that train all ${round(parameters.all.reduce((sum, { master }) => sum + master.elements, 0) / 1e6)} million weights in ${values.precision}: forward, loss,
gradients, clipping, AdamW. ${batch} sequences of ${sequenceTokens} tokens per step, ${micro} at a time, ${threads} threads. PyTorch computes the same step
(\`test/bench/trainingTorch.py\`: autocast, fused attention, AdamW), and both alternate round by round. Weights and tokens are random, since the speed does not depend on them.

**${figures.tokensPerSecond} tokens/s**${figures.torch ? `, ${figures.torch.name}: ${figures.torch.tokensPerSecond} tokens/s; **${figures.share} of its speed** (medians)` : ''}, in ${figures.memoryGB} GB.

| round | tokens/s | PyTorch | gradients, ms per step | optimiser, ms per step | processor time, ms per step | PyTorch's |
|---|---|---|---|---|---|---|
${rows.join('\n')}`,
    figures,
    model: `SmolLM2-135M's shape (${blockCount} blocks, width 576, vocabulary 49,152), random weights`,
    command: `npx tsx test/bench/training.ts ${process.argv.slice(2).join(' ').replace(values.python, 'PYTHON')}`,
  });
}

async function measure(stepCount: number): Promise<Round> {
  let gradientMs = 0;
  let stepMs = 0;
  const processorStartMs = processorMs();
  for (let step = 0; step < stepCount; step++) {
    const start = performance.now();
    parameters.clearGradients();
    await network.accumulate(Array.from({ length: batch }, sequence), batch * sequenceTokens);
    const middle = performance.now();
    await optimiser.step(step + 1, 1e-4);
    gradientMs += middle - start;
    stepMs += performance.now() - middle;
  }
  return {
    tokensPerSecond: round((stepCount * batch * sequenceTokens * 1000) / (gradientMs + stepMs)),
    gradientsMsPerStep: round(gradientMs / stepCount),
    optimiserMsPerStep: round(stepMs / stepCount),
    processorMsPerStep: round((processorMs() - processorStartMs) / stepCount),
  };
}

async function measureTorch(): Promise<
  { readonly engine: string; readonly tokensPerSecond: number; readonly processorMsPerStep: number } | undefined
> {
  const script = fileURLToPath(new URL('trainingTorch.py', import.meta.url));
  const peer = await execa(
    values.python,
    [
      script,
      ...[steps, batch, micro, sequenceTokens, blockCount, threads].map(String),
      values.precision === 'f32' ? 'f32' : 'bf16',
    ],
    { reject: false },
  );
  if (peer.exitCode === 0)
    return JSON.parse(peer.stdout) as { engine: string; tokensPerSecond: number; processorMsPerStep: number };
  console.log(`${values.python} has no PyTorch: ${peer.stderr.trim().split('\n').at(-1) ?? ''}`);
  return undefined;
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
