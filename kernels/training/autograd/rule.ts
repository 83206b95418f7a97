import type { Graph, NodeRecord } from '../../ggml/graph.ts';
import type { OpAttributes } from '../../ggml/opAttributes.ts';
import type { Tensor } from '../../ggml/tensor.ts';
import type { TensorType } from '../../ggml/types.ts';

/** What the derivative of one node is built from. */
export interface RuleContext {
  readonly graph: Graph;
  readonly node: NodeRecord;
  /** Of the loss by the node's result: F32, of its shape, without gaps. */
  readonly gradient: Tensor;
  /** Whether the source of this number leads to a parameter; gradients of others are not built. */
  readonly needs: (source: number) => boolean;
  /** Type in which matrices are multiplied: that of the first operand. */
  readonly productType: TensorType;
  /**
   * `a`'s dimensions 0 and 1 swapped, without gaps, in `productType`; a copy that is kept for a parameter is taken
   * rather than made.
   */
  readonly transposed: (a: Tensor) => Tensor;
  /**
   * The same as the second operand of a product: F32, or `productType` where the device takes it and need not round it
   * for the product.
   */
  readonly transposedInput: (a: Tensor) => Tensor;
  /** Builds derivatives from plain operations where the device lacks ggml's own. */
  readonly composed: boolean;
}

/**
 * A vector–Jacobian product: the gradients of the loss by each source, `undefined` for those that are not needed. Each
 * has its source's shape, is F32 and has no gaps.
 */
export type Rule = (context: RuleContext) => readonly (Tensor | undefined)[];

/** An operation stands between a parameter and the loss that has no derivative here. */
export class NotDifferentiableError extends Error {
  override readonly name = 'NotDifferentiableError';
}

/** The attributes of a node that an operation of this name made. */
export function attributesOf<Name extends keyof OpAttributes>(node: NodeRecord, name: Name): OpAttributes[Name] {
  if (!node.attributes) throw new Error(`A node ${node.op} has no attributes of ${name}.`);
  return node.attributes as OpAttributes[Name];
}
