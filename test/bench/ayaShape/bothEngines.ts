/**
 * A process with a model in both engines, on one thread. Prints as JSON the processor time of prompts and of decoding,
 * round by round. The engines take turns prompt by prompt and token by token, since a machine's memory speed varies
 * within seconds. Started by `ayaShape.ts`.
 */
import process from 'node:process';
import { Device } from '../../../kernels/ggml/device.ts';
import { sequenceOptions } from '../../../sidecar/models/chorus/cache/cacheLayout.ts';
import { padRows } from '../../../sidecar/models/chorus/cache/rowPadding.ts';
import { openNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import { LibLlama } from '../../../sidecar/models/llamaCpp/libLlama.ts';
import { processorMs } from '../processorTime.ts';

export const engineNames = ['chorus', 'libllama'] as const;
export type EngineName = (typeof engineNames)[number];

/** The seconds of processor time of one round. */
export type Round = Readonly<Record<'prompt' | 'decode', Readonly<Record<EngineName, number>>>>;

interface Engine {
  readonly truncate: () => void;
  readonly evaluate: (tokens: readonly number[], past: number) => Promise<void>;
}

const [modelPath, ...counts] = process.argv.slice(2) as [string, string, string, string];
const [promptCount, decodeCount, roundCount] = counts.map(Number) as [number, number, number];
/** A cache has a whole number of steps of rows. */
const capacityTokens = padRows(promptCount + decodeCount);

using device = new Device('cpu', { threads: 1 });
using opened = await openNetwork(modelPath, {
  placement: onOneDevice(device),
  capacityTokens,
  layout: sequenceOptions(undefined).layout,
});
using peer = new LibLlama(modelPath, { contextSizeTokens: capacityTokens, threads: 1, quiet: true });
const { network, sequence, model } = opened;
const tokens = Array.from(
  { length: promptCount + decodeCount },
  (_, index) => (index * 7_919 + 13) % model.hyperparameters.vocabularySize,
);
const engines: Readonly<Record<EngineName, Engine>> = {
  chorus: {
    truncate: () => sequence.truncate(0),
    evaluate: async (given) => void (await network.evaluate(sequence, given, 'last')),
  },
  libllama: {
    truncate: () => peer.clear(),
    evaluate: async (given, past) => void peer.decode(given, past, { read: false }),
  },
};

/** Measures both engines, one after the other. They take turns in coming first. */
async function inTurn(turn: number, given: readonly number[], past: number): Promise<Record<EngineName, number>> {
  const seconds = { chorus: 0, libllama: 0 };
  for (const name of turn % 2 === 0 ? engineNames : [...engineNames].reverse()) {
    const begunMs = processorMs();
    await engines[name].evaluate(given, past);
    seconds[name] = (processorMs() - begunMs) / 1000;
  }
  return seconds;
}

async function round(number: number): Promise<Round> {
  for (const name of engineNames) engines[name].truncate();
  const prompt = await inTurn(number, tokens.slice(0, promptCount), 0);
  const decode = { chorus: 0, libllama: 0 };
  for (let step = 0; step < decodeCount; step++) {
    const seconds = await inTurn(
      number + step,
      tokens.slice(promptCount + step, promptCount + step + 1),
      promptCount + step,
    );
    for (const name of engineNames) decode[name] += seconds[name];
  }
  return { prompt, decode };
}

const rounds: Round[] = [];
// The first round touches buffers and pages and is dropped.
for (let number = 0; number <= roundCount; number++) rounds.push(await round(number));
console.log(JSON.stringify(rounds.slice(1)));
