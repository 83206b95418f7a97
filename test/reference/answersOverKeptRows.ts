import type { Device } from '../../kernels/ggml/device.ts';
import { parseCacheChoice } from '../../sidecar/models/chorus/cache/cacheChoice.ts';
import { LayerMajorPrefill } from '../../sidecar/models/chorus/selection/layerMajor.ts';
import { openNetwork } from '../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../sidecar/models/chorus/network/placement.ts';

const CAPACITY_TOKENS = 512;

interface Given {
  readonly device: Device;
  readonly cache: string;
  readonly prompt: readonly number[];
  /** Tokens behind the prompt, which attend its kept rows. */
  readonly further: readonly number[];
  readonly count: number;
}

/**
 * The likeliest token behind a prompt with only some rows kept, and the `count` likeliest tokens behind the further
 * tokens. Computed by a fresh network without a scheduler.
 */
export async function answersOverKeptRows(
  file: string,
  { device, cache, prompt, further, count }: Given,
): Promise<[behindPrompt: number[], answer: number[]]> {
  using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: CAPACITY_TOKENS });
  const { network, sequence } = opened;
  using prefill = new LayerMajorPrefill(
    network.options,
    [{ tokens: prompt, targets: [{ sequence, selection: parseCacheChoice(cache) }] }],
    { chunkTokens: 128 },
  );
  await prefill.run();
  const likeliest = (logits: Float32Array): number => logits.indexOf(Math.max(...logits));
  const answer = [likeliest(await network.evaluate(sequence, further, 'last'))];
  while (answer.length < count) answer.push(likeliest(await network.evaluate(sequence, answer.slice(-1), 'last')));
  return [[likeliest(prefill.logits[0] as Float32Array)], answer];
}
