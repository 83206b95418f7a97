/**
 * A process with one engine, Chorus or libllama. It reads commands from its input, a line of JSON each. It answers with
 * the time that each took. Started by `peer.ts`.
 */
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { addPackageRoot } from '../../../kernels/ggml/libraries.ts';
import { Device } from '../../../kernels/ggml/device.ts';
import { padRows } from '../../../sidecar/models/chorus/cache/rowPadding.ts';
import { openNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import { LibLlama } from '../../../sidecar/models/llamaCpp/libLlama.ts';
import { processorMs } from '../processorTime.ts';
import { loadedLibraries, ownKernels } from './loadedLibraries.ts';
import {
  benchTokens,
  CHUNK_TOKENS,
  type Answer,
  type Command,
  type Logits,
  type Ready,
  type WorkerOptions,
} from './protocol.ts';

interface Engine {
  readonly vocabularySize: number;
  truncate(depth: number): void;
  /** Evaluates tokens behind `past` others and computes the logits of the last. */
  evaluate(tokens: readonly number[], past: number): Promise<void>;
  /** Evaluates tokens from the beginning. */
  logits(tokens: readonly number[]): Promise<Float32Array>;
}

const options = JSON.parse(process.argv[2] as string) as WorkerOptions;
if (options.packageRoot !== undefined) addPackageRoot(options.packageRoot);
const engine = options.engine === 'chorus' ? await openChorus() : openLibllama();
const tokens = benchTokens(options.contextTokens, engine.vocabularySize);
let past = 0;

const kernels = options.engine === 'chorus' ? [ownKernels()] : [];
const ready: Ready = { libraries: [...kernels, ...(await loadedLibraries())] };
console.log(JSON.stringify(ready));
let answeredAt = processorMs();
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as Command;
  if (command.do === 'logits') {
    await answerLogits(command.count);
    continue;
  }
  const [startMs, beforeMs] = [performance.now(), processorMs()];
  await follow(command);
  const afterMs = processorMs();
  const answer: Answer = {
    elapsedMs: performance.now() - startMs,
    processorMs: afterMs - beforeMs,
    waitingMs: beforeMs - answeredAt,
  };
  console.log(JSON.stringify(answer));
  answeredAt = processorMs();
}
// The engine's memory goes with the process.
process.exit(0);

async function answerLogits(count: number): Promise<void> {
  engine.truncate(0);
  past = count;
  const answer: Logits = { logits: [...(await engine.logits(tokens.slice(0, count)))] };
  console.log(JSON.stringify(answer));
  answeredAt = processorMs();
}

async function follow(command: Exclude<Command, { do: 'logits' }>): Promise<void> {
  if (command.do === 'fill' || command.do === 'truncate') {
    past = command.do === 'fill' ? command.from : command.depth;
    engine.truncate(past);
  }
  if (command.do !== 'truncate') await evaluate(command.count, command.do === 'decode' ? 1 : CHUNK_TOKENS);
}

async function evaluate(count: number, chunkTokens: number): Promise<void> {
  for (const end = past + count; past < end;) {
    const chunk = tokens.slice(past, Math.min(past + chunkTokens, end));
    await engine.evaluate(chunk, past);
    past += chunk.length;
  }
}

async function openChorus(): Promise<Engine> {
  const device = new Device('cpu', { threads: options.threads });
  const { network, sequence, model } = await openNetwork(options.model, {
    placement: onOneDevice(device),
    capacityTokens: padRows(options.contextTokens),
    adapters: options.experts === undefined ? [] : [options.experts],
  });
  return {
    vocabularySize: model.hyperparameters.vocabularySize,
    truncate: (depth) => sequence.truncate(depth),
    evaluate: async (given) => void (await network.evaluate(sequence, given, 'last')),
    logits: (given) => network.evaluate(sequence, given, 'last'),
  };
}

function openLibllama(): Engine {
  const { model, contextTokens, threads, experts, flashAttention } = options;
  const opened = new LibLlama(model, {
    contextSizeTokens: contextTokens,
    threads,
    ...(flashAttention === undefined ? {} : { flashAttention }),
    adapter: experts,
    quiet: true,
  });
  return {
    vocabularySize: opened.vocabularySize,
    truncate: (depth) => opened.truncate(depth),
    evaluate: async (given, before) => void opened.decode(given, before, { read: false }),
    logits: async (given) => opened.decode(given, 0)[0] as Float32Array,
  };
}
