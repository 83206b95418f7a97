import type { Graph } from './graph.ts';
import { Tensor } from './tensor.ts';

/** The values that a product adds to its sums. */
export interface ProductSums {
  /** `[rows]`, F32 */
  readonly bias?: Tensor;
  /** Adds `factor · up · inner`: `up[rows, rank]` and `inner[rank, tokens]`, F32. */
  readonly factors?: { readonly up: Tensor; readonly inner: Tensor; readonly factor: number };
}

/** A matrix in a layout that ggml does not know. Products are its only use. */
export abstract class CustomMatrix extends Tensor {
  /** Multiplies by `input[columns, …]`: `[rows, …]`, F32. */
  abstract multiply(graph: Graph, input: Tensor, sums?: ProductSums): Tensor;
}
