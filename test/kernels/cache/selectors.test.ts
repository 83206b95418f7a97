import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheHeads } from '../../../kernels/blocks/attendCache.ts';
import { criticalKv } from '../../../kernels/cache/criticalKv.ts';
import { expectedAttention } from '../../../kernels/cache/expectedAttention.ts';
import { h2o } from '../../../kernels/cache/h2o.ts';
import { keyDiff } from '../../../kernels/cache/keydiff.ts';
import { kvzip } from '../../../kernels/cache/kvzip.ts';
import { random } from '../../../kernels/cache/random.ts';
import { bestRows, bestRowsOfAll, gatherRows, LARGEST } from '../../../kernels/cache/selection.ts';
import type { Selector } from '../../../kernels/cache/selector.ts';
import { snapKv } from '../../../kernels/cache/snapkv.ts';
import { streaming } from '../../../kernels/cache/streaming.ts';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import { getRows, setRows } from '../../../kernels/ggml/ops.ts';
import { Storage } from '../../../kernels/ggml/storage.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { read, readF32, write } from '../../../kernels/ggml/transfer.ts';
import { uniform } from '../../reference/gradientCheck.ts';
import {
  plainAdaptive,
  plainBest,
  plainCritical,
  plainExpectedAttention,
  plainH2o,
  plainKeyDiff,
  plainKvzip,
  plainSnapKv,
  type PlainLayer,
  type PlainScores,
} from '../../reference/plainSelectors.ts';
import { randomLayer, randomVotes } from '../../reference/randomLayer.ts';
import { assertClose, scored } from '../../reference/scoredLayer.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;

describe(`selectors equal plain loops on ${kind}`, () => {
  const shapes = [
    ['grouped queries', 6, 2],
    ['a KV head for each query head', 3, 3],
    ['one KV head', 4, 1],
  ] as const;
  for (const [shape, heads, kvHeads] of shapes) {
    for (const window of [1, 8, 33]) {
      for (const [kernel, pool] of [
        [1, 'avg'],
        [5, 'avg'],
        [7, 'max'],
        [15, 'avg'],
      ] as const) {
        it(`SnapKV: ${shape}, window ${window}, kernel ${kernel}, ${pool}`, () => {
          using device = new Device(kind);
          const layer = randomLayer(100, heads, kvHeads);
          const candidates = 100 - window;
          assertClose(
            scored(device, snapKv({ kernel, pool }), layer, { candidates, observedFrom: candidates, rows: 100 }),
            plainSnapKv(layer, candidates, { kernel, pool }),
          );
        });
      }
    }

    it(`H2O: ${shape}`, () => {
      using device = new Device(kind);
      const layer = randomLayer(60, heads, kvHeads);
      assertClose(scored(device, h2o(), layer, { candidates: 50, observedFrom: 0, rows: 60 }), plainH2o(layer, 50));
    });

    it(`KeyDiff: ${shape}`, () => {
      using device = new Device(kind);
      const layer = randomLayer(60, heads, kvHeads);
      assertClose(
        scored(device, keyDiff(), layer, { candidates: 50, observedFrom: 0, rows: 60 }),
        plainKeyDiff(layer, 50),
      );
    });

    for (const futureTokens of [32, 100]) {
      it(`Expected Attention: ${shape}, ${futureTokens} future tokens`, () => {
        using device = new Device(kind);
        const layer = randomLayer(60, heads, kvHeads);
        const options = { futureTokens, sinks: 4 };
        assertClose(
          scored(device, expectedAttention(options), layer, { candidates: 50, observedFrom: 4, rows: 60 }),
          plainExpectedAttention(layer, 50, options),
        );
      });
    }

    it(`KVzip: ${shape}`, () => {
      using device = new Device(kind);
      const layer = randomLayer(60, heads, kvHeads);
      assertClose(
        scored(device, kvzip(), layer, { candidates: 40, observedFrom: 40, rows: 40 }),
        plainKvzip(layer, 40),
      );
    });

    // Half of the kept rows, with the window's 8, are chosen by scores alone.
    for (const [chosen, first] of [
      [20, 6],
      [21, 6],
      [8, 0],
      [3, 0],
    ] as const) {
      it(`CriticalKV over SnapKV, ${chosen} rows: ${shape}`, () => {
        using device = new Device(kind);
        const layer = randomLayer(60, heads, kvHeads);
        const options = { kernel: 5, pool: 'avg' } as const;
        assertClose(
          scored(device, criticalKv(snapKv(options)), layer, { candidates: 52, observedFrom: 52, rows: 60, chosen }),
          plainCritical(layer, plainSnapKv(layer, 52, options), first),
        );
      });
    }

    it(`CriticalKV over SnapKV, stretch by stretch: ${shape}`, () => {
      using device = new Device(kind);
      const layer = randomLayer(60, heads, kvHeads);
      const options = { kernel: 5, pool: 'avg' } as const;
      for (const stretchRows of [16, 51]) {
        const scores = scored(device, criticalKv(snapKv(options), { stretchRows }), layer, {
          candidates: 52,
          observedFrom: 52,
          rows: 60,
          chosen: 20,
        });
        assertClose(scores, plainCritical(layer, plainSnapKv(layer, 52, options), 6));
      }
    });
  }

  // As if experts share a cache: four query heads per KV head, of two experts in turn. In the output matrix the heads
  // of an expert are side by side.
  describe('if queries have votes', () => {
    const [heads, kvHeads] = [8, 2];
    const outputHead = (head: number): number => (Math.floor(head / 2) % 2) * 4 + Math.floor(head / 4) * 2 + (head % 2);
    const layer = { ...randomLayer(60, heads, kvHeads), votes: randomVotes(60, heads) };
    const snap = { kernel: 5, pool: 'avg' } as const;
    const expecting = { futureTokens: 32, sinks: 4 };
    type Where = Omit<Parameters<typeof scored>[3], 'outputHead'>;
    const cases: readonly (readonly [
      name: string,
      selector: Selector,
      where: Where,
      plain: (given: PlainLayer) => PlainScores,
    ])[] = [
      ['SnapKV', snapKv(snap), { candidates: 52, observedFrom: 52, rows: 60 }, (given) => plainSnapKv(given, 52, snap)],
      ['H2O', h2o(), { candidates: 50, observedFrom: 0, rows: 60 }, (given) => plainH2o(given, 50)],
      ['KVzip', kvzip(), { candidates: 40, observedFrom: 40, rows: 40 }, (given) => plainKvzip(given, 40)],
      [
        'Expected Attention',
        expectedAttention(expecting),
        { candidates: 50, observedFrom: 4, rows: 60 },
        (given) => plainExpectedAttention(given, 50, expecting),
      ],
      [
        'CriticalKV over SnapKV',
        criticalKv(snapKv(snap)),
        { candidates: 52, observedFrom: 52, rows: 60, chosen: 20 },
        (given) => plainCritical(given, plainSnapKv(given, 52, snap), 6),
      ],
    ];
    for (const [name, selector, where, plain] of cases) {
      it(`${name} weights by them`, () => {
        using device = new Device(kind);
        const scores = scored(device, selector, layer, { ...where, outputHead });
        assertClose(scores, plain(layer));
        assert.throws(() => assertClose(scores, plain({ ...layer, votes: undefined })), assert.AssertionError);
      });
    }
  });

  it('CriticalKV adds the same number of nodes for each head, however many heads there are', () => {
    using device = new Device(kind);
    const nodesOf = (heads: number): number => {
      let nodes = 0;
      scored(device, criticalKv(keyDiff()), randomLayer(30, heads, 2), {
        candidates: 22,
        observedFrom: 30,
        rows: 30,
        chosen: 10,
        onNode: () => nodes++,
      });
      return nodes;
    };
    const [few, some, many] = [8, 16, 64].map(nodesOf) as [number, number, number];
    assert.equal(many - some, ((some - few) / 8) * 48);
    assert.ok(many < 1_000, `${many} nodes`);
  });

  it('StreamingLLM keeps the first rows and the last', () => {
    using device = new Device(kind);
    const [scores] = scored(device, streaming({ sinks: 3 }), randomLayer(20, 2, 2), {
      candidates: 18,
      observedFrom: 0,
      rows: 20,
    });
    assert.deepEqual(plainBest(scores as number[], 7), [0, 1, 2, 14, 15, 16, 17]);
  });

  it('Expected Attention keeps the first rows by a finite score, since Vulkan leaves out infinity', () => {
    using device = new Device(kind);
    const [scores] = scored(device, expectedAttention({ futureTokens: 32, sinks: 4 }), randomLayer(60, 2, 2), {
      candidates: 50,
      observedFrom: 4,
      rows: 60,
    });
    assert.ok((scores as number[]).every(Number.isFinite));
    assert.deepEqual(plainBest(scores as number[], 4), [0, 1, 2, 3]);
  });

  it('random rows differ by seed and head, and are the same for the same seed and head', () => {
    using device = new Device(kind);
    const layer = randomLayer(40, 2, 2);
    const where = { candidates: 40, observedFrom: 0, rows: 40 };
    const [first, again, other] = [1, 1, 2].map((seed) =>
      scored(device, random({ seed }), layer, where).map((scores) => plainBest(scores, 10)),
    );
    assert.deepEqual(again, first);
    assert.notDeepEqual(other, first);
    assert.notDeepEqual(first?.[0], first?.[1]);
  });
});

describe(`bestRowsOfAll on ${kind}`, () => {
  for (const [kvHeads, count, least] of [
    [3, 10, 2],
    [3, 10, 0],
    [4, 5, 5],
    [1, 7, 3],
  ] as const) {
    it(`returns ${count} rows on average and at least ${least} of each of ${kvHeads} heads`, () => {
      using device = new Device(kind);
      using graph = new Graph(device);
      using memory = new DeviceMemory(device);
      const candidates = 40;
      const scores = graph.input('scores', 'F32', [candidates, kvHeads]);
      const constants = new Map<Tensor, Float32Array>();
      const constant = (values: Float32Array, extents: readonly number[]): Tensor => {
        const tensor = graph.input('constant', 'F32', extents);
        constants.set(tensor, values);
        return tensor;
      };
      const numbers = bestRowsOfAll(graph, scores, { count, least, constant });
      graph.expand(numbers, { read: true });
      graph.allocate(memory);
      const next = uniform(11);
      // The first head's scores are the smallest by far.
      const given = Float32Array.from(
        { length: candidates * kvHeads },
        (_, index) => next() + 3 * Math.min(1, Math.floor(index / candidates)),
      );
      write(device, scores, given);
      for (const [tensor, values] of constants) write(device, tensor, values);
      graph.computeSync();
      const chosen = new Int32Array(count * kvHeads);
      read(device, numbers, chosen);
      const byHead = Array.from({ length: kvHeads }, (_, head) =>
        [...chosen]
          .filter((number) => Math.floor(number / candidates) === head)
          .map((number) => number % candidates)
          .sort((a, b) => a - b),
      );
      assert.deepEqual(
        byHead,
        plainAdaptive(
          Array.from({ length: kvHeads }, (_, head) => [...given.subarray(head * candidates, (head + 1) * candidates)]),
          { count, least },
        ),
      );
    });
  }
});

describe(`gatherRows on ${kind}`, () => {
  for (const type of ['F32', 'F16', 'Q8_0'] as const) {
    it(`gathers the best rows head by head into the beginning of another cache: ${type}`, () => {
      const [headSize, rows, kvHeads, count] = [32, 24, 2, 5];
      using device = new Device(kind);
      using storage = new Storage(device, { maxTensors: 3 });
      const from = storage.declare('from', type, [headSize * kvHeads, rows]);
      const to = storage.declare('to', type, [headSize * kvHeads, rows]);
      storage.allocate({ clear: true });
      using graph = new Graph(device);
      using memory = new DeviceMemory(device);
      const values = graph.input('values', 'F32', [headSize * kvHeads, rows]);
      const scores = graph.input('scores', 'F32', [rows, kvHeads]);
      const all = graph.input('all', 'I32', [rows]);
      const places = graph.input('places', 'I32', [count]);
      graph.expand(setRows(graph, from, values, all));
      const numbers = bestRows(graph, scores, count);
      graph.expand(numbers, { read: true });
      graph.expand(
        gatherRows(
          graph,
          cacheHeads(graph, from, rows, headSize, kvHeads),
          numbers,
          cacheHeads(graph, to, rows, headSize, kvHeads),
          places,
        ),
      );
      const result = getRows(graph, to, all);
      graph.expand(result, { read: true });
      graph.allocate(memory);
      // Row r of head h contains r + 100 h everywhere.
      write(
        device,
        values,
        Float32Array.from(
          { length: headSize * kvHeads * rows },
          (_, index) =>
            Math.floor(index / (headSize * kvHeads)) + 100 * Math.floor((index % (headSize * kvHeads)) / headSize),
        ),
      );
      const next = uniform(7);
      const given = Float32Array.from({ length: rows * kvHeads }, () => next());
      given[rows + 3] = LARGEST;
      write(device, scores, given);
      write(
        device,
        all,
        Int32Array.from({ length: rows }, (_, index) => index),
      );
      write(
        device,
        places,
        Int32Array.from({ length: count }, (_, index) => index),
      );
      graph.computeSync();
      const chosen = new Int32Array(count * kvHeads);
      read(device, numbers, chosen);
      const gathered = readF32(device, result);
      for (let head = 0; head < kvHeads; head++) {
        const mine = [...chosen.subarray(head * count, (head + 1) * count)];
        assert.deepEqual(
          [...mine].sort((a, b) => a - b),
          plainBest([...given.subarray(head * rows, (head + 1) * rows)], count),
        );
        for (const [index, row] of mine.entries()) {
          const value = gathered[index * headSize * kvHeads + head * headSize] as number;
          assert.ok(
            Math.abs(value - (row + 100 * head)) < (type === 'Q8_0' ? 1 : 1e-3),
            `row ${row} of head ${head} became ${value}`,
          );
        }
      }
    });
  }
});
