import type { Graph } from '../ggml/graph.ts';
import { add, getRows } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** The parts of one block, each `[width, tokens] → [width, tokens]`. */
export interface BlockParts {
  attentionNorm(x: Tensor): Tensor;
  attention(x: Tensor): Tensor;
  /** Absent if both branches read the attention's norm. */
  feedForwardNorm?(x: Tensor): Tensor;
  feedForward(x: Tensor): Tensor;
}

/**
 * The block of Llama: `h = x + attention(norm x)`, `y = h + feedForward(norm h)`. `outputRows[k]` (I32) selects the
 * tokens that are kept after the attention.
 */
export function serialBlock(graph: Graph, x: Tensor, parts: BlockParts, outputRows?: Tensor): Tensor {
  const attended = parts.attention(parts.attentionNorm(x));
  const hidden = add(graph, keep(graph, attended, outputRows), keep(graph, x, outputRows));
  const normed = parts.feedForwardNorm ? parts.feedForwardNorm(hidden) : hidden;
  return add(graph, parts.feedForward(normed), hidden);
}

/** The block of GPT-J and Command-R: `y = x + attention(n) + feedForward(n)`, `n = norm x`. */
export function parallelBlock(graph: Graph, x: Tensor, parts: BlockParts, outputRows?: Tensor): Tensor {
  const normed = parts.attentionNorm(x);
  const attended = keep(graph, parts.attention(normed), outputRows);
  const fed = parts.feedForward(keep(graph, normed, outputRows));
  return add(graph, add(graph, fed, keep(graph, x, outputRows)), attended);
}

function keep(graph: Graph, x: Tensor, rows: Tensor | undefined): Tensor {
  return rows ? getRows(graph, x, rows) : x;
}
