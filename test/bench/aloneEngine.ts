/**
 * A process that contains only our engine. Prints as JSON the time from the start of the process to the first token,
 * and the memory with a filled context. Started by `engine.ts`.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { Device } from '../../kernels/ggml/device.ts';
import { greedy } from '../../sidecar/models/decoding/sampler.ts';
import { openNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';

export interface Alone {
  readonly firstTokenMs: number;
  readonly residentBytes: number;
  readonly weightBytes: number;
  readonly cacheBytes: number;
}

const [modelPath, threads, contextTokens] = process.argv.slice(2) as [string, string, string];
const PROMPT_TOKENS = 32;
const CHUNK_TOKENS = 512;

using device = new Device('cpu', { threads: Number(threads) });
using opened = await openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens: Number(contextTokens) });
const { network, sequence, model } = opened;
const tokens = Array.from(
  { length: sequence.capacity },
  (_, index) => (index * 7_919 + 13) % model.hyperparameters.vocabularySize,
);
greedy(await network.evaluate(sequence, tokens.slice(0, PROMPT_TOKENS), 'last'));
// `performance.now()` counts from the start of the process.
const firstTokenMs = performance.now();
while (sequence.length + CHUNK_TOKENS <= sequence.capacity)
  await network.evaluate(sequence, tokens.slice(0, CHUNK_TOKENS), 'last');
const alone: Alone = {
  firstTokenMs,
  residentBytes: process.memoryUsage.rss(),
  weightBytes: network.options.weights.sizeBytes,
  cacheBytes: sequence.sizeBytes,
};
console.log(JSON.stringify(alone));
