import { multiply } from '../blocks/linear.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, cast, concat, contiguous, fill, mul, relu, repeat, reshape, scale, sumRows, view } from '../ggml/ops.ts';
import { contiguousStrides, toShape, type Tensor } from '../ggml/tensor.ts';
import { raiseBest } from './selection.ts';
import type { ScoredLayer, Selector } from './selector.ts';

/** Added to scores before they are weighted by values. */
const EPSILON = 1e-4;
/** The share of kept rows, window included, that is chosen by the scores alone. */
const FIRST_SHARE = 0.5;
const STRETCH_ROWS = 4_096;
/** Each head of a stretch adds nodes to a graph. If there were more, stretches get longer. */
const MOST_HEAD_STRETCHES = 512;
/** Padded values of a stretch, their product with the output matrix, and its magnitudes. */
const STRETCH_TENSORS = 4;

/**
 * CriticalKV (arXiv 2502.03805), as in NVIDIA's kvpress. Half of the rows are kept by their scores. The others are kept
 * by their scores times the L1 norm of their value behind the output matrix. `stretchRows`: how many rows go through
 * that matrix at once.
 */
export function criticalKv(
  selector: Selector,
  { stretchRows = STRETCH_ROWS }: { readonly stretchRows?: number } = {},
): Selector {
  const stretchOf = (rows: number, heads: number): number =>
    Math.max(stretchRows, Math.ceil(rows / Math.max(1, Math.floor(MOST_HEAD_STRETCHES / heads))));
  return {
    observation: selector.observation,
    scoringBytes: (layer) =>
      (selector.scoringBytes?.(layer) ?? 0) +
      STRETCH_TENSORS * 4 * layer.heads * layer.headSize * Math.min(layer.rows, stretchOf(layer.rows, layer.heads)),
    score(graph, layer) {
      const { candidates, chosen, key, constant } = layer;
      const window = key.shape[1] - candidates;
      const first = Math.max(0, Math.floor(FIRST_SHARE * (chosen + window)) - window);
      const scores = selector.score(graph, layer);
      const weighted = mul(
        graph,
        scale(graph, scores, 1, EPSILON),
        outputNorms(graph, layer, stretchOf(candidates, layer.heads)),
      );
      return first > 0 ? raiseBest(graph, scores, weighted, first, constant) : weighted;
    },
  };
}

/**
 * `[candidates, kvHeads]`: the mean over the heads of a group. It is computed in stretches, since the product of all
 * rows with the output matrix is large.
 */
function outputNorms(graph: Graph, layer: ScoredLayer, stretch: number): Tensor {
  const { value, candidates, heads } = layer;
  const [headSize] = value.shape;
  let zeros: Tensor | undefined;
  const stretches: Tensor[] = [];
  for (let first = 0; first < candidates; first += stretch) {
    const count = Math.min(stretch, candidates - first);
    // They pad the values of a single head.
    if (heads > 1)
      zeros ??= repeat(graph, fill(graph, valuesOf(graph, value, { kvHead: 0, first, count }), 0), [
        headSize * (heads - 1),
        count,
      ]);
    stretches.push(normsOf(graph, layer, { first, count, zeros }));
  }
  return stretches.reduce((joined, norms) => concat(graph, joined, norms, 0));
}

/** `[count, kvHeads]` */
function normsOf(
  graph: Graph,
  { value, heads, output, outputHead }: ScoredLayer,
  { first, count, zeros }: { readonly first: number; readonly count: number; readonly zeros: Tensor | undefined },
): Tensor {
  const [, , kvHeads] = value.shape;
  const group = heads / kvHeads;
  const norms: Tensor[] = [];
  for (let kvHead = 0; kvHead < kvHeads; kvHead++) {
    const values = valuesOf(graph, value, { kvHead, first, count });
    let sum: Tensor | undefined;
    for (let member = 0; member < group; member++) {
      const norm = l1Norms(
        graph,
        multiply(graph, output, besideZeros(graph, values, zeros, outputHead(kvHead * group + member))),
      );
      sum = sum ? add(graph, sum, norm) : norm;
    }
    norms.push(reshape(graph, scale(graph, sum as Tensor, 1 / group), [count, 1]));
  }
  return norms.reduce((joined, norm) => concat(graph, joined, norm, 1));
}

/** Some rows of one head's values, `[headSize, count]`, F32. */
function valuesOf(
  graph: Graph,
  value: Tensor,
  { kvHead, first, count }: { readonly kvHead: number; readonly first: number; readonly count: number },
): Tensor {
  const [, row, matrix, stack] = value.strides;
  return cast(
    graph,
    view(graph, value, [value.shape[0], count], {
      strides: [row, matrix, stack],
      offsetBytes: kvHead * matrix + first * row,
    }),
    'F32',
  );
}

/**
 * Returns the input of the output matrix with values of one head, and `zeros` for the others: repacked matrices can't
 * be cut.
 */
function besideZeros(graph: Graph, values: Tensor, zeros: Tensor | undefined, head: number): Tensor {
  if (!zeros) return values;
  const [headSize, candidates] = values.shape;
  /** Returns zeros for so many heads, without gaps, from the beginning of `zeros`. */
  const ofHeads = (count: number): Tensor =>
    view(graph, zeros, [headSize * count, candidates], { strides: contiguousRows(headSize * count, candidates) });
  const after = zeros.shape[0] / headSize - head;
  const begun = head > 0 ? concat(graph, ofHeads(head), values, 0) : values;
  return after > 0 ? concat(graph, begun, ofHeads(after), 0) : begun;
}

function contiguousRows(columns: number, rows: number): readonly [number, number, number] {
  const [, row, matrix, stack] = contiguousStrides('F32', toShape([columns, rows]));
  return [row, matrix, stack];
}

/** `[n, rows] → [1, rows]`. */
function l1Norms(graph: Graph, rows: Tensor): Tensor {
  const magnitudes = add(graph, relu(graph, rows), relu(graph, scale(graph, rows, -1)));
  return sumRows(graph, contiguous(graph, magnitudes));
}
