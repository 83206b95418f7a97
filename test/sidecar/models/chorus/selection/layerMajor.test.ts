import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import type { WholePrompt } from '../../../../../sidecar/models/backend.ts';
import { parseCacheChoice } from '../../../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { ChorusSequence } from '../../../../../sidecar/models/chorus/chorusSequence.ts';
import { LayerMajorPrefill } from '../../../../../sidecar/models/chorus/selection/layerMajor.ts';
import type { PrefillTarget } from '../../../../../sidecar/models/chorus/selection/prompts.ts';
import type { KeptRows, SelectionPlan } from '../../../../../sidecar/models/chorus/selection/layerSelection.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { SelectedCache } from '../../../../../sidecar/models/chorus/cache/selectedCache.ts';
import { SequenceCache } from '../../../../../sidecar/models/chorus/cache/sequenceCache.ts';
import { assertBestRows } from '../../../../reference/assertBestRows.ts';
import { compareLogits } from '../../../../reference/compareLogits.ts';
import { plainLlamaLogits, type PlainLlamaSizes, type PlainWeights } from '../../../../reference/plainLlama.ts';
import {
  plainAdaptive,
  plainH2o,
  plainKeyDiff,
  plainKvzip,
  plainSnapKv,
  type PlainLayer,
  type PlainScores,
} from '../../../../reference/plainSelectors.ts';
import { readTensors } from '../../../../reference/readTensors.ts';
import { TINY_VOCABULARY, attendingVariants, writeTinyModel } from '../../../../reference/tinyModels.ts';
import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const tokensOf = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => (index * 7_919 + index * index + 13) % TINY_VOCABULARY);

let folder: string;
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-layer-major-'));
});
after(() => rm(folder, { recursive: true, force: true }));

describe(`LayerMajorPrefill on ${kind}`, () => {
  for (const variant of [...attendingVariants]) {
    it(`gives the results of reading chunk by chunk: ${variant}`, async () => {
      using device = new Device(kind, { threads: 2 });
      const file = path.join(folder, `${variant}.gguf`);
      await writeTinyModel(file, { variant, type: 'F32', device });
      using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 768 });
      // Pieces that are computed in the same way, however they are cut.
      const [prompt, next] = [tokensOf(320), tokensOf(325).slice(320)];
      const { network, sequence } = opened;
      let expected = new Float32Array(0);
      for (let start = 0; start < prompt.length; start += 128)
        expected = Float32Array.from(await network.evaluate(sequence, prompt.slice(start, start + 128), 'last'));
      const expectedNext = Float32Array.from(await network.evaluate(sequence, next, 'all'));
      sequence.truncate(0);
      using prefill = new LayerMajorPrefill(network.options, [{ tokens: prompt, targets: [{ sequence }] }], {
        chunkTokens: 128,
      });
      await prefill.run();
      assert.equal(sequence.length, prompt.length);
      assertSame(prefill.logits[0] as Float32Array, expected);
      assertSame(await network.evaluate(sequence, next, 'all'), expectedNext);
    });
  }

  it('leaves no trace of rejected drafts behind selected rows', async () => {
    using device = new Device(kind, { threads: 2 });
    const file = path.join(folder, 'llama.gguf');
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device });
    using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 512 });
    const { network } = opened;
    const [prompt, next] = [tokensOf(320), tokensOf(324).slice(320)];
    const answered = async (drafts: readonly number[]): Promise<Float32Array[]> => {
      using cache = new SequenceCache(network.options.placement, network.options.hyperparameters, 512);
      const sequence = new ChorusSequence(
        new SelectedCache(network, cache, parseCacheChoice('snapkv:64,window=16')),
        TINY_VOCABULARY,
      );
      using reading = sequence.readWhole(prompt) as WholePrompt;
      while (!reading.isDone) await reading.step();
      const rows: Float32Array[] = [];
      for (const token of next) {
        const held = sequence.length;
        const logits = await sequence.forward([token, ...drafts], { wanted: 'all', isAnswer: true });
        rows.push(logits.slice(0, TINY_VOCABULARY));
        assert.equal(await sequence.truncate(held + 1), held + 1);
      }
      assert.deepEqual([cache.length, cache.rows], [324, 68]);
      network.forget(cache);
      return rows;
    };
    const [some, others] = [await answered([3, 1, 4, 1, 5]), await answered([9, 2, 6, 5, 3])];
    for (const [index, row] of some.entries()) assertSame(row, others[index] as Float32Array);
  });

  it('keeps for each of several sequences the rows that it would keep alone', async () => {
    using device = new Device(kind, { threads: 2 });
    const file = path.join(folder, 'llama.gguf');
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device });
    using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 512 });
    const { options } = opened.network;
    const [prompt, next] = [tokensOf(320), tokensOf(325).slice(320)];
    const shared = parseCacheChoice('snapkv:64,window=16');
    const plans: readonly (readonly [string, SelectionPlan?])[] = [
      ['without a selection'],
      ['fewer rows', shared],
      ['more rows of the same', { ...shared, capacity: 160 }],
      ...['snapkv:64,window=8,pool=max', 'h2o:100', 'keydiff:64', 'random:64', 'expected-attention:64'].map(
        (text) => [text, parseCacheChoice(text)] as const,
      ),
      ['kvzip:64', { ...parseCacheChoice('kvzip:64'), replay: (tokens) => [tokens.slice(0, 200), tokens.slice(200)] }],
    ];
    const open = ([, selection]: (typeof plans)[number]): PrefillTarget => ({
      sequence: new SequenceCache(options.placement, options.hyperparameters, 512),
      selection: selection && { ...selection, tellsRows: true },
    });
    const [together, alone] = [plans.map(open), plans.map(open)];
    using joint = new LayerMajorPrefill(options, [{ tokens: prompt, targets: together }], { chunkTokens: 128 });
    await joint.run();
    for (const [index, target] of alone.entries()) {
      using prefill = new LayerMajorPrefill(options, [{ tokens: prompt, targets: [target] }], { chunkTokens: 128 });
      await prefill.run();
      const name = plans[index]?.[0];
      assert.deepEqual(joint.kept[index], keptBy(prefill), name);
      assertSame(joint.logits[0] as Float32Array, prefill.logits[0] as Float32Array);
      const { sequence } = together[index] as PrefillTarget;
      assert.deepEqual([sequence.length, sequence.rows], [target.sequence.length, target.sequence.rows], name);
      assertSame(
        await opened.network.evaluate(sequence, next, 'all'),
        await opened.network.evaluate(target.sequence, next, 'all'),
      );
    }
    for (const { sequence } of [...together, ...alone]) {
      opened.network.forget(sequence);
      sequence[Symbol.dispose]();
    }
  });

  it('keeps for prompts with a common prefix the rows that each would keep alone', async () => {
    using device = new Device(kind, { threads: 2 });
    const file = path.join(folder, 'llama.gguf');
    await writeTinyModel(file, { variant: 'llama', type: 'F32', device });
    using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 512 });
    const { options } = opened.network;
    const context = tokensOf(256);
    // Each rest is at least as long as the longest window, and both are cut in the same way.
    const prompts = [tokensOf(71).slice(11), tokensOf(112).slice(62), tokensOf(55)].map((question) => [
      ...context,
      ...question,
    ]);
    const choices = [
      undefined,
      ...[
        'snapkv:64,window=16',
        'snapkv:128,window=16',
        'snapkv:64,window=48,pool=max',
        'h2o:100',
        'h2o:312',
        'expected-attention:312',
        'snapkv:312',
        'keydiff:64',
        'random:64',
        'expected-attention:64',
        'kvzip:64',
      ].map((text) => parseCacheChoice(text)),
    ];
    const open = (selection: SelectionPlan | undefined): PrefillTarget => ({
      sequence: new SequenceCache(options.placement, options.hyperparameters, 512),
      selection: selection && {
        ...selection,
        tellsRows: true,
        replay: (tokens) => [tokens.slice(0, 150), tokens.slice(150)],
      },
    });
    const together = prompts.map((tokens) => ({ tokens, targets: choices.map(open) }));
    using joint = new LayerMajorPrefill(options, together, { chunkTokens: 64 });
    await joint.run();
    for (const [number, { tokens, targets }] of together.entries()) {
      const alone = choices.map(open);
      using prefill = new LayerMajorPrefill(options, [{ tokens, targets: alone }], { chunkTokens: 64 });
      await prefill.run();
      assert.deepEqual(
        joint.kept.slice(number * choices.length, (number + 1) * choices.length),
        prefill.kept,
        `prompt ${number}`,
      );
      assertSame(joint.logits[number] as Float32Array, prefill.logits[0] as Float32Array);
      for (const [index, { sequence }] of targets.entries()) {
        const { sequence: expected } = alone[index] as PrefillTarget;
        assertSame(
          await opened.network.evaluate(sequence, [1, 2, 3], 'all'),
          await opened.network.evaluate(expected, [1, 2, 3], 'all'),
        );
        for (const cache of [sequence, expected]) {
          opened.network.forget(cache);
          cache[Symbol.dispose]();
        }
      }
    }
    assert.equal(joint.share, 1);
  });

  it('keeps the last rows of layers that attend a window of the last tokens', async () => {
    using device = new Device(kind, { threads: 2 });
    const file = path.join(folder, 'cohere2.gguf');
    await writeTinyModel(file, { variant: 'cohere2', type: 'F32', device });
    using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 });
    const choice = parseCacheChoice('snapkv:64,window=8');
    using prefill = new LayerMajorPrefill(
      opened.network.options,
      [{ tokens: tokensOf(200), targets: [{ sequence: opened.sequence, selection: { ...choice, tellsRows: true } }] }],
      { chunkTokens: 128 },
    );
    await prefill.run();
    const last = Array.from({ length: 64 }, (_, index) => 136 + index);
    // Every fourth layer attends all rows.
    assert.deepEqual(
      keptBy(prefill).map((heads) => heads.every((rows) => rows.every((row, index) => row === last[index]))),
      [true, true, true, false],
    );
    assert.deepEqual([opened.sequence.length, opened.sequence.rows], [200, 64]);
  });
});

/** The rows of the first target, layer by layer. */
function keptBy({ kept: [rows] }: LayerMajorPrefill): readonly KeptRows[] {
  assert.ok(rows);
  return rows;
}

/** A processor does the same operations in the same order. GPUs choose kernels by size. */
function assertSame(actual: Float32Array, expected: Float32Array): void {
  const { normalisedSquaredError } = compareLogits(actual, rowsOf(expected), TINY_VOCABULARY);
  assert.ok(
    normalisedSquaredError <= (kind === 'cpu' ? 1e-9 : 1e-5),
    `normalised squared error ${normalisedSquaredError}`,
  );
}

const rowsOf = (logits: Float32Array): Float32Array[] =>
  Array.from({ length: logits.length / TINY_VOCABULARY }, (_, row) =>
    logits.subarray(row * TINY_VOCABULARY, (row + 1) * TINY_VOCABULARY),
  );

const count = (value: number): GgufEntry => ({ type: 'u32', value });
const CONTEXT = 150;

describe(`rows that LayerMajorPrefill selects on ${kind}`, () => {
  for (const [shape, heads, kvHeads] of [
    ['grouped queries', 4, 2],
    ['a KV head for each query head', 4, 4],
  ] as const) {
    const sizes: PlainLlamaSizes = {
      blockCount: 2,
      width: 64,
      heads,
      kvHeads,
      headSize: 16,
      epsilon: 1e-5,
      ropeBase: 10_000,
      vocabularySize: TINY_VOCABULARY,
    };
    const context = tokensOf(CONTEXT);
    let file: string;
    let weights: PlainWeights;
    const layers: PlainLayer[] = [];
    before(async () => {
      file = path.join(folder, `${kvHeads}.gguf`);
      using device = new Device(kind);
      await writeTinyModel(file, {
        variant: 'llama',
        type: 'F32',
        device,
        omit: ['.bias'],
        keys: {
          block_count: count(2),
          embedding_length: count(64),
          feed_forward_length: count(96),
          'attention.head_count': count(heads),
          'attention.head_count_kv': count(kvHeads),
        },
      });
      weights = await readTensors(file);
      plainLlamaLogits(
        sizes,
        weights,
        context,
        context.map(() => 0),
        { onAttention: (layer) => layers.push(layer) },
      );
    });

    const cases: readonly (readonly [string, (layer: PlainLayer, candidates: number) => PlainScores])[] = [
      [
        'snapkv:64,window=16,kernel=5,pool=avg',
        (layer, candidates) => plainSnapKv(layer, candidates, { kernel: 5, pool: 'avg' }),
      ],
      [
        'snapkv:40,window=8,kernel=15,pool=max',
        (layer, candidates) => plainSnapKv(layer, candidates, { kernel: 15, pool: 'max' }),
      ],
      // A window of several chunks.
      [
        'snapkv:120,window=80,kernel=1',
        (layer, candidates) => plainSnapKv(layer, candidates, { kernel: 1, pool: 'avg' }),
      ],
      ['h2o:60,window=20', (layer, candidates) => plainH2o(layer, candidates)],
      ['keydiff:33,window=1', (layer, candidates) => plainKeyDiff(layer, candidates)],
    ];
    for (const [text, reference] of cases) {
      it(`equal those of plain loops, and give the logits of attending them alone: ${shape}, ${text}`, async () => {
        using device = new Device(kind, { threads: 2 });
        using opened = await openNetwork(file, {
          placement: onOneDevice(device),
          capacityTokens: 256,
          cacheType: 'F32',
        });
        const choice = parseCacheChoice(text);
        const plan: SelectionPlan = { ...choice, tellsRows: true };
        using prefill = new LayerMajorPrefill(
          opened.network.options,
          [{ tokens: context, targets: [{ sequence: opened.sequence, selection: plan }] }],
          { chunkTokens: 64, cacheType: 'F32' },
        );
        await prefill.run();
        for (const [block, layer] of layers.slice(0, sizes.blockCount).entries()) {
          const scores = reference(layer, CONTEXT - choice.window);
          for (const [head, ofHead] of scores.entries())
            assertBest(keptBy(prefill)[block]?.[head] as number[], ofHead, choice.capacity - choice.window);
        }
        const more = tokensOf(CONTEXT + 6).slice(CONTEXT);
        const logits = await opened.network.evaluate(opened.sequence, more, 'all');
        const all = [...context, ...more];
        const kept = keptBy(prefill).map((ofLayer) => ofLayer.map((rows) => new Set(rows)));
        const expected = plainLlamaLogits(
          sizes,
          weights,
          all,
          all.map(() => 0),
          {
            attends: ({ block, kvHead, position, other }) =>
              position < CONTEXT || other >= CONTEXT || (kept[block]?.[kvHead]?.has(other) ?? false),
          },
        );
        const { normalisedSquaredError } = compareLogits(
          logits,
          expected.slice(CONTEXT).map((row) => Float32Array.from(row)),
          TINY_VOCABULARY,
        );
        assert.ok(
          normalisedSquaredError <= (kind === 'cpu' ? 1e-9 : 1e-4),
          `normalised squared error ${normalisedSquaredError}`,
        );
      });
    }

    it(`are the best of all heads, at least a fifth of each, and are not gathered with an adaptive budget: ${shape}`, async () => {
      using device = new Device(kind, { threads: 2 });
      using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256, cacheType: 'F32' });
      const choice = parseCacheChoice('snapkv:60,window=4,kernel=5,budget=adaptive', { mayDifferByHead: true });
      using prefill = new LayerMajorPrefill(
        opened.network.options,
        [{ tokens: context, targets: [{ sequence: opened.sequence, selection: { ...choice, tellsRows: true } }] }],
        { chunkTokens: 64, cacheType: 'F32' },
      );
      await prefill.run();
      const last = Array.from({ length: 4 }, (_, index) => CONTEXT - 4 + index);
      const expected = layers
        .slice(0, sizes.blockCount)
        .map((layer) =>
          plainAdaptive(plainSnapKv(layer, CONTEXT - 4, { kernel: 5, pool: 'avg' }), { count: 56, least: 8 }).map(
            (rows) => [...rows, ...last],
          ),
        );
      if (kind === 'cpu') assert.deepEqual(keptBy(prefill), expected);
      assert.ok(expected.some((ofLayer) => new Set(ofLayer.map(({ length }) => length)).size > 1));
      for (const ofLayer of keptBy(prefill)) assert.equal(ofLayer.flat().length, 60 * kvHeads);
      assert.equal(opened.sequence.length, 0);
    });

    it(`take the same memory however far expected-attention looks ahead: ${shape}`, async () => {
      using device = new Device(kind, { threads: 2 });
      using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256, cacheType: 'F32' });
      const sizes: number[] = [];
      for (const future of [32, 4_096]) {
        opened.sequence.truncate(0);
        using prefill = new LayerMajorPrefill(
          opened.network.options,
          [
            {
              tokens: context,
              targets: [
                { sequence: opened.sequence, selection: parseCacheChoice(`expected-attention:64,future=${future}`) },
              ],
            },
          ],
          { chunkTokens: 64, cacheType: 'F32' },
        );
        await prefill.run();
        sizes.push(prefill.sizeBytes);
      }
      const [near, far] = sizes as [number, number];
      assert.ok(far - near < 1e6, `${near} and ${far} bytes`);
    });

    it(`are read a second time with kvzip: ${shape}`, async () => {
      using device = new Device(kind, { threads: 2 });
      using opened = await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256, cacheType: 'F32' });
      const choice = parseCacheChoice('kvzip:50,window=10');
      const replayed = context.slice(0, 70);
      using prefill = new LayerMajorPrefill(
        opened.network.options,
        [
          {
            tokens: context,
            targets: [
              { sequence: opened.sequence, selection: { ...choice, tellsRows: true, replay: () => [replayed] } },
            ],
          },
        ],
        { chunkTokens: 64, cacheType: 'F32' },
      );
      await prefill.run();
      const read: PlainLayer[] = [];
      const all = [...context, ...replayed];
      plainLlamaLogits(
        sizes,
        weights,
        all,
        all.map(() => 0),
        { onAttention: (layer) => read.push(layer) },
      );
      for (const [block, layer] of read.entries()) {
        for (const [head, ofHead] of plainKvzip(layer, CONTEXT).entries())
          assertBest(
            keptBy(prefill)[block]?.[head] as number[],
            ofHead.slice(0, CONTEXT - choice.window),
            choice.capacity - choice.window,
          );
      }
    });
  }
});

function assertBest(kept: readonly number[], scores: readonly number[], chosen: number): void {
  assertBestRows(kept, scores, { chosen, rows: CONTEXT, tie: kind === 'cpu' ? 1e-3 : 2e-2 });
}
