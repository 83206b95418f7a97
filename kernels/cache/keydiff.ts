import type { Graph } from '../ggml/graph.ts';
import { cast, contiguous, mulMat, permute, reshape, rmsNorm, scale, sumRows, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { Selector } from './selector.ts';

const EPSILON = 1e-12;

/**
 * KeyDiff (arXiv 2504.15364). A key's score is higher the less it resembles the mean direction of all keys. It uses no
 * queries.
 */
export function keyDiff(): Selector {
  return {
    score(graph, { key, candidates }) {
      const [headSize, , kvHeads] = key.shape;
      const directions = unit(graph, cast(graph, key, 'F32'));
      const sum = sumRows(graph, contiguous(graph, permute(graph, directions, [1, 0, 2, 3])));
      const anchor = unit(graph, reshape(graph, sum, [headSize, 1, kvHeads]));
      const [, ...strides] = directions.strides;
      const similarity = mulMat(
        graph,
        contiguous(graph, view(graph, directions, [headSize, candidates, kvHeads], { strides })),
        anchor,
        { preciseF32: true },
      );
      return scale(graph, reshape(graph, similarity, [candidates, kvHeads]), -1);
    },
  };
}

/** Scales each row to length 1. */
function unit(graph: Graph, rows: Tensor): Tensor {
  return scale(graph, rmsNorm(graph, rows, EPSILON), 1 / Math.sqrt(rows.shape[0]));
}
