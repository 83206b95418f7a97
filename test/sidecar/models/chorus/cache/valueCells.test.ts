import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device } from '../../../../../kernels/ggml/device.ts';
import type { CacheLayout } from '../../../../../sidecar/models/chorus/cache/cacheLayout.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { SequenceCache } from '../../../../../sidecar/models/chorus/cache/sequenceCache.ts';
import { valueStretch } from '../../../../../sidecar/models/chorus/cache/valueCells.ts';
import { TINY_VOCABULARY, tinyVariants, writeTinyModel } from '../../../../reference/tinyModels.ts';

const CAPACITY = 256;
/**
 * A first chunk in tiles, then whole stretches in products and in tiles. A chunk that does not begin on a stretch, a
 * single token, and the rest of the cache follow.
 */
const CHUNKS = [96, 16, 64, 5, 64, 1, 10];
/**
 * Squared differences divided by squared logits. Products round probabilities, tiles round them to float16 (1e-5 here);
 * a value in a wrong place gives 1e-2.
 */
const MOST_ERROR = 1e-4;
/** In a mixture rounding decides between experts with equal scores, which no tolerance covers. */
const denseVariants = tinyVariants.filter((variant) => !/experts|moe|oss/.test(variant));
const tokens = Array.from({ length: CAPACITY }, (_, index) => (index * 7_919 + index * index + 13) % TINY_VOCABULARY);

describe('ValueCells', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-values-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const { chunk, past, capacity, stretch } of [
    { chunk: 64, past: 0, capacity: 256, stretch: 16 },
    { chunk: 64, past: 8, capacity: 256, stretch: 1 },
    { chunk: 63, past: 0, capacity: 256, stretch: 1 },
    { chunk: 64, past: 0, capacity: 250, stretch: 1 },
  ]) {
    it(`writes ${stretch} values at once for ${chunk} tokens behind ${past} in ${capacity} rows`, () => {
      assert.equal(valueStretch(chunk, { capacity, past }), stretch);
    });
  }

  for (const variant of denseVariants) {
    it(`gives the logits of a cache in rows, chunk by chunk: ${variant}`, async () => {
      using device = new Device('cpu', { threads: 2 });
      const file = path.join(folder, `${variant}.gguf`);
      await writeTinyModel(file, { variant, type: 'F32', device });
      using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: CAPACITY });
      const { network, model } = opened;
      const inLayout = async (layout: CacheLayout): Promise<Float32Array[]> => {
        using cache = new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, { type: 'F16', layout });
        const logits: Float32Array[] = [];
        let past = 0;
        for (const chunk of CHUNKS) {
          logits.push(await network.evaluate(cache, tokens.slice(past, past + chunk), 'all'));
          past += chunk;
        }
        network.forget(cache);
        return logits;
      };
      const [transposed, rows] = [await inLayout('transposed'), await inLayout('rows')];
      const square = (values: Float32Array): number => values.reduce((sum, value) => sum + value * value, 0);
      for (const [index, expected] of rows.entries()) {
        const given = transposed[index] as Float32Array;
        const error = square(expected.map((logit, at) => logit - (given[at] as number))) / square(expected);
        assert.ok(error <= MOST_ERROR, `chunk ${index}: ${error}`);
      }
    });
  }
});
