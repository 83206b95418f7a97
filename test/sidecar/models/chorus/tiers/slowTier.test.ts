import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { cachedHeads } from '../../../../../sidecar/models/architectures/architecture.ts';
import { ChorusSequence } from '../../../../../sidecar/models/chorus/chorusSequence.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice, withSlowTierOn } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { SequenceCache } from '../../../../../sidecar/models/chorus/cache/sequenceCache.ts';
import { measureHeadNeeds } from '../../../../../sidecar/models/chorus/tiers/headNeeds.ts';
import { TieredCache } from '../../../../../sidecar/models/chorus/cache/tieredCache.ts';
import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';
import { compareLogits } from '../../../../reference/compareLogits.ts';
import { HeldResources } from '../../../../reference/heldResources.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../../../reference/tinyModels.ts';

/** Without a GPU both the model's device and main memory are the processor, as two devices. */
const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const [CAPACITY, PROMPT, ANSWER, KEPT] = [512, 300, 14, 256];
const tokens = Array.from(
  { length: PROMPT + ANSWER },
  (_, index) => (index * 7_919 + 3 * index * index + 39) % TINY_VOCABULARY,
);
const options = {
  capacity: 64,
  pageRows: 16,
  meanRows: 2,
  window: 32,
  refreshTokens: 4,
  queries: 4,
  refreshQueries: 2,
  blockTokens: 32,
  togetherTokens: 16,
  cacheType: 'F16',
} as const;

const text = (value: string): GgufEntry => ({ type: 'string', value });
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const sharedMixture: Record<string, GgufEntry> = {
  block_kind: text('serial'),
  norm_kind: text('rms'),
  'rope.pairing': text('normal'),
  'attention.head_norm': { type: 'bool', value: false },
  expert_interval: count(2),
  expert_count: count(0),
  'attention.expert_count': count(3),
  'attention.expert_used_count': count(0),
  'attention.expert_cache': text('shared'),
};
/**
 * How far logits may be off, and the share of tokens whose logits may not. A GPU rounds differently, most of all eight
 * bits, so that choices near a tie may differ.
 */
const nearness = {
  F16: { tolerance: kind === 'cpu' ? 1e-9 : 1e-3, close: kind === 'cpu' ? 1 : 0.8 },
  Q8_0: { tolerance: kind === 'cpu' ? 1e-9 : 1e-2, close: kind === 'cpu' ? 1 : 0.6 },
  Q4_0: { tolerance: kind === 'cpu' ? 1e-9 : 1e-2, close: kind === 'cpu' ? 1 : 0.6 },
} as const;

interface Results {
  /** A row per token. */
  readonly logits: readonly Float32Array[];
  /** The rows of the first `KEPT` tokens. */
  readonly rows: Uint8Array;
  /** Their key. */
  readonly key: string;
  readonly cacheGpuBytes: number;
  readonly otherGpuBytes: number;
}

describe(`a context kept in main memory and attended on ${kind}`, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-slow-tier-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function modelFile(name: string, keys?: Record<string, GgufEntry>): Promise<string> {
    using device = new Device('cpu', { build: kind });
    const file = path.join(folder, `${name}.gguf`);
    await writeTinyModel(file, { variant: keys ? 'chorus' : 'llama', type: 'F32', device, keys, omit: ['.bias'] });
    return file;
  }

  /**
   * Reads a prompt in two pieces, truncates it, and answers token by token and two at once. `rows`: rows of it that
   * were kept before.
   */
  async function results(
    file: string,
    where: 'main' | 'device' | 'processor',
    {
      cacheType = 'F16',
      capacity = CAPACITY,
      choosing = 'all',
      rows,
    }: {
      readonly cacheType?: keyof typeof nearness;
      readonly capacity?: number;
      readonly choosing?: 'all' | 'some';
      readonly rows?: Uint8Array;
    } = {},
  ): Promise<Results> {
    using resources = new HeldResources(kind);
    const device = resources.use(new Device(kind, { threads: 1 }));
    const cpu = resources.use(new Device('cpu', { build: kind, threads: 1 }));
    const placement =
      where === 'main' ? withSlowTierOn(cpu, onOneDevice(device)) : onOneDevice(where === 'device' ? device : cpu);
    const opened = resources.use(await openNetwork(file, { placement, capacityTokens: 64 }));
    const { network, model } = opened;
    const cache = resources.use(
      new SequenceCache(placement, model.hyperparameters, capacity, {
        queries: options.queries,
        type: cacheType,
        layout: 'heads',
      }),
    );
    const lastHeads = Array.from({ length: model.hyperparameters.blockCount }, (_, block) =>
      block === 0 ? [] : [{ first: cachedHeads(model.hyperparameters, block) - 1, count: 1 }],
    );
    const tiers = resources.use(
      new TieredCache(
        network,
        cache,
        { ...options, cacheType, refreshedHeads: { percent: 50, othersTokens: 8 } },
        choosing === 'some' ? lastHeads : undefined,
      ),
    );
    const sequence = new ChorusSequence(tiers, TINY_VOCABULARY);
    sequence.offerRows(() => 'model', KEPT);
    const kept = sequence.rows;
    assert.ok(kept);
    if (rows) kept.append(tokens.slice(0, KEPT), rows);
    else await sequence.evaluate(tokens.slice(0, KEPT));
    const logits = [await sequence.forward(tokens.slice(KEPT, PROMPT), { wanted: 'all', isAnswer: false })];
    await sequence.truncate(PROMPT - 5);
    logits.push(await sequence.forward(tokens.slice(sequence.length, PROMPT), { wanted: 'last', isAnswer: false }));
    for (let length = PROMPT; length < tokens.length; length = cache.length) {
      const isTwo = length % 3 === 0 && length + 1 < tokens.length;
      logits.push(
        await sequence.forward(tokens.slice(length, length + (isTwo ? 2 : 1)), { wanted: 'all', isAnswer: true }),
      );
    }
    const bytes = new Uint8Array(KEPT * kept.rowBytes);
    kept.read(0, bytes);
    network.forget(cache);
    return {
      logits: logits.flatMap(rowsOf),
      rows: bytes,
      key: kept.key,
      cacheGpuBytes: cache.gpuBytes,
      otherGpuBytes: tiers.gpuBytes + network.gpuBytes,
    };
  }

  function assertSame(
    actual: Results,
    expected: Results,
    { tolerance, close }: { readonly tolerance: number; readonly close: number } = nearness.F16,
  ): void {
    assert.equal(actual.logits.length, expected.logits.length);
    const errors = actual.logits.map(
      (row, index) =>
        compareLogits(row, [expected.logits[index] as Float32Array], TINY_VOCABULARY).normalisedSquaredError,
    );
    const far = errors.filter((error) => !(error <= tolerance));
    assert.ok(
      far.length <= (1 - close) * errors.length,
      `${far.length} of ${errors.length} rows are off, by a normalised squared error of up to ${Math.max(...errors)}`,
    );
  }

  for (const choosing of ['all', 'some'] as const)
    for (const [what, cacheType, keys] of [
      ['a dense model', 'F16', undefined],
      ['a dense model in eight bits', 'Q8_0', undefined],
      ['a dense model in four bits, rotated', 'Q4_0', undefined],
      ['a mixture of attention with a shared cache', 'F16', sharedMixture],
      ['the same in four bits, rotated', 'Q4_0', sharedMixture],
    ] as const) {
      it(`gives the logits of a context kept on the same device: ${what}, ${choosing} heads choosing`, async () => {
        const file = await modelFile(what, keys);
        assertSame(
          await results(file, 'main', { cacheType, choosing }),
          await results(file, 'device', { cacheType, choosing }),
          nearness[cacheType],
        );
      });
    }

  it('measures the same head needs where the context is kept', async () => {
    const file = await modelFile('needs');
    const needsOn = async (where: 'main' | 'device'): Promise<readonly number[]> => {
      using resources = new HeldResources(kind);
      const device = resources.use(new Device(kind, { threads: 1 }));
      const cpu = resources.use(new Device('cpu', { build: kind, threads: 1 }));
      const { network } = resources.use(
        await openNetwork(file, {
          placement: where === 'main' ? withSlowTierOn(cpu, onOneDevice(device)) : onOneDevice(device),
          capacityTokens: 64,
        }),
      );
      return (
        (await measureHeadNeeds(network, tokens, {
          trial: { pageRows: 8, pagesPerChoice: 4, window: 16, observedTokens: 64 },
        })) ?? []
      ).flat();
    };
    const [main, own] = [await needsOn('main'), await needsOn('device')];
    assert.ok(main.length > 0 && main.length === own.length && main.some((need) => need > 0.01));
    for (const [index, need] of main.entries())
      assert.ok(
        Math.abs(need - (own[index] as number)) <= (kind === 'cpu' ? 1e-7 : 1e-3),
        `head ${index}: ${need} and ${own[index]}`,
      );
  });

  it('continues from rows on disk as if they had been evaluated', async () => {
    const file = await modelFile('disk');
    const evaluated = await results(file, 'main');
    const restored = await results(file, 'main', { rows: evaluated.rows });
    assert.deepEqual(restored.rows, evaluated.rows);
    assertSame(restored, evaluated);
    assert.notEqual(
      (await results(file, 'processor')).key,
      evaluated.key,
      'rows of the processor do not replace rows of the GPU',
    );
  });

  it(
    'takes no memory of the GPU that grows with its length',
    { skip: kind === 'cpu' && 'there is no GPU' },
    async () => {
      const file = await modelFile('growing');
      const [short, long] = [await results(file, 'main'), await results(file, 'main', { capacity: 8 * CAPACITY })];
      assert.deepEqual([short.cacheGpuBytes, long.cacheGpuBytes], [0, 0]);
      assert.equal(long.otherGpuBytes, short.otherGpuBytes);
      assert.ok((await results(file, 'device')).cacheGpuBytes > 0);
    },
  );
});

function rowsOf(logits: Float32Array): Float32Array[] {
  return Array.from({ length: logits.length / TINY_VOCABULARY }, (_, row) =>
    logits.subarray(row * TINY_VOCABULARY, (row + 1) * TINY_VOCABULARY),
  );
}
