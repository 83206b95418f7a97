import { multiply } from '../blocks/linear.ts';
import type { Graph } from '../ggml/graph.ts';
import { add, cast, concat, contiguous, fill, mul, relu, repeat, reshape, scale, sumRows, view } from '../ggml/ops.ts';
import { contiguousStrides, toShape, type Tensor } from '../ggml/tensor.ts';
import { raiseBest } from './selection.ts';
import type { ScoredLayer, Selector } from './selector.ts';

/** Added to scores before the values count. */
const EPSILON = 1e-4;
/** Of the rows that stay, those of the window among them, the share that is chosen by the scores alone. */
const FIRST_SHARE = 0.5;

/**
 * CriticalKV (arXiv 2502.03805): half of the rows stay by their scores; the others by what their values add to the layer's result besides, the L1 norm of
 * the value times the output matrix. As in NVIDIA's kvpress.
 */
export function criticalKv(selector: Selector): Selector {
  return {
    observation: selector.observation,
    score(graph, layer) {
      const { candidates, chosen, key, constant } = layer;
      const window = key.shape[1] - candidates;
      const first = Math.max(0, Math.floor(FIRST_SHARE * (chosen + window)) - window);
      const scores = selector.score(graph, layer);
      const weighted = mul(graph, scale(graph, scores, 1, EPSILON), outputNorms(graph, layer));
      return first > 0 ? raiseBest(graph, scores, weighted, first, constant) : weighted;
    },
  };
}

/** `[candidates, kvHeads]`: the mean over the heads of a group. */
function outputNorms(graph: Graph, { value, candidates, heads, output, outputHead }: ScoredLayer): Tensor {
  const [headSize, , kvHeads] = value.shape;
  const group = heads / kvHeads;
  const norms: Tensor[] = [];
  let zeros: Tensor | undefined;
  for (let kvHead = 0; kvHead < kvHeads; kvHead++) {
    const values = cast(graph, view(graph, value, [headSize, candidates], { strides: [value.strides[1], value.strides[2], value.strides[3]], offsetBytes: kvHead * value.strides[2] }), 'F32');
    // Those that stand beside any head's.
    if (heads > 1) zeros ??= repeat(graph, fill(graph, values, 0), [headSize * (heads - 1), candidates]);
    let sum: Tensor | undefined;
    for (let member = 0; member < group; member++) {
      const norm = l1Norms(graph, multiply(graph, output, besideZeros(graph, values, zeros, outputHead(kvHead * group + member))));
      sum = sum ? add(graph, sum, norm) : norm;
    }
    norms.push(reshape(graph, scale(graph, sum as Tensor, 1 / group), [candidates, 1]));
  }
  return norms.reduce((joined, norm) => concat(graph, joined, norm, 1));
}

/** What the output matrix takes, with values of one head alone and `zeros` for the others: repacked matrices can't be cut. */
function besideZeros(graph: Graph, values: Tensor, zeros: Tensor | undefined, head: number): Tensor {
  if (!zeros) return values;
  const [headSize, candidates] = values.shape;
  /** The zeros of so many heads, without gaps: any stretch of them serves. */
  const ofHeads = (count: number): Tensor => view(graph, zeros, [headSize * count, candidates], { strides: contiguousRows(headSize * count, candidates) });
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
