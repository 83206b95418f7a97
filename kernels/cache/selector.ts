import type { ObservedQueries } from '../blocks/attentionInputs.ts';
import type { Matrix } from '../blocks/linear.ts';
import type { Graph } from '../ggml/graph.ts';
import type { RopeOptions } from '../ggml/opAttributes.ts';
import type { Tensor } from '../ggml/tensor.ts';

/** What is known of a layer when its rows are scored. */
export interface ScoredLayer {
  /** What `observe` gave, of all observed tokens together; absent where the selector observes nothing. */
  readonly observed?: Tensor;
  readonly observedTokens: number;
  /** The first rows, which may go; those behind them are kept in any case. */
  readonly candidates: number;
  /** How many of the candidates each KV head keeps. */
  readonly chosen: number;
  /** `[headSize, rows, kvHeads]`: all rows. */
  readonly key: Tensor;
  readonly value: Tensor;
  readonly heads: number;
  readonly scale: number;
  /** Absent where the layer carries no position. */
  readonly rope?: RopeOptions;
  /** The attention's output matrix, `[heads · headSize, width]`. */
  readonly output: Matrix;
  /** The place among the output matrix's heads that a query head has. */
  readonly outputHead: (head: number) => number;
  /** Logical position of the next token. */
  readonly nextPosition: number;
  /** An F32 tensor of given values. */
  readonly constant: (values: Float32Array, extents: readonly number[]) => Tensor;
  /** An I32 tensor of given values, `[n]`. */
  readonly numbers: (values: Int32Array) => Tensor;
}

export interface LayerExtents {
  readonly rows: number;
  readonly headSize: number;
  readonly heads: number;
}

/** What a selector asks of tokens before it scores. */
export interface Observation {
  /** Whose queries: of the kept window, of all tokens of the context, or of a second reading of the context. */
  readonly of: 'window' | 'all' | 'replay';
  /** Tokens at the beginning that are left out. */
  readonly skipTokens?: number;
  /** How what several stretches of tokens say becomes one. */
  readonly combine: 'add' | 'max';
  /** Of what `observe` gives; the same for every stretch. */
  extents(layer: LayerExtents): readonly number[];
  observe(graph: Graph, queries: ObservedQueries): Tensor;
  /** Memory that observing takes for each token, where that depends on the rows which it attends. */
  readonly tokenBytes?: (layer: LayerExtents) => number;
}

/**
 * Says what each cached row is worth to each KV head. A selector only scores: choosing the best rows and gathering them
 * is the same for all (`selection.ts`).
 */
export interface Selector {
  readonly observation?: Observation;
  /** Memory that scoring takes where that is more than some copies of the keys, in bytes. */
  readonly scoringBytes?: (layer: LayerExtents) => number;
  /** `[candidates, kvHeads]`, F32: the larger, the rather kept. */
  score(graph: Graph, layer: ScoredLayer): Tensor;
}
