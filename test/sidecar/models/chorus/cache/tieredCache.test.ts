import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { fromFloat32, toFloat32 } from '../../../../../kernels/ggml/dequantise.ts';
import type { TensorType } from '../../../../../kernels/ggml/types.ts';
import { ChorusSequence } from '../../../../../sidecar/models/chorus/chorusSequence.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { SequenceCache } from '../../../../../sidecar/models/chorus/cache/sequenceCache.ts';
import type { HeadRuns } from '../../../../../sidecar/models/chorus/tiers/headRuns.ts';
import type { TierOptions } from '../../../../../sidecar/models/chorus/tiers/tierOptions.ts';
import { TieredCache } from '../../../../../sidecar/models/chorus/cache/tieredCache.ts';
import type { GgufEntry } from '../../../../../sidecar/models/gguf/content.ts';
import { compareLogits } from '../../../../reference/compareLogits.ts';
import { HeldResources } from '../../../../reference/heldResources.ts';
import { plainHadamard } from '../../../../reference/plainHadamard.ts';
import { plainLlamaLogits, type PlainLlamaSizes, type PlainWeights } from '../../../../reference/plainLlama.ts';
import { plainTierLogits, type Cut } from '../../../../reference/plainTiers.ts';
import { readTensors } from '../../../../reference/readTensors.ts';
import { TINY_VOCABULARY, writeTinyModel } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const shape = { blockCount: 2, width: 64, epsilon: 1e-5, ropeBase: 10_000, vocabularySize: TINY_VOCABULARY };
const [PROMPT, QUERIES, REFRESH_QUERIES, OTHERS_TOKENS] = [150, 4, 2, 7];
const shared = {
  capacity: 32,
  pageRows: 8,
  window: 24,
  queries: QUERIES,
  refreshQueries: REFRESH_QUERIES,
  blockTokens: 0,
  togetherTokens: 1,
};
/** The last page is incomplete. */
const CAPACITY = PROMPT + 13;
const tokens = Array.from(
  { length: PROMPT + 12 },
  (_, index) => (index * 7_919 + index * index + 17) % TINY_VOCABULARY,
);

/**
 * For each type of the cache: how near to a tie rounding may decide a choice, and how far logits may be off. `close` is
 * the least share of tokens within that.
 */
const cases = [
  {
    cacheType: 'F32',
    meanRows: 1,
    refreshTokens: 4,
    sizes: { ...shape, heads: 4, kvHeads: 2, headSize: 16 },
    tie: kind === 'cpu' ? 1.002 : 1.005,
    tolerance: kind === 'cpu' ? 1e-5 : 1e-3,
    close: 1,
    blocks: [
      [8, 8],
      [5, 5],
      [24, 12],
    ],
  },
  // Means are kept in float16.
  {
    cacheType: 'F32',
    meanRows: 4,
    refreshTokens: 6,
    sizes: { ...shape, heads: 4, kvHeads: 2, headSize: 16 },
    tie: kind === 'cpu' ? 1.003 : 1.005,
    tolerance: kind === 'cpu' ? 1e-5 : 1e-3,
    close: 1,
    blocks: [
      [8, 8],
      [32, 16],
    ],
  },
  // Rows are copied between tiers as they are. Queries are rounded too.
  {
    cacheType: 'F16',
    meanRows: 1,
    refreshTokens: 1,
    sizes: { ...shape, heads: 2, kvHeads: 2, headSize: 32 },
    tie: 1.005,
    tolerance: 1e-4,
    close: 0.9,
    blocks: [[8, 8]],
  },
  // Queries are also rounded to eight bits, so some choices differ.
  {
    cacheType: 'Q8_0',
    meanRows: 1,
    refreshTokens: 3,
    sizes: { ...shape, heads: 2, kvHeads: 1, headSize: 32 },
    tie: 1.01,
    tolerance: 1e-2,
    close: 0.75,
    blocks: [[8, 8]],
  },
  // Rows are rotated.
  {
    cacheType: 'Q4_0',
    meanRows: 1,
    refreshTokens: 4,
    sizes: { ...shape, heads: 2, kvHeads: 1, headSize: 32 },
    tie: 1.01,
    tolerance: 1e-2,
    close: 0.75,
    blocks: [[8, 8]],
  },
] satisfies readonly {
  readonly cacheType: TensorType;
  readonly meanRows: number;
  readonly refreshTokens: number;
  readonly sizes: PlainLlamaSizes;
  readonly tie: number;
  readonly tolerance: number;
  readonly close: number;
  readonly blocks: readonly (readonly [number, number])[];
}[];

for (const { cacheType, meanRows, refreshTokens, sizes, tie, tolerance, close, blocks } of cases)
  describe(`TieredCache in ${cacheType}, with means of ${meanRows} keys and choices every ${refreshTokens} tokens, on ${kind}`, () => {
    const options: TierOptions = {
      ...shared,
      meanRows,
      refreshTokens,
      cacheType: cacheType === 'F32' ? 'F16' : cacheType,
    };
    let folder: string;
    let file: string;
    let weights: PlainWeights;
    before(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-fast-tier-'));
      file = path.join(folder, 'model.gguf');
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
          'attention.head_count': count(sizes.heads),
          'attention.head_count_kv': count(sizes.kvHeads),
        },
      });
      weights = await readTensors(file);
    });
    after(() => rm(folder, { recursive: true, force: true }));

    /** Returns keys and values as the cache keeps them. */
    const keptRow = (row: readonly number[]): readonly number[] => {
      if (cacheType === 'F32') return row;
      const rotate = cacheType === 'Q4_0' ? plainHadamard : (heads: readonly number[]): readonly number[] => heads;
      return rotate([...toFloat32(cacheType, fromFloat32(cacheType, Float32Array.from(rotate(row)), row.length))]);
    };

    /** Returns the logits of the tokens from `first` on, in plain loops. */
    const expectedLogits = (
      first: number,
      cuts: readonly Cut[],
      everythingFrom?: number,
    ): (Float32Array | undefined)[] =>
      plainTierLogits(
        {
          tokens,
          options,
          tie,
          forward: (seen, hooks) =>
            plainLlamaLogits(
              sizes,
              weights,
              seen,
              seen.map(() => 0),
              { ...hooks, keptRow },
            ),
        },
        cuts,
        everythingFrom,
      ).slice(first);

    function assertClose(rows: readonly Float32Array[], expected: readonly (Float32Array | undefined)[]): void {
      const compared = expected.flatMap((row, index) => (row ? [{ row, own: rows[index] as Float32Array }] : []));
      // A GPU rounds more, so that more choices are near a tie. The few tokens behind a cut may all depend on one
      // choice, unlike those of a whole answer or prompt.
      const least =
        kind === 'cpu' || rows.length === tokens.length || expected.length === tokens.length - PROMPT
          ? Math.max(1, 0.3 * rows.length)
          : 0;
      assert.ok(
        rows.length === expected.length && compared.length >= least,
        `${compared.length} of ${rows.length} rows have no tie, expected at least ${least}`,
      );
      const errors = compared.map(({ row, own }) => compareLogits(own, [row], TINY_VOCABULARY).normalisedSquaredError);
      const far = errors.filter((error) => !(error <= tolerance));
      assert.ok(
        far.length <= (1 - close) * errors.length,
        `${far.length} of ${errors.length} rows are off, by a normalised squared error of up to ${Math.max(...errors)}`,
      );
    }

    for (const runs of [undefined, ...runsOf(sizes)])
      it(`gives an answer the logits of plain loops, also after a truncation and with drafts${runs ? `, if ${JSON.stringify(runs)} choose` : ''}`, async () => {
        using resources = new HeldResources(kind);
        const device = resources.use(new Device(kind, { threads: 2 }));
        const opened = resources.use(await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }));
        const { network, model } = opened;
        const sequence = resources.use(
          new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, {
            type: cacheType,
            queries: QUERIES,
            pageRows: shared.pageRows,
            layout: 'heads',
          }),
        );
        const tiers = resources.use(
          new TieredCache(
            network,
            sequence,
            { ...options, refreshedHeads: runs && { percent: 50, othersTokens: OTHERS_TOKENS } },
            runs,
          ),
        );
        const fast = tiers.answers;
        assert.ok(fast.schedule.isWorthwhile(PROMPT));
        await network.evaluate(sequence, tokens.slice(0, 100), 'none');
        await network.evaluate(sequence, tokens.slice(100, PROMPT), 'none');
        const cuts = Array.from(
          { length: Math.ceil((tokens.length - PROMPT) / options.refreshTokens) },
          (_, index) => PROMPT + index * options.refreshTokens,
        );
        // All heads choose at the first choice after this many tokens.
        const isSome = (at: number): boolean =>
          runs !== undefined && (at - PROMPT) % (refreshTokens * Math.ceil(OTHERS_TOKENS / refreshTokens)) !== 0;
        const heads = (block: number, kvHead: number): boolean =>
          runs?.[block]?.some(({ first, count }) => kvHead >= first && kvHead < first + count) === true;
        const expected = expectedLogits(
          PROMPT,
          cuts.map((at) => ({
            start: at,
            last: at,
            queries: at === PROMPT ? QUERIES : REFRESH_QUERIES,
            heads: isSome(at) ? heads : undefined,
          })),
        );
        const answer = async (): Promise<Float32Array[]> => {
          const rows: Float32Array[] = [];
          for (const token of tokens.slice(PROMPT)) rows.push(Float32Array.from(await fast.evaluate([token], 'last')));
          return rows;
        };
        const first = await answer();
        sequence.truncate(PROMPT - 7);
        await network.evaluate(sequence, tokens.slice(PROMPT - 7, PROMPT), 'none');
        fast.schedule.restart();
        const second = await answer();
        // Two tokens at once before a choice is due, at first with a wrong second token.
        sequence.truncate(PROMPT);
        fast.schedule.restart();
        const drafted: Float32Array[] = [];
        for (let length = PROMPT; length < tokens.length;) {
          if (fast.schedule.tokensBeforeChoice(length) >= 2 && length + 1 < tokens.length) {
            await fast.evaluate([tokens[length] as number, (tokens[length + 1] as number) ^ 1], 'all');
            sequence.truncate(length);
            const two = await fast.evaluate(tokens.slice(length, length + 2), 'all');
            drafted.push(two.slice(0, TINY_VOCABULARY), two.slice(TINY_VOCABULARY));
            length += 2;
          } else drafted.push(Float32Array.from(await fast.evaluate([tokens[length++] as number], 'last')));
        }
        for (const rows of [first, second, drafted]) assertClose(rows, expected);
        network.forget(sequence);
      });

    // A GPU rounds these rows differently if tokens are evaluated beside others, and some choices then differ.
    it(
      'gives the same answer after a deletion whether or not drafts were rejected before',
      { skip: kind !== 'cpu' && (cacheType === 'F16' || cacheType === 'Q4_0') },
      async () => {
        using resources = new HeldResources(kind);
        const device = resources.use(new Device(kind, { threads: 2 }));
        const opened = resources.use(await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }));
        const { network, model } = opened;
        const typed = [...tokens.slice(0, PROMPT - 22), 5];
        const answered = async (drafts: readonly number[]): Promise<Float32Array[]> => {
          const sequence = resources.use(
            new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, {
              type: cacheType,
              queries: QUERIES,
              pageRows: shared.pageRows,
              layout: 'heads',
            }),
          );
          const tiers = resources.use(new TieredCache(network, sequence, { ...options, refreshTokens: 8 }));
          const chorus = new ChorusSequence(tiers, TINY_VOCABULARY);
          await chorus.forward(tokens.slice(0, PROMPT), { wanted: 'last', isAnswer: false });
          await chorus.forward([1], { wanted: 'last', isAnswer: true });
          await chorus.forward([2, ...drafts], { wanted: 'all', isAnswer: true });
          sequence.truncate(PROMPT + 2);
          const held = await chorus.truncate(Math.min(chorus.commonPrefixLength(typed), typed.length - 1));
          await chorus.forward(typed.slice(held), { wanted: 'last', isAnswer: false });
          const rows: Float32Array[] = [];
          for (const token of tokens.slice(0, 6))
            rows.push(Float32Array.from(await chorus.forward([token], { wanted: 'last', isAnswer: true })));
          network.forget(sequence);
          return rows;
        };
        const [plain, drafted] = [await answered([]), await answered([3, 1, 4, 1, 5, 9])];
        for (const [index, row] of drafted.entries()) {
          const { normalisedSquaredError } = compareLogits(row, [plain[index] as Float32Array], TINY_VOCABULARY);
          // Tokens without queries are evaluated again, fewer at once, which rounds some float16 values differently.
          assert.ok(
            normalisedSquaredError <= (kind !== 'cpu' ? 1e-4 : cacheType === 'F16' ? 1e-6 : 1e-9),
            `token ${index} is off by a normalised squared error of ${normalisedSquaredError}`,
          );
        }
      },
    );

    it('gives the same answer whatever tokens a part of the prompt replaced', async () => {
      using resources = new HeldResources(kind);
      const device = resources.use(new Device(kind, { threads: 2 }));
      const { network, model } = resources.use(
        await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }),
      );
      const rows: Float32Array[] = [];
      for (const before of [[], tokens.map((token, index) => (index < 20 ? token : (token + 7) % TINY_VOCABULARY))]) {
        const sequence = resources.use(
          new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, {
            type: cacheType,
            queries: QUERIES,
            pageRows: shared.pageRows,
            layout: 'heads',
          }),
        );
        const fast = resources.use(new TieredCache(network, sequence, options)).answers;
        for (const prompt of [before, tokens].filter(({ length }) => length > 0)) {
          sequence.truncate(Math.min(20, sequence.length));
          if (sequence.length === 0) await network.evaluate(sequence, prompt.slice(0, 20), 'none');
          await network.evaluate(sequence, prompt.slice(20, PROMPT), 'none');
          fast.schedule.restart();
          for (const token of prompt.slice(PROMPT, PROMPT + 2))
            rows.push(Float32Array.from(await fast.evaluate([token], 'last')));
        }
        network.forget(sequence);
      }
      for (const [index, row] of rows.slice(0, 2).entries()) {
        const { normalisedSquaredError } = compareLogits(rows[4 + index] as Float32Array, [row], TINY_VOCABULARY);
        assert.ok(
          normalisedSquaredError <= (kind === 'cpu' ? 1e-12 : 1e-8),
          `token ${index} is off by a normalised squared error of ${normalisedSquaredError}`,
        );
      }
    });

    it('gives the same answer token by token and many tokens at once, from before the first choice on', async () => {
      using resources = new HeldResources(kind);
      const device = resources.use(new Device(kind, { threads: 2 }));
      const opened = resources.use(await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }));
      const { network, model } = opened;
      // The first 89 tokens attend all rows.
      const [begins, chooses, ends] = [80, 89, 120];
      const answered = async (
        piece: (length: number, fast: TieredCache['answers']) => number,
      ): Promise<Float32Array[]> => {
        const sequence = resources.use(
          new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, {
            type: cacheType,
            queries: QUERIES,
            pageRows: shared.pageRows,
            layout: 'heads',
          }),
        );
        const tiers = resources.use(new TieredCache(network, sequence, options));
        const chorus = new ChorusSequence(tiers, TINY_VOCABULARY);
        await chorus.forward(tokens.slice(0, begins), { wanted: 'last', isAnswer: false });
        const rows: Float32Array[] = [];
        while (sequence.length < ends) {
          const end = Math.min(ends, sequence.length + piece(sequence.length, tiers.answers));
          rows.push(
            ...rowsOf(await chorus.forward(tokens.slice(sequence.length, end), { wanted: 'all', isAnswer: true })),
          );
        }
        network.forget(sequence);
        return rows;
      };
      const expected = await answered(() => 1);
      const before: [number, number][] = [];
      const drafted = await answered((length, fast) => {
        before.push([length, fast.schedule.tokensBeforeChoice(length)]);
        return Math.max(1, fast.schedule.tokensBeforeChoice(length));
      });
      assert.deepEqual(before.slice(0, 4), [
        [begins, chooses - begins],
        [chooses, 0],
        [chooses + 1, options.refreshTokens - 1],
        [chooses + Math.max(2, options.refreshTokens), 0],
      ]);
      for (const rows of [drafted, await answered(() => ends)]) {
        assert.equal(rows.length, ends - begins);
        for (const [index, row] of rows.entries()) {
          const { normalisedSquaredError } = compareLogits(row, [expected[index] as Float32Array], TINY_VOCABULARY);
          assert.ok(
            normalisedSquaredError <= (kind === 'cpu' && cacheType === 'F32' ? 1e-9 : 1e-3),
            `token ${index} is off by a normalised squared error of ${normalisedSquaredError}`,
          );
        }
      }
    });

    for (const [blockTokens, togetherTokens] of blocks) {
      it(`gives a prompt the logits of plain loops, however it is cut: blocks of ${blockTokens}, ${togetherTokens} tokens choosing together`, async () => {
        using resources = new HeldResources(kind);
        const device = resources.use(new Device(kind, { threads: 2 }));
        const opened = resources.use(await openNetwork(file, { placement: onOneDevice(device), capacityTokens: 256 }));
        const { network, model } = opened;
        const sequence = resources.use(
          new SequenceCache(onOneDevice(device), model.hyperparameters, CAPACITY, {
            type: cacheType,
            queries: QUERIES,
            pageRows: shared.pageRows,
            layout: 'heads',
          }),
        );
        const tiers = resources.use(new TieredCache(network, sequence, { ...options, blockTokens, togetherTokens }));
        const chorus = new ChorusSequence(tiers, TINY_VOCABULARY);
        const first = tiers.prompts?.firstBlock as number;
        // Tokens behind the last whole block attend all rows.
        const whole = tokens.length - (tokens.length % blockTokens);
        const starts = Array.from(
          { length: (whole - first) / togetherTokens },
          (_, index) => first + index * togetherTokens,
        );
        const expected = expectedLogits(
          0,
          starts.map((start) => {
            const every = togetherTokens === 16 ? 8 : 1;
            return { start, last: start + togetherTokens - 1, queries: togetherTokens / every, every };
          }),
          whole,
        );
        const prompt = async (from: number, to: number): Promise<Float32Array> =>
          chorus.forward(tokens.slice(from, to), { wanted: 'all', isAnswer: false });
        assertClose(rowsOf(await prompt(0, tokens.length)), expected);
        // The prompt is cut inside blocks and begun again inside a block with another end. Then it is typed token by
        // token past the end of a block.
        await chorus.truncate(0);
        for (const [from, to] of [
          [0, first - 20],
          [first - 20, first + 3],
          [first + 3, first + 4],
        ] as const)
          await prompt(from, to);
        await chorus.forward([1, 2, 3], { wanted: 'none', isAnswer: false });
        let held = await chorus.truncate(chorus.commonPrefixLength(tokens.slice(0, first + 10)));
        // A block that becomes whole is evaluated again.
        assert.equal(held, blockTokens > 10 ? first + 4 : first);
        for (const end of [
          first + 10,
          ...Array.from({ length: 30 }, (_, index) => first + 11 + index),
          tokens.length - 14,
        ]) {
          await prompt(held, end);
          held = end;
        }
        assertClose(rowsOf(await prompt(held, tokens.length)), expected.slice(held));
        // The same prompt again.
        held = await chorus.truncate(Math.min(chorus.commonPrefixLength(tokens), tokens.length - 1));
        assert.equal(held, tokens.length - 1);
        // The evaluation fails after its rows were written.
        const evaluate = network.evaluate.bind(network);
        const ended = mock.method(network, 'evaluate', async (...parameters: Parameters<typeof evaluate>) => {
          await evaluate(...parameters);
          throw new Error('ended');
        });
        await assert.rejects(prompt(held, tokens.length), { message: 'ended' });
        ended.mock.restore();
        assert.equal(chorus.commonPrefixLength(tokens), held);
        assertClose(rowsOf(await prompt(held, tokens.length)), expected.slice(held));
        network.forget(sequence);
      });
    }
  });

function rowsOf(logits: Float32Array): Float32Array[] {
  return Array.from({ length: logits.length / TINY_VOCABULARY }, (_, row) =>
    logits.subarray(row * TINY_VOCABULARY, (row + 1) * TINY_VOCABULARY),
  );
}

/** Heads that choose while others do not: of one layer alone, and of both. */
function runsOf({ kvHeads }: PlainLlamaSizes): readonly HeadRuns[] {
  const [some, all] = [[{ first: kvHeads - 1, count: 1 }], [{ first: 0, count: kvHeads }]];
  return [
    [[], some],
    [some, all],
  ];
}
