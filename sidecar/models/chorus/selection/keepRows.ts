import { cacheHeads } from '../../../../kernels/blocks/attendCache.ts';
import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { transposedRows } from '../../../../kernels/blocks/attendTransposed.ts';
import { gatherRows } from '../../../../kernels/cache/selection.ts';
import type { Graph } from '../../../../kernels/ggml/graph.ts';
import { copy, getRows, transpose } from '../../../../kernels/ggml/ops.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';

/** The rows of a layer that are kept. */
export interface KeptParts {
  /** `[count, kvHeads]`, I32: the numbers of the rows that were chosen head by head; absent if none were. */
  readonly best?: Tensor;
  /** Returns the numbers of the first rows of the target, `[count]`, I32. */
  readonly firstPlaces: (count: number) => Tensor;
  /** The last rows, which are always kept: `rows` of them, from this one on. */
  readonly firstRow: number;
  readonly rows: number;
  readonly headSize: number;
  readonly kvHeads: number;
}

/**
 * Copies the kept rows of a layer to the beginning of another cache, first the best rows, then the last. The values of
 * `from` must not be transposed.
 */
export function keepRows(
  graph: Graph,
  from: LayerCache,
  to: LayerCache,
  { best, firstPlaces, firstRow, rows, headSize, kvHeads }: KeptParts,
): void {
  const count = best?.shape[0] ?? 0;
  const heads = (tensor: Tensor, some: number, first = 0): Tensor =>
    cacheHeads(graph, tensor, some, headSize, kvHeads, first);
  for (const [source, target, isTransposed] of [
    [from.key, to.key, false],
    [from.value, to.value, to.isValueTransposed],
  ] as const) {
    if (isTransposed) {
      if (best)
        graph.expand(
          copy(
            graph,
            transpose(graph, getRows(graph, heads(source, source.shape[1]), best)),
            transposedRows(graph, target, count),
          ),
        );
      graph.expand(
        copy(graph, transpose(graph, heads(source, rows, firstRow)), transposedRows(graph, target, rows, count)),
      );
    } else {
      if (best)
        graph.expand(
          gatherRows(graph, heads(source, source.shape[1]), best, heads(target, target.shape[1]), firstPlaces(count)),
        );
      graph.expand(copy(graph, heads(source, rows, firstRow), heads(target, rows, count)));
    }
  }
}
