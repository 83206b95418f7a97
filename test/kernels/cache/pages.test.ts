import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheHeads } from '../../../kernels/blocks/attendCache.ts';
import { voters } from '../../../kernels/cache/pageBlocks.ts';
import { bestPages, pageKeysOf, rowsOfPages, scorePages } from '../../../kernels/cache/pages.ts';
import { fromFloat32, toFloat32 } from '../../../kernels/ggml/dequantise.ts';
import { Device, type DeviceKind } from '../../../kernels/ggml/device.ts';
import { Graph } from '../../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../../kernels/ggml/graphMemory.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { read, readF32, write } from '../../../kernels/ggml/transfer.ts';
import { uniform } from '../../reference/gradientCheck.ts';
import { plainBest, plainPages, type PlainLayer } from '../../reference/plainSelectors.ts';
import { HEAD_SIZE, randomLayer } from '../../reference/randomLayer.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** Vulkan devices that report float16 multiply matrices in it. */
const TOLERANCE = kind === 'cpu' ? 1e-4 : 1e-2;
const [TOKENS, PAGES, PAGE_ROWS, CHOSEN] = [96, 20, 4, 6];

const shapes = [
  ['grouped queries', 6, 2],
  ['a KV head for each query head', 3, 3],
  ['one KV head', 4, 1],
] as const;

describe(`scorePages equals plain loops on ${kind}`, () => {
  for (const [shape, heads, kvHeads] of shapes)
    for (const every of [1, 3])
      for (const isWeighed of [false, true])
        for (const isByPlane of kind === 'cpu' ? [false, true] : [false]) {
          it(`${shape}, ${every === 1 ? 'each token' : `every ${every} tokens`} choosing${isWeighed ? ', each query by its vote' : ''}${isByPlane ? ', keys plane by plane' : ''}`, () => {
            const next = uniform(heads);
            const votes = isWeighed
              ? Array.from({ length: TOKENS }, () => Array.from({ length: heads }, () => 1 + next()))
              : undefined;
            const layer: PlainLayer = { ...randomLayer(TOKENS, heads, kvHeads), votes };
            const observed = TOKENS - PAGES * PAGE_ROWS - 1;
            const scores = plainPages(layer, PAGES, { pageRows: PAGE_ROWS, queries: observed / every, every });
            const ours = scored(layer, { heads, kvHeads, observed, every, isByPlane });
            for (const [head, ofPages] of scores.entries()) {
              for (const [page, score] of ofPages.entries()) {
                const own = ours.scores[head * PAGES + page] as number;
                assert.ok(
                  Math.abs(own - score) <= TOLERANCE * Math.max(...ofPages),
                  `head ${head}, page ${page}: ${own}, expected ${score}`,
                );
              }
              const rows = plainBest(ofPages, CHOSEN).flatMap((page) =>
                Array.from({ length: PAGE_ROWS }, (_, row) => page * PAGE_ROWS + row),
              );
              assert.deepEqual(
                [...ours.rows.subarray(head * CHOSEN * PAGE_ROWS, (head + 1) * CHOSEN * PAGE_ROWS)].sort(
                  (a, b) => a - b,
                ),
                rows,
              );
            }
          });
        }
});

describe(`scorePages of a cache in eight bits with more rows than candidates, on ${kind}`, () => {
  for (const [shape, heads, kvHeads] of shapes)
    it(shape, () => {
      using device = new Device(kind);
      const next = uniform(heads);
      const [headSize, capacity, rows, queryCount] = [
        32,
        2 * PAGES * PAGE_ROWS,
        PAGES * PAGE_ROWS,
        (2 * heads) / kvHeads,
      ];
      const keys = fromFloat32('Q8_0', Float32Array.from({ length: headSize * capacity * kvHeads }, next), headSize);
      const key = toFloat32('Q8_0', keys);
      const query = Float32Array.from({ length: headSize * queryCount * kvHeads }, next);
      using graph = new Graph(device);
      using memory = new DeviceMemory(device);
      const inputs = {
        key: graph.input('key', 'Q8_0', [headSize, capacity, kvHeads]),
        query: graph.input('query', 'F32', [headSize, queryCount, kvHeads]),
        ...choiceInputs(graph, queryCount),
      };
      const choice = { ...inputs, blocks: 1, pageRows: PAGE_ROWS, meanRows: 1, chosenPages: CHOSEN };
      const scores = scorePages(
        graph,
        { key: cacheHeads(graph, inputs.key, rows, headSize, kvHeads), isByPlane: false },
        { queries: inputs.query },
        choice,
        1,
      );
      graph.expand(scores, { read: true });
      graph.expand(rowsOfPages(graph, bestPages(graph, scores, choice), inputs.rowsOfPage));
      graph.allocate(memory);
      write(device, inputs.key, keys);
      write(device, inputs.query, query);
      write(device, inputs.queryMask, new Uint16Array(PAGES * queryCount));
      write(device, inputs.pageMask, new Float32Array(PAGES));
      write(
        device,
        inputs.rowsOfPage,
        Int32Array.from({ length: rows }, (_, row) => row),
      );
      graph.computeSync();
      const ours = readF32(device, scores);
      for (let head = 0; head < kvHeads; head++) {
        // A page gets the share of its best row.
        const worth = new Float64Array(PAGES);
        for (let number = 0; number < queryCount; number++) {
          const dot = (row: number): number =>
            Array.from(
              { length: headSize },
              (_, index) =>
                (key[(head * capacity + row) * headSize + index] as number) *
                (query[(head * queryCount + number) * headSize + index] as number),
            ).reduce((sum, value) => sum + value);
          const best = Array.from({ length: PAGES }, (_, page) =>
            Math.exp(Math.max(...Array.from({ length: PAGE_ROWS }, (_, row) => dot(page * PAGE_ROWS + row)))),
          );
          const sum = best.reduce((total, value) => total + value);
          for (const [page, value] of best.entries()) worth[page] = Math.max(worth[page] as number, value / sum);
        }
        for (const [page, own] of worth.entries()) {
          const expected = Math.max(worth[page - 1] ?? 0, own, worth[page + 1] ?? 0) + own / 4;
          const actual = ours[head * PAGES + page] as number;
          assert.ok(
            Math.abs(actual - expected) <= 2e-2 * expected,
            `head ${head}, page ${page}: ${actual}, expected ${expected}`,
          );
        }
      }
    });
});

/** Returns the inputs of a choice, for one block of queries. */
function choiceInputs(graph: Graph, queries: number): Record<'queryMask' | 'pageMask' | 'rowsOfPage', Tensor> {
  return {
    queryMask: graph.input('queryMask', 'F16', [PAGES, queries]),
    pageMask: graph.input('pageMask', 'F32', [PAGES, 1]),
    rowsOfPage: graph.input('rowsOfPage', 'I32', [PAGE_ROWS, PAGES]),
  };
}

/**
 * Returns the scores `[kvHead][page]` and the chosen rows `[kvHead][row]`, with choices by the last `observed` tokens,
 * or by every few of them.
 */
function scored(
  { query, key, votes }: PlainLayer,
  {
    heads,
    kvHeads,
    observed,
    every,
    isByPlane,
  }: { heads: number; kvHeads: number; observed: number; every: number; isByPlane: boolean },
): { scores: Float32Array; rows: Int32Array } {
  using device = new Device(kind);
  using graph = new Graph(device);
  using memory = new DeviceMemory(device);
  const [rows, queries] = [PAGES * PAGE_ROWS, (heads / kvHeads) * (observed / every)];
  // More pages than candidates.
  const storedPages = PAGES + 2;
  const inputs = {
    key: graph.input('key', 'F32', [HEAD_SIZE, storedPages * PAGE_ROWS, kvHeads]),
    query: graph.input('query', 'F32', [HEAD_SIZE, heads, observed]),
    ...choiceInputs(graph, queries),
  };
  const weights = votes && graph.input('votes', 'F32', [heads, observed]);
  const choice = { ...inputs, blocks: 1, pageRows: PAGE_ROWS, meanRows: 1, chosenPages: CHOSEN };
  const keys = pageKeysOf(graph, { key: inputs.key, isByPlane }, choice, { headSize: HEAD_SIZE, kvHeads });
  const pages = scorePages(
    graph,
    keys,
    voters(graph, { query: inputs.query, votes: weights }, every, kvHeads),
    choice,
    1 / Math.sqrt(HEAD_SIZE),
  );
  const best = rowsOfPages(graph, bestPages(graph, pages, choice), inputs.rowsOfPage);
  for (const tensor of [pages, best]) graph.expand(tensor, { read: true });
  graph.allocate(memory);
  const last = <T>(vectors: readonly T[]): readonly T[] => vectors.slice(TOKENS - observed);
  const give = (tensor: Tensor, values: Float32Array | Int32Array | Uint16Array): void => write(device, tensor, values);
  const stored = new Float32Array(inputs.key.elements);
  for (let head = 0; head < kvHeads; head++) {
    for (let row = 0; row < rows; row++) {
      const place = isByPlane ? (row % PAGE_ROWS) * storedPages + Math.floor(row / PAGE_ROWS) : row;
      stored.set(
        (key[row] as readonly (readonly number[])[])[head] as readonly number[],
        HEAD_SIZE * (head * storedPages * PAGE_ROWS + place),
      );
    }
  }
  give(inputs.key, stored);
  give(inputs.query, Float32Array.from(last(query).flat(2)));
  give(inputs.queryMask, new Uint16Array(PAGES * queries));
  give(inputs.pageMask, new Float32Array(PAGES));
  give(
    inputs.rowsOfPage,
    Int32Array.from({ length: rows }, (_, row) => row),
  );
  if (weights && votes) give(weights, Float32Array.from(last(votes).flat()));
  graph.computeSync();
  const chosen = new Int32Array(CHOSEN * PAGE_ROWS * kvHeads);
  read(device, best, chosen);
  return { scores: readF32(device, pages), rows: chosen };
}
