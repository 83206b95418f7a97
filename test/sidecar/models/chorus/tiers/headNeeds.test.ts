import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { fewestTokens, measureHeadNeeds } from '../../../../../sidecar/models/chorus/tiers/headNeeds.ts';
import type { HeadNeeds } from '../../../../../sidecar/models/chorus/tiers/headRuns.ts';
import { branchAttendMix } from '../../../../reference/branchAttendMix.ts';
import { HeldResources } from '../../../../reference/heldResources.ts';
import { plainHeadNeeds } from '../../../../reference/plainHeadNeeds.ts';
import { plainLlamaLogits, type PlainLlamaSizes } from '../../../../reference/plainLlama.ts';
import type { PlainLayer } from '../../../../reference/plainSelectors.ts';
import { readTensors } from '../../../../reference/readTensors.ts';
import { tinyMixture, writeTinyMixture } from '../../../../reference/tinyMixture.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const trial = { pageRows: 8, pagesPerChoice: 4, window: 16, observedTokens: 64 };
/** The last page is incomplete. */
const tokens = Array.from({ length: 317 }, (_, index) => (index * 7_919 + index * index + 17) % TINY_VOCABULARY);
const whole = tokens.slice(0, 312);

describe(`measureHeadNeeds on ${kind}`, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-head-needs-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  /** Opens a model and measures it. */
  async function measured(file: string, some: readonly number[], signal?: AbortSignal): Promise<HeadNeeds | undefined> {
    using resources = new HeldResources(kind);
    const device = resources.use(new Device(kind, { threads: 2 }));
    const { network } = resources.use(await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }));
    return await measureHeadNeeds(network, some, { trial, signal });
  }

  function assertClose(needs: HeadNeeds | undefined, layers: readonly PlainLayer[]): void {
    const expected = layers.flatMap((layer) => plainHeadNeeds(layer, trial));
    assert.deepEqual(
      needs?.map(({ length }) => length),
      layers.map(({ key }) => key[0]?.length),
    );
    for (const [index, need] of needs.flat().entries()) {
      const own = expected[index] as number;
      // Float16 keys change some choices that are nearly ties.
      assert.ok(Math.abs(need / own - 1) <= 0.02, `head ${index} needs ${need}, expected ${own}`);
    }
  }

  it('equals plain loops', async () => {
    const file = path.join(folder, 'llama.gguf');
    const sizes: PlainLlamaSizes = {
      blockCount: 2,
      width: 64,
      heads: 4,
      kvHeads: 2,
      headSize: 16,
      epsilon: 1e-5,
      ropeBase: 10_000,
      vocabularySize: TINY_VOCABULARY,
    };
    {
      using device = new Device(kind);
      const count = (value: number): { readonly type: 'u32'; readonly value: number } => ({ type: 'u32', value });
      await writeTinyModel(file, {
        variant: 'llama',
        type: 'F32',
        device,
        omit: ['.bias'],
        keys: {
          block_count: count(2),
          embedding_length: count(64),
          feed_forward_length: count(96),
          'attention.head_count': count(4),
          'attention.head_count_kv': count(2),
        },
      });
    }
    const layers: PlainLayer[] = [];
    plainLlamaLogits(
      sizes,
      await readTensors(file),
      whole,
      whole.map(() => 0),
      { onAttention: (layer, block) => (layers[block] = layer) },
    );
    assertClose(await measured(file, tokens), layers);
  });

  for (const cache of ['shared', 'expert'] as const) {
    it(`weighs experts' queries by their gates where these ${cache === 'shared' ? 'share' : 'have'} keys`, async () => {
      const file = path.join(folder, `${cache}.gguf`);
      using device = new Device(kind);
      const reference = await writeTinyMixture(file, { cache, device });
      const layers: PlainLayer[] = [];
      branchAttendMix(reference, whole, {
        attends: () => true,
        onAttention: (layer, block) => (layers[block] = layer),
      });
      assert.equal(layers.length, tinyMixture.blocks);
      assertClose(await measured(file, tokens), layers);
    });
  }

  it('measures nothing in a text too short to choose from, and can be aborted', async () => {
    const file = path.join(folder, 'llama.gguf');
    assert.equal(await measured(file, tokens.slice(0, fewestTokens(trial) - 1)), undefined);
    await assert.rejects(measured(file, tokens, AbortSignal.abort(new Error('enough'))), { message: 'enough' });
  });
});
