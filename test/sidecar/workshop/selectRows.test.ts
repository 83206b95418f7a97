import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { TroubleError } from '../../../sidecar/common/troubleError.ts';
import { openText } from '../../../sidecar/models/llamaCpp/openText.ts';
import type { GgufEntry } from '../../../sidecar/models/gguf/content.ts';
import type { SelectParams, SelectResult } from '../../../sidecar/workshop/protocol.ts';
import { selectRows } from '../../../sidecar/workshop/selectRows.ts';
import { branchAttendMix } from '../../reference/branchAttendMix.ts';
import { plainLlamaLogits, type PlainLlamaSizes } from '../../reference/plainLlama.ts';
import {
  plainAdaptive,
  plainBest,
  plainCritical,
  plainKvzip,
  plainSnapKv,
  type PlainLayer,
  type PlainScores,
} from '../../reference/plainSelectors.ts';
import { readTensors } from '../../reference/readTensors.ts';
import { writeTinyMixture } from '../../reference/tinyMixture.ts';
import { TINY_VOCABULARY, tinyVocabulary, writeTinyModel } from '../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as Exclude<DeviceKind, 'auto'>;
const TOKENS = 90;
const WINDOW = 8;
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
const count = (value: number): GgufEntry => ({ type: 'u32', value });
const keys = {
  block_count: count(sizes.blockCount),
  embedding_length: count(sizes.width),
  feed_forward_length: count(96),
};
const bytesOf = (text: string): number[] => [...Buffer.from(text)];
/** In the tiny vocabulary, no two neighbours of this text form a token. */
const TEXT = Array.from(
  { length: TOKENS },
  (_, index) => '<>[]{}()+-*/=!?'[(index * 7 + index * index) % 15] as string,
).join('');

let folder: string;
let model: string;
let withoutTokenizer: string;
/** The layers after reading the context, and after reading it and its repetition. */
const read: { once: PlainLayer[]; twice: PlainLayer[] } = { once: [], twice: [] };
before(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-select-'));
  model = path.join(folder, 'model.gguf');
  withoutTokenizer = path.join(folder, 'withoutTokenizer.gguf');
  using device = new Device(kind);
  await writeTinyModel(model, {
    variant: 'llama',
    type: 'F32',
    device,
    vocabulary: tinyVocabulary(),
    keys,
    omit: ['.bias'],
  });
  await writeTinyModel(withoutTokenizer, { variant: 'llama', type: 'F32', device, keys, omit: ['.bias'] });
  const weights = await readTensors(model);
  const once = bytesOf(TEXT);
  const opened = await openText(model, { device: kind, threads: 1 });
  const request = [
    ...opened.text.tokenize('\n\nRepeat the previous context exactly.', false),
    ...opened.text.tokenize('\n', false),
  ];
  await opened.dispose();
  for (const [name, tokens] of [
    ['once', once],
    ['twice', [...once, ...request, ...once]],
  ] as const) {
    plainLlamaLogits(
      sizes,
      weights,
      tokens,
      tokens.map(() => 0),
      { onAttention: (layer) => read[name].push(layer) },
    );
  }
});
after(() => rm(folder, { recursive: true, force: true }));

const select = (changes: Partial<SelectParams>, options?: Parameters<typeof selectRows>[1]): Promise<SelectResult> =>
  selectRows(
    {
      modelPath: model,
      context: { text: TEXT },
      cache: `snapkv:40,window=${WINDOW},kernel=3`,
      device: kind,
      threads: 1,
      ...changes,
    },
    options,
  );

const window = Array.from({ length: WINDOW }, (_, index) => TOKENS - WINDOW + index);
const rowsOf = (result: SelectResult): (readonly (readonly number[])[])[] => result.layers.map(({ heads }) => heads);

describe(
  `the kept rows on ${kind}`,
  { skip: kind !== 'cpu' && 'Other devices may order nearly equal scores otherwise.' },
  () => {
    const expected = (layers: readonly PlainLayer[], score: (layer: PlainLayer) => PlainScores): number[][][] =>
      layers.map((layer) =>
        score(layer).map((scores) => [...plainBest(scores.slice(0, TOKENS - WINDOW), 40 - WINDOW), ...window]),
      );

    it('equal plain loops, ascending, with the window', async () => {
      const result = await select({});
      assert.equal(result.tokens, TOKENS);
      assert.deepEqual(
        rowsOf(result),
        expected(read.once, (layer) => plainSnapKv(layer, TOKENS - WINDOW, { kernel: 3, pool: 'avg' })),
      );
    });

    for (const cache of ['expert', 'shared'] as const) {
      it(`of a mixture of attention ${cache === 'shared' ? 'with a shared cache are chosen by all experts, weighted by their gates' : 'with a cache per expert are chosen by each expert'}`, async () => {
        const mixture = path.join(folder, `${cache}.gguf`);
        using device = new Device(kind);
        const reference = await writeTinyMixture(mixture, { cache, device, vocabulary: tinyVocabulary() });
        const layers: PlainLayer[] = [];
        branchAttendMix(reference, bytesOf(TEXT), { attends: () => true, onAttention: (layer) => layers.push(layer) });
        // Half of 40 rows, including the window, are chosen only by scores.
        const critical = (layer: PlainLayer): PlainScores =>
          plainCritical(layer, plainSnapKv(layer, TOKENS - WINDOW, { kernel: 3, pool: 'avg' }), 20 - WINDOW);
        const result = await select({
          modelPath: mixture,
          cache: `snapkv:40,window=${WINDOW},kernel=3,values=critical`,
        });
        assert.deepEqual(
          result.layers.map(({ heads }) => heads.length),
          cache === 'shared' ? [2, 2] : [6, 6],
        );
        assert.deepEqual(rowsOf(result), expected(layers, critical));
      });
    }

    it('are the same for tokens and for their text, even without a tokenizer', async () => {
      const result = await select({});
      assert.deepEqual(await select({ context: { tokens: bytesOf(TEXT) } }), result);
      assert.equal((await select({ context: { tokens: bytesOf(TEXT) }, modelPath: withoutTokenizer })).tokens, TOKENS);
    });

    it('with KVzip are those that a repetition of the context attends', async () => {
      assert.deepEqual(
        rowsOf(await select({ cache: `kvzip:40,window=${WINDOW}` })),
        expected(read.twice, (layer) => plainKvzip(layer, TOKENS)),
      );
    });

    it('with an adaptive budget are the best rows of all heads', async () => {
      const result = await select({ cache: `snapkv:40,window=${WINDOW},kernel=3,budget=adaptive` });
      assert.deepEqual(
        rowsOf(result),
        read.once.map((layer) =>
          plainAdaptive(plainSnapKv(layer, TOKENS - WINDOW, { kernel: 3, pool: 'avg' }), {
            count: 40 - WINDOW,
            least: 0,
          }).map((rows) => [...rows, ...window]),
        ),
      );
    });
  },
);

describe(`a context that fits on ${kind}`, () => {
  const all = Array.from({ length: TOKENS }, (_, row) => row);
  for (const cache of ['full', `snapkv:${TOKENS}`, 'kvzip:1000', 'h2o:1000,budget=adaptive']) {
    it(`${cache}: keeps all rows`, async () => {
      assert.deepEqual(rowsOf(await select({ cache })), [
        [all, all],
        [all, all],
      ]);
    });
  }

  it('begins with the beginning-of-sequence token if the model uses it', async () => {
    const withBos = path.join(folder, 'withBos.gguf');
    using device = new Device(kind);
    await writeTinyModel(withBos, {
      variant: 'llama',
      type: 'F32',
      device,
      vocabulary: { ...tinyVocabulary(), 'tokenizer.ggml.add_bos_token': { type: 'bool', value: true } },
      keys,
      omit: ['.bias'],
    });
    assert.equal((await select({ modelPath: withBos, cache: 'full' })).tokens, TOKENS + 1);
    assert.equal(
      (await select({ modelPath: withBos, cache: 'full', context: { tokens: bytesOf(TEXT) } })).tokens,
      TOKENS,
    );
  });
});

describe('selectRows', () => {
  const cases: readonly {
    readonly what: string;
    readonly changes: Partial<SelectParams>;
    readonly says: RegExp;
    readonly code?: string;
  }[] = [
    { what: 'an unknown selector', changes: { cache: 'snap:40' }, says: /no cache "snap"; choose full, .*snapkv/ },
    {
      what: 'a window that leaves nothing to choose',
      changes: { cache: 'snapkv:32,window=32' },
      says: /Of 32 rows 32 are the window/,
    },
    {
      what: 'two conflicting ways to weight heads and values',
      changes: { cache: 'snapkv:64,values=critical,budget=adaptive' },
      says: /Either budget=adaptive or values=critical/,
    },
    { what: 'no tokens', changes: { context: { tokens: [] } }, says: /There are no tokens/ },
    { what: 'an empty text', changes: { context: { text: '' } }, says: /There are no tokens/ },
    {
      what: 'a token outside the vocabulary',
      changes: { context: { tokens: [1, TINY_VOCABULARY] } },
      says: new RegExp(`The vocabulary has no token ${TINY_VOCABULARY}; it has ${TINY_VOCABULARY}`),
    },
    {
      what: 'a model that does not exist',
      changes: { modelPath: 'gone.gguf' },
      says: /gone\.gguf/,
      code: 'model-not-found',
    },
  ];
  for (const { what, changes, says, code = 'invalid-input' } of cases) {
    it(`refuses ${what}, with the reason`, async () => {
      await assert.rejects(
        select(changes),
        (error) => error instanceof TroubleError && error.code === code && says.test(error.message),
      );
    });
  }

  it('stops between two chunks when its signal aborts', async () => {
    const controller = new AbortController();
    const steps: number[] = [];
    const onProgress = ({ share }: { share: number }): void => {
      steps.push(share);
      controller.abort();
    };
    await assert.rejects(select({}, { signal: controller.signal, onProgress }), { name: 'AbortError' });
    assert.deepEqual(steps, [0.5]);
  });
});
