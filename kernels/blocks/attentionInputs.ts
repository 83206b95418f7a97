/** The inputs of attention over a cache, and the tensors that it shows to observers. */
import type { Device } from '../ggml/device.ts';
import type { Graph } from '../ggml/graph.ts';
import type { RopeOptions } from '../ggml/opAttributes.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { Heads } from './projectHeads.ts';

/**
 * The cache of a single layer. Rows follow each other, `[headSize · kvHeads, rows]`, or are stored head by head,
 * `[headSize, rows, kvHeads]`. The processor reads the second layout faster.
 */
export interface LayerCache {
  readonly key: Tensor;
  readonly value: Tensor;
  /** Whether `value` is `[rows, headSize, kvHeads]`, the layout that matrix products need. */
  readonly isValueTransposed?: boolean;
  /**
   * The memory of keys and values as 32-bit words: `[headSize / 2, rows, kvHeads]`, F32. Present for float16 on the
   * processor. It lets rows be copied to another such layer without conversion.
   */
  readonly words?: Readonly<Record<'key' | 'value', Tensor>>;
  /**
   * `[headSize, headSize]`, F32, orthogonal and symmetric. Each head's queries, keys and values are multiplied by it
   * before they are stored and attended. Absent: no rotation.
   */
  readonly hadamard?: Tensor;
  /** The device that holds the cache, so that attention runs there. Absent if the block's weights decide the device. */
  readonly device?: Device;
}

/** The inputs that all layers of an evaluation share. */
export interface AttentionInputs {
  /** `[tokens]`, I32: logical positions. */
  readonly positions: Tensor;
  /** `[tokens]`, I64: the cache rows for the tokens' keys and values. */
  readonly rows: Tensor;
  /** Needed for transposed values. */
  readonly valueCells?: TransposedCells;
  /** `[attendedRows, tokens]`, F16: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  readonly attendedRows: number;
  /**
   * Whether the tokens are the first of a sequence, `attendedRows` of them, and enough for ggml's tiles. Then they
   * attend only each other.
   */
  readonly isFirst?: boolean;
  /** Replaces attention over the first rows of the block's cache. */
  readonly attend?: (graph: Graph, heads: Heads, options: AttendOptions) => Tensor;
  /**
   * Receives the queries and keys of each attention while the graph is built. Selectors use them to score cache rows.
   */
  readonly onQueries?: (queries: ObservedQueries) => void;
}

/** The places of the tokens' values in transposed caches. */
export interface TransposedCells {
  /**
   * How many tokens' values of a component are written as a unit: 1, or more where the tokens cover whole stretches of
   * a cache's rows.
   */
  readonly stretch: number;
  /**
   * `[width · tokens / stretch]`, I64: where the stretches go in a cache whose values have `width` components per row.
   * The stretches of the first component come first.
   */
  readonly of: (width: number) => Tensor;
}

/** The queries of some tokens, and the keys that they attend. */
export interface ObservedQueries {
  /** `[headSize, heads, tokens]`, F32, after rope. The heads of a KV head are neighbours. */
  readonly query: Tensor;
  /** The queries before rope. */
  readonly unrotated: Tensor;
  /** `[headSize, rows, kvHeads]` */
  readonly key: Tensor;
  /** `[rows, tokens]`: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  /** The factor of the scores before the softmax. */
  readonly scale: number;
  /** The rope of the queries. Absent if this layer has none. */
  readonly rope?: RopeOptions;
  /** `[heads, tokens]`: the weight of each query, 1 on average. Absent if all queries count the same. */
  readonly votes?: Tensor;
}

export interface AttendOptions {
  readonly headSize: number;
  readonly kvHeads: number;
  readonly scale: number;
  readonly rope?: RopeOptions;
  /** `[heads]`: a further score of each query head, which takes a share of the attention (arXiv 2309.17453). */
  readonly sinks?: Tensor;
  /** Builds `ObservedQueries.votes`. Called only if there is an observer. */
  readonly votes?: () => Tensor;
}
