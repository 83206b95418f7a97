/**
 * Training speed of the shape of SmolLM2-135M, all weights trained: `tsx test/bench/training.ts [--steps 2] [--batch 4] [--sequence 512]
 * [--threads 2] [--precision bf16] [--python python3]`. Where that Python has PyTorch, the same step in PyTorch is measured in the same run.
 */
import { execa } from 'execa';
import os from 'node:os';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Device, type DeviceKind } from '../../kernels/ggml/device.ts';
import { write } from '../../kernels/ggml/transfer.ts';
import { AdamW } from '../../kernels/optimiser/adamW.ts';
import { Parameters } from '../../kernels/optimiser/parameters.ts';
import type { Hyperparameters } from '../../sidecar/models/architectures/architecture.ts';
import { llama } from '../../sidecar/models/architectures/llama.ts';
import type { PackedSequence } from '../../sidecar/train/batchStream.ts';
import { parameterSpec } from '../../sidecar/train/parameterSpecs.ts';
import { Random } from '../../sidecar/train/random.ts';
import { TrainingNetwork } from '../../sidecar/train/trainingNetwork.ts';

const { values } = parseArgs({
  options: {
    steps: { type: 'string', default: '2' },
    batch: { type: 'string', default: '4' },
    micro: { type: 'string', default: '1' },
    sequence: { type: 'string', default: '512' },
    blocks: { type: 'string', default: '30' },
    threads: { type: 'string', default: String(os.availableParallelism()) },
    precision: { type: 'string', default: 'bf16' },
    device: { type: 'string', default: 'cpu' },
    python: { type: 'string', default: 'python3' },
  },
});
const [steps, batch, micro, sequenceTokens, blockCount, threads] = [values.steps, values.batch, values.micro, values.sequence, values.blocks, values.threads].map(Number) as [number, number, number, number, number, number];

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

using device = new Device(values.device as DeviceKind, { threads });
const specs = llama.weights(hyperparameters).filter(({ optional }) => !optional);
using parameters = new Parameters(
  device,
  specs.map((spec) => parameterSpec(spec, { tiedOutput: true })),
  values.precision === 'bf16' ? 'BF16' : 'F32',
);
const random = new Random(1);
for (const { spec, master } of parameters.all) {
  // Full normal deviates take minutes; the speed does not depend on the values.
  write(device, master, Float32Array.from({ length: master.elements }, () => (spec.decays ? 0.04 * (random.next() - 0.5) : 1)));
}
using optimiser = new AdamW(parameters);
await optimiser.refresh();
using network = new TrainingNetwork({ architecture: llama, hyperparameters, parameters, sequences: micro, sequenceTokens });

const sequence = (): PackedSequence => ({
  tokens: Int32Array.from({ length: sequenceTokens + 1 }, () => random.below(hyperparameters.vocabularySize)),
  weights: new Float32Array(sequenceTokens).fill(1),
  starts: new Set([0]),
});
let gradientMs = 0;
let stepMs = 0;
let cpuMs = 0;
// The first step allocates.
for (let step = 0; step <= steps; step++) {
  const start = performance.now();
  const cpuStart = process.cpuUsage();
  parameters.clearGradients();
  for (let done = 0; done < batch; done += micro) await network.accumulate(Array.from({ length: micro }, sequence), batch * sequenceTokens);
  const middle = performance.now();
  await optimiser.step(step + 1, 1e-4);
  if (step === 0) continue;
  gradientMs += middle - start;
  stepMs += performance.now() - middle;
  const { user, system } = process.cpuUsage(cpuStart);
  cpuMs += (user + system) / 1000;
}
const tokens = steps * batch * sequenceTokens;
const ours = (tokens * 1000) / (gradientMs + stepMs);
console.log(
  JSON.stringify({
    engine: 'chorus',
    device: device.description,
    threads,
    precision: values.precision,
    tokensPerSecond: round(ours),
    gradientsMsPerStep: round(gradientMs / steps),
    optimiserMsPerStep: round(stepMs / steps),
    // On a machine that others use too this tells more than the time that passed.
    processorMsPerStep: round(cpuMs / steps),
    memoryGB: round((parameters.sizeBytes + network.computeBytes) / 1e9),
  }),
);

const script = fileURLToPath(new URL('trainingTorch.py', import.meta.url));
const peer = await execa(values.python, [script, ...[steps, batch, micro, sequenceTokens, blockCount, threads].map(String), values.precision], { reject: false });
if (peer.exitCode === 0) {
  console.log(peer.stdout);
  console.log(JSON.stringify({ share: round(ours / (JSON.parse(peer.stdout) as { tokensPerSecond: number }).tokensPerSecond) }));
} else {
  console.log(`${values.python} has no PyTorch: ${peer.stderr.trim().split('\n').at(-1) ?? ''}`);
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
