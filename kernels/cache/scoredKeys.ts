import type { Graph } from '../ggml/graph.ts';
import { contiguous, getRows, meanOf, permute, reshape, setRows } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/**
 * Writes the means of each `meanRows` neighbouring keys, which pages are scored by. Reads the rows `rows[count ·
 * meanRows, kvHeads]` (I32) of `key[headSize, rows, kvHeads]`. Writes them to the rows `places[count]` (I64) of
 * `target`, which is `[headSize, n, kvHeads]` or `[headSize · kvHeads, n]`.
 */
export function writeScoredKeys(
  graph: Graph,
  key: Tensor,
  target: Tensor,
  { rows, places, meanRows }: { readonly rows: Tensor; readonly places: Tensor; readonly meanRows: number },
): void {
  const all = getRows(graph, key, rows);
  const mean = meanRows === 1 ? all : meanOf(graph, all, meanRows);
  const [headSize, count, kvHeads] = mean.shape;
  const isByHead = target.shape[2] > 1 || kvHeads === 1;
  graph.expand(
    setRows(
      graph,
      target,
      isByHead
        ? mean
        : reshape(graph, contiguous(graph, permute(graph, mean, [0, 2, 1, 3])), [headSize * kvHeads, count]),
      places,
    ),
  );
}
