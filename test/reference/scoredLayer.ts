import assert from 'node:assert/strict';
import process from 'node:process';
import type { ObservedQueries } from '../../kernels/blocks/attentionInputs.ts';
import type { Selector } from '../../kernels/cache/selector.ts';
import type { Device, DeviceKind } from '../../kernels/ggml/device.ts';
import { Graph } from '../../kernels/ggml/graph.ts';
import { DeviceMemory } from '../../kernels/ggml/graphMemory.ts';
import { add, maximum } from '../../kernels/ggml/ops.ts';
import { Storage } from '../../kernels/ggml/storage.ts';
import type { Tensor } from '../../kernels/ggml/tensor.ts';
import { readF32, write } from '../../kernels/ggml/transfer.ts';
import type { PlainLayer, PlainScores } from './plainSelectors.ts';
import { HEAD_SIZE, ROPE_BASE, WIDTH } from './randomLayer.ts';

const kind = (process.env['CHORUS_TEST_DEVICE'] ?? 'cpu') as DeviceKind;
/** Vulkan devices that report float16 multiply matrices in it. */
const TOLERANCE = kind === 'cpu' ? 1e-4 : 1e-2;

interface ScoredRows {
  readonly candidates: number;
  readonly observedFrom: number;
  readonly rows: number;
  readonly chosen?: number;
  /** The position of a query head in the output matrix. Default: the heads' own order. */
  readonly outputHead?: (head: number) => number;
  readonly onNode?: () => void;
}

/**
 * The selector's scores `[kvHead][row]` of the first `candidates` rows. The observed tokens come in two parts, like
 * chunks of a prompt.
 */
export function scored(
  device: Device,
  selector: Selector,
  layer: PlainLayer,
  { candidates, observedFrom, rows, chosen = 1, outputHead = (head) => head, onNode }: ScoredRows,
): PlainScores {
  const tokens = layer.key.length;
  const [heads, kvHeads] = [layer.query[0]?.length as number, layer.key[0]?.length as number];
  const storages: Storage[] = [];
  using freed = { [Symbol.dispose]: () => storages.forEach((storage) => storage[Symbol.dispose]()) };
  void freed;
  using graph = new Graph(device);
  graph.onNode = onNode;
  using memory = new DeviceMemory(device);
  const given = (type: 'F32' | 'I32', values: Float32Array | Int32Array, extents: readonly number[]): Tensor => {
    const storage = new Storage(device, { maxTensors: 1 });
    storages.push(storage);
    const tensor = storage.declare('given', type, extents);
    storage.allocate();
    write(device, tensor, values);
    return tensor;
  };
  const constant = (values: Float32Array, extents: readonly number[]): Tensor => given('F32', values, extents);
  // Cached rows are stored head by head: [headSize, rows, kvHeads].
  const cached = (vectors: PlainLayer['key']): Tensor =>
    constant(
      Float32Array.from(
        Array.from({ length: kvHeads }, (_, head) =>
          vectors.slice(0, rows).map((ofToken) => ofToken[head] as number[]),
        ).flat(2),
      ),
      [HEAD_SIZE, rows, kvHeads],
    );
  const [key, value] = [cached(layer.key), cached(layer.value)];
  const observation = selector.observation;
  let observed: Tensor | undefined;
  if (observation) {
    const middle = Math.floor((observedFrom + tokens) / 2);
    const allKeys =
      observation.of === 'replay'
        ? constant(
            Float32Array.from(
              Array.from({ length: kvHeads }, (_, head) => layer.key.map((ofToken) => ofToken[head] as number[])).flat(
                2,
              ),
            ),
            [HEAD_SIZE, tokens, kvHeads],
          )
        : key;
    for (const [from, to] of [
      [observedFrom, middle],
      [middle, tokens],
    ].filter(([start, end]) => start !== end) as [number, number][]) {
      const queries = (vectors: PlainLayer['query']): Tensor =>
        constant(Float32Array.from(vectors.slice(from, to).flat(2)), [HEAD_SIZE, heads, to - from]);
      const mask = Float32Array.from({ length: allKeys.shape[1] * (to - from) }, (_, index) =>
        index % allKeys.shape[1] <= from + Math.floor(index / allKeys.shape[1]) ? 0 : -Infinity,
      );
      const votes = layer.votes && constant(Float32Array.from(layer.votes.slice(from, to).flat()), [heads, to - from]);
      const seen = observation.observe(graph, {
        query: queries(layer.query),
        unrotated: queries(layer.unrotated),
        key: allKeys,
        mask: constant(mask, [allKeys.shape[1], to - from]),
        scale: 1 / Math.sqrt(HEAD_SIZE),
        votes,
      } satisfies ObservedQueries);
      observed =
        observed === undefined
          ? seen
          : observation.combine === 'add'
            ? add(graph, observed, seen)
            : maximum(graph, observed, seen);
    }
  }
  const output = new Float32Array(heads * HEAD_SIZE * WIDTH);
  for (const [place, ofWidth] of layer.output.entries()) {
    const column = outputHead(Math.floor(place / HEAD_SIZE)) * HEAD_SIZE + (place % HEAD_SIZE);
    ofWidth.forEach((value, row) => (output[row * heads * HEAD_SIZE + column] = value));
  }
  const scores = selector.score(graph, {
    ...{
      observed,
      observedTokens: tokens - observedFrom,
      candidates,
      chosen,
      key,
      value,
      heads,
      scale: 1 / Math.sqrt(HEAD_SIZE),
      nextPosition: rows,
      constant,
    },
    rope: { pairing: 'normal', dimensions: HEAD_SIZE, base: ROPE_BASE },
    output: constant(output, [heads * HEAD_SIZE, WIDTH]),
    outputHead,
    numbers: (values) => given('I32', values, [values.length]),
  });
  graph.expand(scores, { read: true });
  graph.allocate(memory);
  graph.computeSync();
  const values = readF32(device, scores);
  assert.equal(values.length, candidates * kvHeads);
  return Array.from({ length: kvHeads }, (_, head) => [...values.subarray(head * candidates, (head + 1) * candidates)]);
}

/** Fails if scores differ by more than rounding. Rows that always stay have no score. */
export function assertClose(actual: PlainScores, expected: PlainScores): void {
  for (const [head, rows] of expected.entries()) {
    const largest = Math.max(...rows.filter((score) => score < Number.MAX_VALUE).map(Math.abs));
    for (const [row, score] of rows.entries()) {
      const ours = actual[head]?.[row] as number;
      if (score === Number.MAX_VALUE)
        assert.ok(ours > 1e30, `head ${head}, row ${row}: ${ours} is no row that stays in any case`);
      else
        assert.ok(
          Math.abs(ours - score) <= TOLERANCE * largest,
          `head ${head}, row ${row}: ${ours}, expected ${score}`,
        );
    }
  }
}
