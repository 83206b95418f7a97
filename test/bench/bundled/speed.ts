import os from 'node:os';
import { Device } from '../../../kernels/ggml/device.ts';
import { measureSpeed } from '../../../sidecar/engine/measuring.ts';
import { openNetwork } from '../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../sidecar/models/chorus/network/placement.ts';
import { median } from '../statistics.ts';
import type { BenchModel } from './models.ts';

/** Tokens per second, the median of the rounds, and bytes of the weights in memory. */
export interface Speed {
  readonly prompt: number;
  readonly decode: number;
  readonly weightBytes: number;
}

const PROMPT_TOKENS = 256;
const DECODE_TOKENS = 32;
const DEPTH_TOKENS = 256;
const ROUNDS = 5;

/** Measures models in turn, round by round, so that whatever else the machine does hits all of them. */
export async function measureSpeeds(models: readonly BenchModel[]): Promise<ReadonlyMap<string, Speed>> {
  const measured = new Map(models.map(({ name }) => [name, { prompt: [] as number[], decode: [] as number[], weightBytes: 0 }]));
  using device = new Device('cpu', { threads: os.availableParallelism() });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, file } of models) {
      using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: DEPTH_TOKENS + PROMPT_TOKENS });
      const { network, sequence, model } = opened;
      const evaluator = {
        vocabularySize: model.hyperparameters.vocabularySize,
        contextSizeTokens: sequence.capacity,
        reset: () => sequence.truncate(0),
        evaluate: (tokens: readonly number[], wanted: 'none' | 'last' | 'all') => network.evaluate(sequence, tokens, wanted),
        dispose: () => undefined,
      };
      const { results } = await measureSpeed(evaluator, { promptTokens: PROMPT_TOKENS, decodeTokens: DECODE_TOKENS, depths: [DEPTH_TOKENS] });
      const own = measured.get(name) as NonNullable<ReturnType<typeof measured.get>>;
      for (const { test, tokensPerSecond } of results) own[test].push(tokensPerSecond);
      own.weightBytes = network.options.weights.sizeBytes;
    }
  }
  return new Map([...measured].map(([name, { prompt, decode, weightBytes }]) => [name, { prompt: median(prompt), decode: median(decode), weightBytes }]));
}
