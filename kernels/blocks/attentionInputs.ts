/** What attention over a cache is given, and what it shows to whoever looks. */
import type { Device } from '../ggml/device.ts';
import type { Graph } from '../ggml/graph.ts';
import type { RopeOptions } from '../ggml/opAttributes.ts';
import type { Tensor } from '../ggml/tensor.ts';
import type { Heads } from './projectHeads.ts';

/**
 * One layer's cache. Rows lie one behind the other, `[headSize · kvHeads, rows]`, or head by head, `[headSize, rows,
 * kvHeads]`, which the processor reads more quickly.
 */
export interface LayerCache {
  readonly key: Tensor;
  readonly value: Tensor;
  /** Whether `value` is `[rows, headSize, kvHeads]`, as products with it want it. */
  readonly isValueTransposed?: boolean;
  /**
   * Where keys and values are float16 on the processor: their memory in words, `[headSize / 2, rows, kvHeads]`, F32, by
   * which rows go to another such layer as they are.
   */
  readonly words?: Readonly<Record<'key' | 'value', Tensor>>;
  /**
   * `[headSize, headSize]`, F32, orthogonal and symmetric: what each head's queries, keys and values are multiplied by
   * before they are kept and attended. Absent: by nothing.
   */
  readonly hadamard?: Tensor;
  /**
   * Where it lies, so that what is computed of it is computed there; absent where that is decided by the block's
   * weights.
   */
  readonly device?: Device;
}

/** What all layers of one evaluation share. */
export interface AttentionInputs {
  /** `[tokens]`, I32: logical positions. */
  readonly positions: Tensor;
  /** `[tokens]`, I64: the cache rows that the tokens' keys and values go to. */
  readonly rows: Tensor;
  /** For transposed values. */
  readonly valueCells?: TransposedCells;
  /** `[attendedRows, tokens]`, F16: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  readonly attendedRows: number;
  /**
   * The tokens are a sequence's first, `attendedRows` of them, and enough for ggml's tiles: they attend themselves
   * alone.
   */
  readonly isFirst?: boolean;
  /** Attends in another way than over the first rows of the block's cache. */
  readonly attend?: (graph: Graph, heads: Heads, options: AttendOptions) => Tensor;
  /**
   * Is given each attention's queries and keys as the graph is built: whoever scores the rows of a cache looks at them.
   */
  readonly onQueries?: (queries: ObservedQueries) => void;
}

/** Says where the tokens' values go in transposed caches. */
export interface TransposedCells {
  /**
   * How many tokens' values of one component go to neighbouring places: 1, or more where the tokens begin and end on
   * whole stretches of a cache's rows.
   */
  readonly stretch: number;
  /**
   * `[width · tokens / stretch]`, I64: where in a cache's values, `width` components a row, the stretches go; those of
   * the first component stand first.
   */
  readonly of: (width: number) => Tensor;
}

/** Queries of some tokens, and the keys that they attend. */
export interface ObservedQueries {
  /** `[headSize, heads, tokens]`, F32, rotated; the heads of one KV head stand side by side. */
  readonly query: Tensor;
  /** The same before they were rotated. */
  readonly unrotated: Tensor;
  /** `[headSize, rows, kvHeads]` */
  readonly key: Tensor;
  /** `[rows, tokens]`: 0 where a token attends a row, −∞ elsewhere. */
  readonly mask: Tensor;
  /** Factor of the scores before the softmax. */
  readonly scale: number;
  /** How they were rotated; absent where this layer carries no position. */
  readonly rope?: RopeOptions;
  /** `[heads, tokens]`: how much a query counts, 1 on average; absent where all count the same. */
  readonly votes?: Tensor;
}

export interface AttendOptions {
  readonly headSize: number;
  readonly kvHeads: number;
  readonly scale: number;
  readonly rope?: RopeOptions;
  /** Makes `ObservedQueries.votes` where somebody looks. */
  readonly votes?: () => Tensor;
}
