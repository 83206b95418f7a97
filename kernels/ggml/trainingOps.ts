/** Operations that only training uses: ggml's derivatives, sums in place, and the optimiser's step. */
import { ShapeError } from './errors.ts';
import type { Graph } from './graph.ts';
import type { Im2colOptions } from './opAttributes.ts';
import { windowTensor } from './ops.ts';
import type { Tensor } from './tensor.ts';

const sameShape = (a: Tensor, b: Tensor): boolean =>
  a.shape.every((extent, dimension) => extent === b.shape[dimension]);

function assertSame(op: string, first: Tensor, ...others: Tensor[]): void {
  if (!others.every((other) => sameShape(first, other)))
    throw new ShapeError(`${op}: ${[first, ...others].map(String).join(' and ')} differ in shape.`);
}

/** Gradient of `silu(a)`: `gradient · silu'(a)`. */
export function siluBack(graph: Graph, gradient: Tensor, a: Tensor): Tensor {
  assertSame('siluBack', gradient, a);
  return graph.node('siluBack', [gradient, a], gradient, () =>
    graph.device.functions.ggml_silu_back(graph.context, gradient.pointer, a.pointer),
  );
}

/** Gradient of `rmsNorm(a, epsilon)`. */
export function rmsNormBack(graph: Graph, gradient: Tensor, a: Tensor, epsilon: number): Tensor {
  assertSame('rmsNormBack', gradient, a);
  return graph.node('rmsNormBack', [gradient, a], gradient, () =>
    graph.device.functions.ggml_rms_norm_back(graph.context, gradient.pointer, a.pointer, epsilon),
  );
}

/** Gradient of `softMax(a, mask, factor)` by `a`, from its `result`. */
export function softMaxBack(graph: Graph, gradient: Tensor, result: Tensor, factor: number): Tensor {
  assertSame('softMaxBack', gradient, result);
  return graph.node('softMaxBack', [gradient, result], gradient, () =>
    graph.device.functions.ggml_soft_max_ext_back(graph.context, gradient.pointer, result.pointer, factor, 0),
  );
}

/** Gradient of `getRows(a, ids)` by the matrix `a`: adds the rows of `gradient[n, k]` to the rows that were read. */
export function getRowsBack(graph: Graph, gradient: Tensor, ids: Tensor, a: Tensor): Tensor {
  const isMatrix = [gradient, a].every(({ shape }) => shape[2] === 1 && shape[3] === 1);
  if (
    !isMatrix ||
    gradient.shape[0] !== a.shape[0] ||
    gradient.shape[1] !== ids.elements ||
    ids.elements !== ids.shape[0]
  ) {
    throw new ShapeError(
      `getRowsBack: ${gradient.toString()}, ${ids.toString()} and ${a.toString()} are not rows of a matrix.`,
    );
  }
  const { functions } = graph.device;
  return graph.node('getRowsBack', [gradient, ids], { type: 'F32', shape: a.shape }, () =>
    functions.ggml_get_rows_back(graph.context, gradient.pointer, ids.pointer, a.pointer),
  );
}

/** Gradient of `im2col(a, options)` by `a`: adds the gradient of each window to the values that it covered. */
export function im2colBack(graph: Graph, gradient: Tensor, a: Tensor, options: Im2colOptions): Tensor {
  const { stride, padding } = options;
  const { functions } = graph.device;
  return graph.node('im2colBack', [gradient, a], { type: 'F32', shape: a.shape }, () =>
    functions.ggml_im2col_back(
      graph.context,
      gradient.pointer,
      windowTensor(graph, a, options, a.shape[2]),
      BigInt64Array.from(a.shape, BigInt),
      stride[0],
      stride[1],
      padding[0],
      padding[1],
      1,
      1,
      true,
    ),
  );
}

/** `a` with `b` added to the window with these strides and this offset. */
export function addToWindow(
  graph: Graph,
  a: Tensor,
  b: Tensor,
  window: { strides: readonly [number, number, number, number]; offsetBytes: number },
): Tensor {
  const { strides, offsetBytes } = window;
  const lastByte =
    offsetBytes +
    b.shape.reduce((sum, extent, dimension) => sum + (extent - 1) * (strides[dimension] as number), strides[0]);
  if (a.type === 'F32' && lastByte > a.sizeBytes)
    throw new ShapeError(
      `addToWindow: ${b.toString()} at byte ${offsetBytes} reaches byte ${lastByte} of ${a.toString()}.`,
    );
  return graph.node('addToWindow', [a, b], a, () =>
    graph.device.functions.ggml_acc(
      graph.context,
      a.pointer,
      b.pointer,
      strides[1],
      strides[2],
      strides[3],
      offsetBytes,
    ),
  );
}

/** Adds `b` to `target` in place. */
export function addInto(graph: Graph, target: Tensor, b: Tensor): Tensor {
  assertSame('addInto', target, b);
  return graph.node('add', [target, b], target, () =>
    graph.device.functions.ggml_add_inplace(graph.context, target.pointer, b.pointer),
  );
}

/**
 * A step of AdamW (arXiv 1711.05101), in place on `weight` and the moments `first` and `second`.
 *
 * The seven `settings`: rate, β₁, β₂, ε, decay, 1 ⁄ (1 − β₁ᵗ), 1 ⁄ (1 − β₂ᵗ).
 */
export function stepAdamW(
  graph: Graph,
  tensors: { weight: Tensor; gradient: Tensor; first: Tensor; second: Tensor },
  settings: Tensor,
): Tensor {
  const { weight, gradient, first, second } = tensors;
  assertSame('stepAdamW', weight, gradient, first, second);
  if (settings.elements !== 7)
    throw new ShapeError(`stepAdamW: ${settings.toString()} holds ${settings.elements} settings, expected 7.`);
  const { functions } = graph.device;
  return graph.node('stepAdamW', [weight, gradient, first, second, settings], weight, () => {
    functions.ggml_set_param(weight.pointer);
    return functions.ggml_opt_step_adamw(
      graph.context,
      weight.pointer,
      gradient.pointer,
      first.pointer,
      second.pointer,
      settings.pointer,
    );
  });
}
