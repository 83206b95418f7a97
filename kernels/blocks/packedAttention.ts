import type { Graph } from '../ggml/graph.ts';
import { cast, concat, contiguous, mulMat, permute, reshape, softMax, view } from '../ggml/ops.ts';
import type { Tensor } from '../ggml/tensor.ts';
import { attentionOutput, type AttentionOptions, type AttentionWeights } from './attention.ts';
import type { RouterLossOptions } from './routerLoss.ts';
import { projectHeads } from './projectHeads.ts';

/** The inputs of attention in training: whole sequences side by side, without a cache. */
export interface PackedInputs {
  /** `[sequenceTokens · sequences]`, I32. */
  readonly positions: Tensor;
  /**
   * `[sequenceTokens, sequenceTokens, 1, sequences]`, F32: 0 where a token (second dimension) attends another, −∞
   * elsewhere and for all later tokens.
   */
  readonly mask: Tensor;
  readonly sequenceTokens: number;
  readonly sequences: number;
  /** The type in which keys and values are multiplied. */
  readonly productType: 'F32' | 'BF16';
  /**
   * How many queries are computed at once. They attend nothing behind their last token, so nearly half of all scores
   * are never computed. Default: 128.
   */
  readonly stretchTokens?: number;
  /**
   * Replaces the output of attention or feed-forward, `[width, tokens]`, before it is added to the residual. Used for
   * dropout.
   */
  readonly branchOutput?: (y: Tensor) => Tensor;
  /** Receives each term that blocks add to the loss, a single value each. */
  readonly onLoss?: (loss: Tensor) => void;
  /** The loss of the routers. Absent: none. */
  readonly routerLoss?: RouterLossOptions;
}

/**
 * Grouped-query attention (arXiv 2305.13245) within each sequence, from differentiable operations only. `x[width,
 * sequenceTokens · sequences]` keeps its shape.
 */
export function packedAttention(
  graph: Graph,
  x: Tensor,
  weights: AttentionWeights,
  inputs: PackedInputs,
  options: AttentionOptions,
): Tensor {
  const { headSize, kvHeads } = options;
  const tokens = x.shape[1];
  const { query, key, value, gate } = projectHeads(graph, x, weights, inputs.positions, options);

  const attended = attendPacked(
    graph,
    { query, key, value: reshape(graph, value, [headSize, kvHeads, tokens]) },
    inputs,
    options.scale,
  );
  return attentionOutput(graph, attended, gate, weights, options);
}

const STRETCH_TOKENS = 128;

/**
 * Attends within each sequence: `query[headSize, heads, tokens], key, value[headSize, kvHeads, tokens] → [headSize,
 * heads, tokens]`.
 */
export function attendPacked(
  graph: Graph,
  tensors: { query: Tensor; key: Tensor; value: Tensor },
  inputs: PackedInputs,
  factor: number,
): Tensor {
  const { sequenceTokens, sequences, stretchTokens = STRETCH_TOKENS } = inputs;
  const bySequence = (tensor: Tensor): Tensor =>
    reshape(graph, tensor, [tensor.shape[0], tensor.shape[1], sequenceTokens, sequences]);
  const [query, key, value] = [tensors.query, tensors.key, tensors.value].map(bySequence) as [Tensor, Tensor, Tensor];
  const stretches: Tensor[] = [];
  for (let start = 0; start < sequenceTokens; start += stretchTokens) {
    const end = Math.min(start + stretchTokens, sequenceTokens);
    const stretch = {
      query: tokenWindow(graph, query, start, end),
      key: tokenWindow(graph, key, 0, end),
      value: tokenWindow(graph, value, 0, end),
    };
    stretches.push(
      attendStretch(graph, stretch, maskWindow(graph, inputs.mask, start, end), inputs.productType, factor),
    );
  }
  return reshape(
    graph,
    stretches.reduce((joined, stretch) => concat(graph, joined, stretch, 2)),
    tensors.query.shape,
  );
}

/**
 * Attends `key, value[headSize, kvHeads, rows, sequences]` with `mask[rows, tokens, 1, sequences]`. Returns the shape
 * of `query[headSize, heads, tokens, sequences]`.
 */
function attendStretch(
  graph: Graph,
  { query, key, value }: { query: Tensor; key: Tensor; value: Tensor },
  mask: Tensor,
  productType: 'F32' | 'BF16',
  factor: number,
): Tensor {
  const asMatrix = (tensor: Tensor): Tensor =>
    productType === 'F32' ? contiguous(graph, tensor) : cast(graph, tensor, productType);
  // [rows, tokens, heads, sequences]
  const scores = mulMat(graph, asMatrix(permute(graph, key, [0, 2, 1, 3])), permute(graph, query, [0, 2, 1, 3]));
  const probabilities = softMax(graph, scores, mask, factor);
  // [headSize, tokens, heads, sequences]
  const attended = mulMat(graph, asMatrix(permute(graph, value, [1, 2, 0, 3])), probabilities);
  return contiguous(graph, permute(graph, attended, [0, 2, 1, 3]));
}

/** A view of the tokens `start` to `end` of each sequence: `[headSize, heads, tokens, sequences]`. */
function tokenWindow(graph: Graph, tensor: Tensor, start: number, end: number): Tensor {
  const [headSize, heads, tokens, sequences] = tensor.shape;
  if (start === 0 && end === tokens) return tensor;
  const [, ...strides] = tensor.strides;
  return view(graph, tensor, [headSize, heads, end - start, sequences], {
    strides,
    offsetBytes: start * tensor.strides[2],
  });
}

/** The mask of the tokens `start` to `end`, over the rows up to `end`. */
function maskWindow(graph: Graph, mask: Tensor, start: number, end: number): Tensor {
  if (start === 0 && end === mask.shape[1]) return mask;
  const [, ...strides] = mask.strides;
  return contiguous(
    graph,
    view(graph, mask, [end, end - start, 1, mask.shape[3]], { strides, offsetBytes: start * mask.strides[1] }),
  );
}
