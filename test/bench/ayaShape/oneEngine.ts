/**
 * A process with one engine and a model, on one thread: prints as JSON the processor time of a prompt and of decoding. With one thread all is computed on
 * the thread that asks, so what else the machine does changes it little. Started by `ayaShape.ts`.
 */
import process from 'node:process';
import { Device } from '../../../kernels/ggml/device.ts';
import { sequenceLayout } from '../../../sidecar/models/chorus/cacheLayout.ts';
import { openNetwork } from '../../../sidecar/models/chorus/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/placement.ts';
import { LibLlama } from '../../../sidecar/models/llamaCpp/libLlama.ts';

export interface EngineFigures {
  /** Of processor time. */
  readonly promptSeconds: number;
  readonly decodeSeconds: number;
}

const [engine, modelPath, promptTokens, decodeTokens] = process.argv.slice(2) as [string, string, string, string];
const [promptCount, decodeCount] = [Number(promptTokens), Number(decodeTokens)];
const WARM_UP_TOKENS = 8;
/** Caches have whole steps of rows. */
const capacityTokens = Math.ceil((WARM_UP_TOKENS + 1 + promptCount + decodeCount) / 256) * 256;

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

async function measured(evaluate: (tokens: readonly number[], past: number) => Promise<void>, vocabularySize: number): Promise<EngineFigures> {
  const tokens = Array.from({ length: capacityTokens }, (_, index) => (index * 7_919 + 13) % vocabularySize);
  // Buffers and pages are touched once.
  await evaluate(tokens.slice(0, WARM_UP_TOKENS), 0);
  await evaluate(tokens.slice(WARM_UP_TOKENS, WARM_UP_TOKENS + 1), WARM_UP_TOKENS);
  let past = WARM_UP_TOKENS + 1;
  const begun = processorSeconds();
  await evaluate(tokens.slice(0, promptCount), past);
  past += promptCount;
  const read = processorSeconds();
  for (let step = 0; step < decodeCount; step++) await evaluate([tokens[step] as number], past + step);
  return { promptSeconds: read - begun, decodeSeconds: processorSeconds() - read };
}

async function chorus(): Promise<EngineFigures> {
  using device = new Device('cpu', { threads: 1 });
  using opened = await openNetwork(modelPath, { placement: onOneDevice(device), capacityTokens, layout: sequenceLayout(undefined) });
  const { network, sequence, model } = opened;
  return await measured(async (tokens) => void (await network.evaluate(sequence, tokens, 'last')), model.hyperparameters.vocabularySize);
}

async function libllama(): Promise<EngineFigures> {
  // Loads the libraries of the processor.
  const device = new Device('cpu', { threads: 1 });
  try {
    using peer = new LibLlama(modelPath, { contextSizeTokens: capacityTokens, threads: 1, quiet: true });
    return await measured(async (tokens, past) => void peer.decode(tokens, past, { read: false }), peer.vocabularySize);
  } finally {
    device[Symbol.dispose]();
  }
}

console.log(JSON.stringify(await (engine === 'chorus' ? chorus() : libllama())));
