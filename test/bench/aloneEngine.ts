/**
 * A process that contains only our engine. Prints as JSON the time from the start of the process to the first token. If
 * asked, also the memory with a filled context. Started by `engine/alone.ts`.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { Device } from '../../kernels/ggml/device.ts';
import { addPackageRoot } from '../../kernels/ggml/libraries.ts';
import { greedy } from '../../sidecar/models/decoding/sampler.ts';
import { openAlone } from './engine/openAlone.ts';
import { benchTokens, CHUNK_TOKENS } from './engine/protocol.ts';
import { FIRST_PROMPT_TOKENS, type AloneOptions, type AloneResult } from './engine/aloneProtocol.ts';

const options = JSON.parse(process.argv[2] as string) as AloneOptions;
if (options.packageRoot !== undefined) addPackageRoot(options.packageRoot);
using device = new Device('cpu', { threads: options.threads });
using opened = await openAlone(options, device);
const { network, sequence, model } = opened;
const tokens = benchTokens(sequence.capacity, model.hyperparameters.vocabularySize);
greedy(await network.evaluate(sequence, tokens.slice(0, FIRST_PROMPT_TOKENS), 'last'));
// `performance.now()` counts from the start of the process.
const firstTokenMs = performance.now();
while (options.isFilled && sequence.length + CHUNK_TOKENS <= sequence.capacity)
  await network.evaluate(sequence, tokens.slice(0, CHUNK_TOKENS), 'last');
const result: AloneResult = {
  firstTokenMs,
  residentBytes: process.memoryUsage.rss(),
  weightBytes: network.options.weights.sizeBytes,
  cacheBytes: sequence.sizeBytes,
};
console.log(JSON.stringify(result));
