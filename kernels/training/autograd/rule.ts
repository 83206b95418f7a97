import type { Graph, NodeRecord } from '../../ggml/graph.ts';
import type { OpAttributes } from '../../ggml/opAttributes.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import type { TensorType } from '../../ggml/types.ts';

/** The inputs of a derivative rule for a node. */
export interface RuleContext {
  readonly graph: Graph;
  readonly node: NodeRecord;
  /** The gradient of the loss by the node's result: F32, contiguous, of the same shape. */
  readonly gradient: Tensor;
  /** Whether a source depends on a parameter. Gradients of other sources are not built. */
  readonly needs: (source: number) => boolean;
  /** The type of the first operand of matrix products. */
  readonly productType: TensorType;
  /**
   * `a` with dimensions 0 and 1 swapped, contiguous, in `productType`. For a parameter a kept copy is used if there is
   * one.
   */
  readonly transposed: (a: Tensor) => Tensor;
  /**
   * The same as second operand of a product: F32, or `productType` if the device accepts it without rounding it for the
   * product.
   */
  readonly transposedInput: (a: Tensor) => Tensor;
  /** Whether to build derivatives from plain operations, because the device lacks ggml's own. */
  readonly composed: boolean;
}

/**
 * A vector–Jacobian product. Returns the gradient of the loss by each source, or `undefined` where it is not needed.
 * Each gradient has its source's shape, is F32 and contiguous.
 */
export type Rule = (context: RuleContext) => readonly (Tensor | undefined)[];

/** The loss depends on a parameter through an operation without a derivative. */
export class NotDifferentiableError extends Error {
  override readonly name = 'NotDifferentiableError';
}

/** The attributes of a node, which an operation of this name made. */
export function attributesOf<Name extends keyof OpAttributes>(node: NodeRecord, name: Name): OpAttributes[Name] {
  if (!node.attributes) throw new Error(`A ${node.op} node has no attributes of ${name}.`);
  return node.attributes as OpAttributes[Name];
}
