import type { ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Matrix } from '../blocks/linear.ts';
import type { Graph } from '../ggml/graph.ts';
import type { RopeOptions } from '../ggml/opAttributes.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** A layer whose rows are scored. */
export interface ScoredLayer {
  /** The combined results of `observe` for all observed tokens; absent if the selector observes nothing. */
  readonly observed?: Tensor;
  readonly observedTokens: number;
  /** The number of first rows that may be dropped. The rows behind them are always kept. */
  readonly candidates: number;
  /** How many of the candidates each KV head keeps. */
  readonly chosen: number;
  /** `[headSize, rows, kvHeads]`: all rows. */
  readonly key: Tensor;
  readonly value: Tensor;
  readonly heads: number;
  readonly scale: number;
  /** Absent if the layer uses no positions. */
  readonly rope?: RopeOptions;
  /** The attention's output matrix, `[heads · headSize, width]`. */
  readonly output: Matrix;
  /** Returns the place of a query head among the output matrix's heads. */
  readonly outputHead: (head: number) => number;
  /** The position of the next token. */
  readonly nextPosition: number;
  /** Returns an F32 tensor of given values. */
  readonly constant: (values: Float32Array, extents: readonly number[]) => Tensor;
  /** Returns an I32 tensor of given values, `[n]`. */
  readonly numbers: (values: Int32Array) => Tensor;
}

export interface LayerExtents {
  readonly rows: number;
  readonly headSize: number;
  readonly heads: number;
}

/** The queries that a selector observes before it scores. */
export interface Observation {
  /** The queries of the kept window, of all tokens of the context, or of a second reading of the context. */
  readonly of: 'window' | 'all' | 'replay';
  /** The number of first tokens that are not observed. */
  readonly skipTokens?: number;
  /** How the results of several stretches of tokens are combined. */
  readonly combine: 'add' | 'max';
  /** The extents of the result of `observe`; the same for every stretch. */
  extents(layer: LayerExtents): readonly number[];
  observe(graph: Graph, queries: ObservedQueries): Tensor;
  /** The memory for observing a token, if it depends on the number of attended rows. */
  readonly tokenBytes?: (layer: LayerExtents) => number;
}

/**
 * Scores each cached row for each KV head. Choosing the best rows and gathering them is the same for all selectors
 * (`selection.ts`).
 */
export interface Selector {
  readonly observation?: Observation;
  /** The memory for scoring in bytes, if it is more than some copies of the keys. */
  readonly scoringBytes?: (layer: LayerExtents) => number;
  /** `[candidates, kvHeads]`, F32: rows with larger scores are kept. */
  score(graph: Graph, layer: ScoredLayer): Tensor;
}
