/**
 * A process that contains only libllama. Prints as JSON the time from the start of the process to the first token.
 * Started by `alone.ts`.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { addPackageRoot } from '../../../kernels/ggml/libraries.ts';
import { greedy } from '../../../sidecar/models/decoding/sampler.ts';
import { LibLlama } from '../../../sidecar/models/llamaCpp/libLlama.ts';
import { FIRST_PROMPT_TOKENS, type AloneOptions, type AloneResult } from './aloneProtocol.ts';
import { benchTokens } from './protocol.ts';

const { model, experts, threads, contextTokens, packageRoot } = JSON.parse(process.argv[2] as string) as AloneOptions;
if (packageRoot !== undefined) addPackageRoot(packageRoot);
using libllama = new LibLlama(model, { contextSizeTokens: contextTokens, threads, adapter: experts, quiet: true });
const [logits] = libllama.decode(benchTokens(FIRST_PROMPT_TOKENS, libllama.vocabularySize), 0);
greedy(logits as Float32Array);
// `performance.now()` counts from the start of the process.
const result: Pick<AloneResult, 'firstTokenMs'> = { firstTokenMs: performance.now() };
console.log(JSON.stringify(result));
