import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Device, type DeviceKind } from '../../../../../kernels/ggml/device.ts';
import { parseCacheChoice } from '../../../../../sidecar/models/chorus/cache/cacheChoice.ts';
import { LayerMajorPrefill } from '../../../../../sidecar/models/chorus/selection/layerMajor.ts';
import type { KeptRows } from '../../../../../sidecar/models/chorus/selection/layerSelection.ts';
import { openNetwork } from '../../../../../sidecar/models/chorus/network/openNetwork.ts';
import { onOneDevice } from '../../../../../sidecar/models/chorus/network/placement.ts';
import { assertBestRows } from '../../../../reference/assertBestRows.ts';
import { branchAttendMix, type ReferenceModel } from '../../../../reference/branchAttendMix.ts';
import { compareLogits } from '../../../../reference/compareLogits.ts';
import {
  plainCritical,
  plainExpectedAttention,
  plainH2o,
  plainSnapKv,
  type PlainLayer,
  type PlainScores,
} from '../../../../reference/plainSelectors.ts';
import { tinyMixture, writeTinyMixture } from '../../../../reference/tinyMixture.ts';
import { TINY_VOCABULARY } from '../../../../reference/tinyModels.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
const CONTEXT = 150;
const tokens = Array.from(
  { length: CONTEXT + 6 },
  (_, index) => (index * 7_919 + index * index + 13) % TINY_VOCABULARY,
);
const [context, more] = [tokens.slice(0, CONTEXT), tokens.slice(CONTEXT)];
const snap = { kernel: 5, pool: 'avg' } as const;

type Score = (layer: PlainLayer, candidates: number) => PlainScores;
const skipOnGpus = kind !== 'cpu' && "A GPU's rounding is too much to tell these scores apart.";
const cases: readonly (readonly [text: string, score: Score, skip?: string | false])[] = [
  ['snapkv:64,window=16', (layer, candidates) => plainSnapKv(layer, candidates, snap)],
  // Half of 40 rows, with the window's 8, are chosen by scores alone.
  [
    'snapkv:40,window=8,values=critical',
    (layer, candidates) => plainCritical(layer, plainSnapKv(layer, candidates, snap), 12),
    skipOnGpus,
  ],
  ['h2o:60,window=20', (layer, candidates) => plainH2o(layer, candidates)],
  [
    'expected-attention:60,window=20,future=32',
    (layer, candidates) => plainExpectedAttention(layer, candidates, { futureTokens: 32, sinks: 4 }),
    skipOnGpus,
  ],
];

describe(`LayerMajorPrefill of a mixture of attention on ${kind}`, () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-mixture-layer-major-'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  for (const cache of ['expert', 'shared'] as const) {
    const file = (): string => path.join(folder, `${cache}.gguf`);
    const layers: PlainLayer[] = [];
    let reference: ReferenceModel;
    before(async () => {
      using device = new Device('cpu', { build: kind });
      reference = await writeTinyMixture(file(), { cache, device });
      branchAttendMix(reference, context, { attends: () => true, onAttention: (layer) => layers.push(layer) });
    });

    it(`gives the logits of reading chunk by chunk, all rows kept: ${cache === 'shared' ? 'a shared cache' : 'a cache per expert'}`, async () => {
      using device = new Device(kind, { threads: 1 });
      using opened = await openNetwork(file(), { placement: onOneDevice(device), capacityTokens: 256 });
      const { network, sequence } = opened;
      // Pieces that are computed in the same way, however they are cut.
      const [prompt, next] = [tokens.slice(0, 128), tokens.slice(128, 134)];
      const expected: Float32Array[] = [];
      for (const piece of [prompt.slice(0, 64), prompt.slice(64), next])
        expected.push((await network.evaluate(sequence, piece, 'last')).slice());
      sequence.truncate(0);
      using prefill = new LayerMajorPrefill(network.options, [{ tokens: prompt, targets: [{ sequence }] }], {
        chunkTokens: 64,
      });
      await prefill.run();
      assertNear(prefill.logits[0] as Float32Array, expected.slice(1, 2));
      assertNear(await network.evaluate(sequence, next, 'last'), expected.slice(2));
    });

    for (const [text, score, skip = false] of cases) {
      it(
        `keeps the rows of plain loops, and gives the logits of attending them alone: ${text}, ${cache === 'shared' ? 'a shared cache, experts choosing by their gates' : 'a cache per expert, each choosing'}`,
        { skip },
        async () => {
          using device = new Device(kind, { threads: 1 });
          using opened = await openNetwork(file(), {
            placement: onOneDevice(device),
            capacityTokens: 256,
            cacheType: 'F32',
          });
          const { network, sequence } = opened;
          const choice = parseCacheChoice(text);
          using prefill = new LayerMajorPrefill(
            network.options,
            [{ tokens: context, targets: [{ sequence, selection: { ...choice, tellsRows: true } }] }],
            { chunkTokens: 64, cacheType: 'F32' },
          );
          await prefill.run();
          const kept = prefill.kept[0] as readonly KeptRows[];
          const { kvHeads, experts, blocks } = tinyMixture;
          assert.deepEqual(
            kept.map(({ length }) => length),
            Array.from({ length: blocks }, () => (cache === 'shared' ? kvHeads : experts * kvHeads)),
          );
          const assertBest = (seen: readonly PlainLayer[]): void => {
            for (const [block, layer] of seen.entries()) {
              for (const [head, scores] of score(layer, CONTEXT - choice.window).entries()) {
                assertBestRows(kept[block]?.[head] as number[], scores, {
                  chosen: choice.capacity - choice.window,
                  rows: CONTEXT,
                  tie: kind === 'cpu' ? 1e-3 : 2e-2,
                });
              }
            }
          };
          assertBest(layers);
          if (cache === 'shared')
            assert.throws(
              () => assertBest(layers.map((layer) => ({ ...layer, votes: undefined }))),
              /was (kept|dropped)/,
            );
          const logits = await network.evaluate(sequence, more, 'all');
          const sets = kept.map((ofLayer) => ofLayer.map((rows) => new Set(rows)));
          const expected = branchAttendMix(reference, tokens, {
            attends: ({ block, kvHead, position, other }) =>
              position < CONTEXT || other >= CONTEXT || (sets[block]?.[kvHead]?.has(other) ?? false),
          });
          assertNear(
            logits,
            expected.slice(CONTEXT).map((row) => Float32Array.from(row)),
          );
        },
      );
    }
  }
});

function assertNear(logits: Float32Array, expected: readonly Float32Array[]): void {
  const { normalisedSquaredError } = compareLogits(logits, expected, TINY_VOCABULARY);
  assert.ok(
    normalisedSquaredError <= (kind === 'cpu' ? 1e-9 : 1e-4),
    `normalised squared error ${normalisedSquaredError}`,
  );
}
