import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import type { TensorType } from '../../../../../kernels/ggml/types.ts';
import type { SequenceRows } from '../../../../../sidecar/models/backend.ts';
import { ChorusSequence } from '../../../../../sidecar/models/chorus/chorusSequence.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import type { CacheLayout } from '../../../../../sidecar/models/chorus/cache/cacheLayout.ts';
import { FullCache } from '../../../../../sidecar/models/chorus/cache/fullCache.ts';
import { SequenceCache } from '../../../../../sidecar/models/chorus/cache/sequenceCache.ts';
import { TieredCache } from '../../../../../sidecar/models/chorus/cache/tieredCache.ts';
import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';
import '../../../../reference/lavapipe.ts';
import { TINY_VOCABULARY, attendingVariants, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const [CAPACITY, HELD, RESTORED, REST] = [512, 300, 256, 40];
const tokens = Array.from(
  { length: HELD + REST },
  (_, index) => (index * 7_919 + index * index + 13) % TINY_VOCABULARY,
);
const rest = tokens.slice(RESTORED, RESTORED + REST);

const text = (value: string): GgufEntry => ({ type: 'string', value });
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const mixture = (cache: 'expert' | 'shared'): Record<string, GgufEntry> => ({
  block_kind: text('parallel'),
  norm_kind: text('layer'),
  'attention.layer_norm_epsilon': { type: 'f32', value: 1e-5 },
  'rope.pairing': text('normal'),
  'attention.head_norm': { type: 'bool', value: false },
  expert_interval: count(2),
  expert_count: count(3),
  expert_used_count: count(1),
  expert_gate_mode: text('faithful'),
  'attention.expert_count': count(3),
  'attention.expert_used_count': count(0),
  'attention.expert_cache': text(cache),
});

const models: readonly {
  readonly name: string;
  readonly variant: string;
  readonly keys?: Record<string, GgufEntry>;
  readonly omit?: readonly string[];
}[] = [
  ...attendingVariants.map((variant) => ({ name: variant, variant })),
  { name: 'chorus with a cache per expert', variant: 'chorus', keys: mixture('expert'), omit: ['.bias'] },
  { name: 'chorus with a shared cache', variant: 'chorus', keys: mixture('shared'), omit: ['.bias'] },
];

describe(`CacheRows on ${kind}`, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-rows-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  async function compared(
    { variant, keys, omit }: (typeof models)[number],
    type: TensorType,
    layout: CacheLayout = 'rows',
  ): Promise<void> {
    using device = new Device(kind, { threads: 2 });
    const file = path.join(folder, `${variant}.gguf`);
    await writeTinyModel(file, { variant, type: 'F32', device, keys, omit });
    using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: CAPACITY });
    const { network, model } = opened;
    const [evaluated, restored] = [0, 1].map(
      () => new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, { type, layout }),
    );
    using first = evaluated as SequenceCache;
    using second = restored as SequenceCache;
    const [from, to] = [first, second].map((cache) => {
      const sequence = new ChorusSequence(new FullCache(network, cache), TINY_VOCABULARY);
      sequence.offerRows(() => 'model', RESTORED);
      return sequence;
    }) as [ChorusSequence, ChorusSequence];
    const [source, target] = [from.rows, to.rows] as [SequenceRows, SequenceRows];
    assert.equal(source.key, target.key);
    await from.evaluate(tokens.slice(0, HELD));
    const bytes = new Uint8Array(RESTORED * source.rowBytes);
    source.read(0, bytes);
    // Its rows contain other tokens first.
    await to.evaluate(tokens.slice(7, 7 + HELD));
    await to.truncate(0);
    target.append(tokens.slice(0, RESTORED), bytes);
    await from.truncate(RESTORED);
    const expected = await from.forward(rest, { wanted: 'all', isAnswer: false });
    const actual = await to.forward(rest, { wanted: 'all', isAnswer: false });
    assert.deepEqual(Buffer.from(actual.buffer), Buffer.from(expected.buffer));
    assert.ok(
      expected.some((value) => value !== expected[0]),
      'the logits differ',
    );
    const copy = new Uint8Array(bytes.length);
    target.read(0, copy);
    assert.deepEqual(copy, bytes);
    for (const cache of [first, second]) network.forget(cache);
  }

  for (const model of models)
    it(`give every bit of the logits in another sequence: ${model.name}`, () => compared(model, 'F16'));
  for (const type of ['F32', 'Q8_0'] as const)
    it(`give every bit of the logits in a cache of ${type}`, () =>
      compared(models[0] as (typeof models)[number], type));

  for (const layout of ['heads', 'transposed'] as const)
    for (const model of models)
      it(`give every bit of the logits in the layout ${layout}: ${model.name}`, () => compared(model, 'F16', layout));

  const TIERS = {
    capacity: 64,
    pageRows: 16,
    meanRows: 2,
    window: 16,
    queries: 4,
    refreshQueries: 2,
    cacheType: 'F16',
  } as const;

  async function openTiny(device: Device): ReturnType<typeof openNetwork> {
    const file = path.join(folder, 'tiered.gguf');
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device });
    return openNetwork(file, { placement: onOneDevice(device), capacityTokens: CAPACITY });
  }

  it('are offered only if later tokens do not change them', async () => {
    using device = new Device(kind, { threads: 2 });
    using opened = await openTiny(device);
    const { network, model } = opened;
    const options = { ...TIERS, refreshTokens: 8, blockTokens: 48, togetherTokens: 48 };
    using cache = new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, { queries: options.queries });
    using uneven = new TieredCache(network, cache, options);
    const declined = new ChorusSequence(uneven, TINY_VOCABULARY);
    declined.offerRows(() => 'model', RESTORED);
    assert.equal(declined.rows, undefined, 'a chunk of 256 tokens ends inside a block of 48');
    using even = new TieredCache(network, cache, { ...options, blockTokens: 32, togetherTokens: 16 });
    const sequence = new ChorusSequence(even, TINY_VOCABULARY);
    sequence.offerRows(() => 'model', RESTORED);
    await sequence.evaluate(tokens.slice(0, HELD));
    assert.equal(sequence.rows?.tokens.length, 288, 'the last, unfinished block is evaluated again');
    await sequence.forward([1], { wanted: 'last', isAnswer: true });
    await sequence.forward([2], { wanted: 'last', isAnswer: true });
    assert.equal(sequence.rows?.tokens.length, 288, 'and so is the answer');
    network.forget(cache);
  });

  it('evaluate the beginning of a block again if another text continues inside it', async () => {
    using device = new Device(kind, { threads: 2 });
    using opened = await openTiny(device);
    const { network, model } = opened;
    const options = { ...TIERS, refreshTokens: 8, blockTokens: 32, togetherTokens: 16 };
    using cache = new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, { queries: options.queries });
    using tiers = new TieredCache(network, cache, options);
    const sequence = new ChorusSequence(tiers, TINY_VOCABULARY);
    sequence.offerRows(() => 'model', RESTORED);
    await sequence.evaluate(tokens.slice(0, RESTORED));
    sequence.rows?.append(tokens.slice(RESTORED, RESTORED + 32), new Uint8Array(32 * sequence.rows.rowBytes));
    assert.equal(
      sequence.commonPrefixLength([...tokens.slice(0, RESTORED + 14), ...Array<number>(10).fill(TINY_VOCABULARY - 1)]),
      RESTORED,
    );
    network.forget(cache);
  });

  it('continue a tiered context as if they had been evaluated there', async () => {
    using device = new Device(kind, { threads: 2 });
    using opened = await openTiny(device);
    const { network, model } = opened;
    const options = { ...TIERS, refreshTokens: 4, blockTokens: 32, togetherTokens: 16 };
    using first = new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, { queries: options.queries });
    using second = new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, {
      queries: options.queries,
    });
    using firstTiers = new TieredCache(network, first, options);
    using secondTiers = new TieredCache(network, second, options);
    const [from, to] = [firstTiers, secondTiers].map((tiers) => {
      const sequence = new ChorusSequence(tiers, TINY_VOCABULARY);
      sequence.offerRows(() => 'model', RESTORED);
      return sequence;
    }) as [ChorusSequence, ChorusSequence];
    const answered = async (sequence: ChorusSequence): Promise<number[][]> => {
      const logits = [[...(await sequence.forward(rest, { wanted: 'last', isAnswer: false }))]];
      for (let token = 0; token < 6; token++)
        logits.push([...(await sequence.forward([token * 7], { wanted: 'last', isAnswer: true }))]);
      return logits;
    };
    await from.evaluate(tokens.slice(0, RESTORED));
    const bytes = new Uint8Array(RESTORED * (from.rows?.rowBytes ?? 0));
    from.rows?.read(0, bytes);
    const expected = await answered(from);
    // Its pages and queries contain other tokens first.
    await to.evaluate(tokens.slice(5, 5 + HELD));
    await to.forward([3], { wanted: 'last', isAnswer: true });
    await to.truncate(0);
    to.rows?.append(tokens.slice(0, RESTORED), bytes);
    assert.deepEqual(await answered(to), expected);
    for (const cache of [first, second]) network.forget(cache);
  });
});
