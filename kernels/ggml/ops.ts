/**
 * The operations of a graph: `(graph, tensors, options) → tensor`. Shapes are ggml's, fastest dimension first. Each
 * operation throws `ShapeError` or `UnsupportedOpError` where ggml would abort.
 */
import type { Pointer } from './bindings.ts';
import { CustomMatrix, type ProductSums } from './customMatrix.ts';
import { ShapeError } from './errors.ts';
import type { Graph } from './graph.ts';
import type { Op } from './support.ts';
import type { Im2colOptions, OpAttributes, RopeOptions } from './opAttributes.ts';
import { toShape, type Shape, type Tensor } from './tensor.ts';
import { tensorTypes, type TensorType } from './types.ts';

function assertShape(condition: boolean, op: string, ...tensors: Tensor[]): void {
  if (!condition) throw new ShapeError(`${op}: ${tensors.map(String).join(' and ')} do not fit together.`);
}

const broadcasts = (from: Tensor, to: Tensor): boolean =>
  to.shape.every((extent, dimension) => extent % (from.shape[dimension] as number) === 0);
const same = (a: Tensor, b: Tensor): boolean => a.shape.every((extent, dimension) => extent === b.shape[dimension]);

/** ggml's `GGML_N_TASKS_MAX`. */
const ALL_THREADS = -1;

type BinaryFunction = 'ggml_add' | 'ggml_sub' | 'ggml_mul' | 'ggml_div';
function binary(op: Op, name: BinaryFunction) {
  return (graph: Graph, a: Tensor, b: Tensor): Tensor => {
    assertShape(broadcasts(b, a), op, a, b);
    return graph.node(op, [a, b], { type: a.type, shape: a.shape }, () =>
      graph.device.functions[name](graph.context, a.pointer, b.pointer),
    );
  };
}
/** `a + b`, with `b` repeated to the shape of `a`. */
export const add = binary('add', 'ggml_add');
export const sub = binary('sub', 'ggml_sub');
export const mul = binary('mul', 'ggml_mul');
export const div = binary('div', 'ggml_div');

type UnaryFunction =
  | 'ggml_silu'
  | 'ggml_gelu'
  | 'ggml_gelu_erf'
  | 'ggml_sigmoid'
  | 'ggml_tanh'
  | 'ggml_relu'
  | 'ggml_sqr'
  | 'ggml_sqrt'
  | 'ggml_exp'
  | 'ggml_log'
  | 'ggml_softplus'
  | 'ggml_step'
  | 'ggml_floor';
function unary(op: Op, name: UnaryFunction) {
  return (graph: Graph, a: Tensor): Tensor =>
    graph.node(op, [a], { type: a.type, shape: a.shape }, () => graph.device.functions[name](graph.context, a.pointer));
}
export const silu = unary('silu', 'ggml_silu');
export const gelu = unary('gelu', 'ggml_gelu');
/** Exact GELU by the error function. `gelu` approximates it by tanh. */
export const geluErf = unary('geluErf', 'ggml_gelu_erf');
export const sigmoid = unary('sigmoid', 'ggml_sigmoid');
export const tanh = unary('tanh', 'ggml_tanh');
export const relu = unary('relu', 'ggml_relu');
export const sqr = unary('sqr', 'ggml_sqr');
export const sqrt = unary('sqrt', 'ggml_sqrt');
export const exp = unary('exp', 'ggml_exp');
export const log = unary('log', 'ggml_log');
/** `ln(1 + eᵃ)`. */
export const softplus = unary('softplus', 'ggml_softplus');
/** 1 for values above zero, else 0. */
export const step = unary('step', 'ggml_step');
export const floor = unary('floor', 'ggml_floor');

/** `a · factor + bias`. */
export function scale(graph: Graph, a: Tensor, factor: number, bias = 0): Tensor {
  const { functions } = graph.device;
  const native = (): Pointer =>
    bias === 0
      ? functions.ggml_scale(graph.context, a.pointer, factor)
      : functions.ggml_scale_bias(graph.context, a.pointer, factor, bias);
  return graph.node('scale', [a], { type: a.type, shape: a.shape }, native, { factor } satisfies OpAttributes['scale']);
}

/** A tensor of `a`'s shape filled with `value`. */
export function fill(graph: Graph, a: Tensor, value: number): Tensor {
  return graph.node('fill', [a], { type: a.type, shape: a.shape }, () =>
    graph.device.functions.ggml_fill(graph.context, a.pointer, value),
  );
}

export function clamp(graph: Graph, a: Tensor, minimum: number, maximum: number): Tensor {
  return graph.node(
    'clamp',
    [a],
    { type: a.type, shape: a.shape },
    () => graph.device.functions.ggml_clamp(graph.context, a.pointer, minimum, maximum),
    { minimum, maximum } satisfies OpAttributes['clamp'],
  );
}

/** Sums along rows: `[n, …] → [1, …]`. */
export function sumRows(graph: Graph, a: Tensor): Tensor {
  const shape: Shape = [1, a.shape[1], a.shape[2], a.shape[3]];
  return graph.node('sumRows', [a], { type: a.type, shape }, () =>
    graph.device.functions.ggml_sum_rows(graph.context, a.pointer),
  );
}

/** The largest value of each row: `[n, …] → [1, …]`. */
export function maxRows(graph: Graph, a: Tensor): Tensor {
  const shape: Shape = [1, a.shape[1], a.shape[2], a.shape[3]];
  return graph.node('pool1d', [a], { type: 'F32', shape }, () =>
    graph.device.functions.ggml_pool_1d(graph.context, a.pointer, 0, a.shape[0], a.shape[0], 0),
  );
}

/**
 * Pools each row over `kernel` neighbours, an odd number. The shape `[n, rows]` stays. The mean counts places beyond
 * the ends as zeros; the maximum ignores them.
 */
export function pool(graph: Graph, a: Tensor, kernel: number, kind: 'avg' | 'max'): Tensor {
  if (kernel % 2 !== 1) throw new ShapeError(`pool: a kernel of ${kernel} has no middle. Use an odd number.`);
  return graph.node('pool2d', [a], { type: 'F32', shape: a.shape }, () =>
    graph.device.functions.ggml_pool_2d(
      graph.context,
      a.pointer,
      kind === 'max' ? 0 : 1,
      kernel,
      1,
      1,
      1,
      (kernel - 1) / 2,
      0,
    ),
  );
}

/**
 * The elementwise maximum. ggml has no such operation, so it is `relu(a − b) + b`, which rounds if one value is far
 * larger.
 */
export function maximum(graph: Graph, a: Tensor, b: Tensor): Tensor {
  return add(graph, relu(graph, sub(graph, a, b)), b);
}

/** The maximum of each `count` neighbouring rows: `[n, count · rows, matrices] → [n, rows, matrices]`. */
export function maximumOf(graph: Graph, a: Tensor, count: number): Tensor {
  return poolRows(graph, a, count, 'max');
}

/** The mean of each `count` neighbouring rows: `[n, count · rows, matrices] → [n, rows, matrices]`. */
export function meanOf(graph: Graph, a: Tensor, count: number): Tensor {
  return poolRows(graph, a, count, 'avg');
}

function poolRows(graph: Graph, a: Tensor, count: number, kind: 'avg' | 'max'): Tensor {
  if (a.shape[1] % count !== 0)
    throw new ShapeError(`${a.toString()} can't be divided into stretches of ${count} rows.`);
  const shape: Shape = [a.shape[0], a.shape[1] / count, a.shape[2], a.shape[3]];
  return graph.node('pool2d', [a], { type: 'F32', shape }, () =>
    graph.device.functions.ggml_pool_2d(graph.context, a.pointer, kind === 'max' ? 0 : 1, 1, count, 1, count, 0, 0),
  );
}

/** `silu(gate) · up`. */
export function swiglu(graph: Graph, gate: Tensor, up: Tensor): Tensor {
  assertShape(same(gate, up), 'swiglu', gate, up);
  return graph.node('swiglu', [gate, up], { type: gate.type, shape: gate.shape }, () =>
    graph.device.functions.ggml_swiglu_split(graph.context, gate.pointer, up.pointer),
  );
}

/** The slope of the sigmoid and the limit of values in `swigluClamped`, as gpt-oss was trained. */
const [CLAMPED_SLOPE, CLAMPED_LIMIT] = [1.702, 7];

/** `gate · sigmoid(1.702 · gate) · (up + 1)`, with `gate` of at most 7 and `up` from −7 to 7. */
export function swigluClamped(graph: Graph, gate: Tensor, up: Tensor): Tensor {
  assertShape(same(gate, up), 'swigluClamped', gate, up);
  return graph.node('swigluClamped', [gate, up], { type: gate.type, shape: gate.shape }, () =>
    graph.device.functions.ggml_swiglu_oai(graph.context, gate.pointer, up.pointer, CLAMPED_SLOPE, CLAMPED_LIMIT),
  );
}

/** `gelu(gate) · up`. */
export function geglu(graph: Graph, gate: Tensor, up: Tensor): Tensor {
  assertShape(same(gate, up), 'geglu', gate, up);
  return graph.node('geglu', [gate, up], { type: gate.type, shape: gate.shape }, () =>
    graph.device.functions.ggml_geglu_split(graph.context, gate.pointer, up.pointer),
  );
}

/** Mean and variance normalisation of each row. */
export function norm(graph: Graph, a: Tensor, epsilon: number): Tensor {
  return graph.node(
    'norm',
    [a],
    { type: a.type, shape: a.shape },
    () => graph.device.functions.ggml_norm(graph.context, a.pointer, epsilon),
    { epsilon } satisfies OpAttributes['norm'],
  );
}

/** Root-mean-square normalisation of each row. */
export function rmsNorm(graph: Graph, a: Tensor, epsilon: number): Tensor {
  return graph.node(
    'rmsNorm',
    [a],
    { type: a.type, shape: a.shape },
    () => graph.device.functions.ggml_rms_norm(graph.context, a.pointer, epsilon),
    { epsilon } satisfies OpAttributes['rmsNorm'],
  );
}

/** Divides each row by its length, or by `epsilon` if it is shorter. */
export function l2Norm(graph: Graph, a: Tensor, epsilon: number): Tensor {
  return graph.node('l2Norm', [a], { type: a.type, shape: a.shape }, () =>
    graph.device.functions.ggml_l2_norm(graph.context, a.pointer, epsilon),
  );
}

/** `a[k, m] · b[k, n] → [m, n]`, in float32. Dimensions 2 and 3 of `a` repeat over those of `b`. */
export function mulMat(
  graph: Graph,
  a: Tensor,
  b: Tensor,
  options: {
    preciseF32?: boolean;
    /** Only for a `CustomMatrix`. */
    sums?: ProductSums;
  } = {},
): Tensor {
  assertShape(
    a.shape[0] === b.shape[0] && b.shape[2] % a.shape[2] === 0 && b.shape[3] % a.shape[3] === 0,
    'mulMat',
    a,
    b,
  );
  const { functions } = graph.device;
  const input = graph.productInput?.(a, b) ?? b;
  if (a instanceof CustomMatrix) return a.multiply(graph, input, options.sums);
  return graph.node(
    'mulMat',
    [a, input],
    { type: 'F32', shape: [a.shape[1], b.shape[1], b.shape[2], b.shape[3]] },
    () => {
      const pointer = functions.ggml_mul_mat(graph.context, a.pointer, input.pointer);
      if (options.preciseF32) functions.ggml_mul_mat_set_prec(pointer, 10);
      return pointer;
    },
  );
}

/**
 * `a[m, k, s] · b[n, k, s] → [m, n, s]`: the sum over k of the products of columns. For few k it is faster than
 * `mulMat`.
 */
export function outProd(graph: Graph, a: Tensor, b: Tensor): Tensor {
  const isStack = a.shape[2] === b.shape[2] && a.shape[3] === 1 && b.shape[3] === 1;
  assertShape(a.shape[1] === b.shape[1] && isStack, 'outProd', a, b);
  return graph.node('outProd', [a, b], { type: 'F32', shape: [a.shape[0], b.shape[0], a.shape[2], 1] }, () =>
    graph.device.functions.ggml_out_prod(graph.context, a.pointer, b.pointer),
  );
}

/**
 * The matrix product of a mixture: `experts[k, m, n], b[k, slots or 1, tokens], ids[slots, tokens] → [m, slots,
 * tokens]`.
 */
export function mulMatId(graph: Graph, experts: Tensor, b: Tensor, ids: Tensor): Tensor {
  assertShape(
    experts.shape[0] === b.shape[0] && ids.shape[1] === b.shape[2] && ids.shape[0] % b.shape[1] === 0,
    'mulMatId',
    experts,
    b,
    ids,
  );
  const shape: Shape = [experts.shape[1], ids.shape[0], b.shape[2], 1];
  const input = graph.productInput?.(experts, b) ?? b;
  return graph.node('mulMatId', [experts, input, ids], { type: 'F32', shape }, () =>
    graph.device.functions.ggml_mul_mat_id(graph.context, experts.pointer, input.pointer, ids.pointer),
  );
}

/** The C function of a node of `custom`, and the memory with its options. */
export interface CustomOperation {
  readonly run: Pointer;
  readonly options?: Buffer;
}

/** A node that a C function computes on all of ggml's threads. Only the processor has it. */
export function custom(
  graph: Graph,
  { run, options }: CustomOperation,
  sources: readonly Tensor[],
  result: { readonly type: TensorType; readonly shape: Shape },
): Tensor {
  const pointers = BigUint64Array.from(sources, ({ pointer }) => pointer);
  const memory = options ? graph.retain(options) : null;
  return graph.node('custom', sources, result, () =>
    graph.device.functions.ggml_custom_4d(
      graph.context,
      tensorTypes[result.type].id,
      ...result.shape,
      pointers,
      sources.length,
      run,
      ALL_THREADS,
      memory,
    ),
  );
}

/** Adds row `ids[slot, token]` of `b` to `a[n, slots, tokens]`. */
export function addId(graph: Graph, a: Tensor, b: Tensor, ids: Tensor): Tensor {
  assertShape(
    a.shape[0] === b.shape[0] && a.shape[1] === ids.shape[0] && a.shape[2] === ids.shape[1],
    'addId',
    a,
    b,
    ids,
  );
  return graph.node('addId', [a, b, ids], { type: a.type, shape: a.shape }, () =>
    graph.device.functions.ggml_add_id(graph.context, a.pointer, b.pointer, ids.pointer),
  );
}

/** Copies `a` into the memory of `target`, converting the type. */
export function copy(graph: Graph, a: Tensor, target: Tensor): Tensor {
  assertShape(a.elements === target.elements, 'copy', a, target);
  return graph.node('copy', [a, target], target, () =>
    graph.device.functions.ggml_cpy(graph.context, a.pointer, target.pointer),
  );
}

/** Converts `a` to another type. */
export function cast(graph: Graph, a: Tensor, type: TensorType): Tensor {
  return graph.node('copy', [a], { type, shape: a.shape }, () =>
    graph.device.functions.ggml_cast(graph.context, a.pointer, tensorTypes[type].id),
  );
}

/** A contiguous copy of `a`. */
export function contiguous(graph: Graph, a: Tensor): Tensor {
  return graph.node('contiguous', [a], { type: a.type, shape: a.shape }, () =>
    graph.device.functions.ggml_cont(graph.context, a.pointer),
  );
}

/** The same values in another shape. `a` must be contiguous. */
export function reshape(graph: Graph, a: Tensor, extents: readonly number[]): Tensor {
  const shape = toShape(extents);
  if (!a.isContiguous || shape.reduce((product, extent) => product * extent, 1) !== a.elements) {
    throw new ShapeError(
      `reshape: ${a.toString()}${a.isContiguous ? '' : ' with gaps'} can't become [${shape.join(', ')}].`,
    );
  }
  return graph.node(
    'view',
    [a],
    { type: a.type, shape },
    () => graph.device.functions.ggml_reshape_4d(graph.context, a.pointer, ...shape),
    { kind: 'reshape' } satisfies OpAttributes['view'],
  );
}

/**
 * A window into `a`. Strides are in bytes, of the dimensions 1 to 3, by default those of `a`. The offset is in bytes.
 */
export function view(
  graph: Graph,
  a: Tensor,
  extents: readonly number[],
  options: { strides?: readonly [number, number, number]; offsetBytes?: number } = {},
): Tensor {
  const shape = toShape(extents);
  const strides: Shape = [a.strides[0], ...(options.strides ?? [a.strides[1], a.strides[2], a.strides[3]])];
  const offsetBytes = options.offsetBytes ?? 0;
  const block = tensorTypes[a.type];
  const lastByte =
    offsetBytes +
    (shape[0] / block.blockElements) * block.blockBytes +
    (shape[1] - 1) * strides[1] +
    (shape[2] - 1) * strides[2] +
    (shape[3] - 1) * strides[3];
  const extentBytes =
    (a.shape[0] / block.blockElements) * a.strides[0] +
    (a.shape[1] - 1) * a.strides[1] +
    (a.shape[2] - 1) * a.strides[2] +
    (a.shape[3] - 1) * a.strides[3];
  if (shape.some((extent) => extent < 0))
    throw new ShapeError(`view: [${shape.join(', ')}] of ${a.toString()} has an extent below 0.`);
  if (shape[0] % block.blockElements !== 0 || lastByte > extentBytes) {
    throw new ShapeError(
      `view: [${shape.join(', ')}] at byte ${offsetBytes} reaches byte ${lastByte} of ${extentBytes} of ${a.toString()}.`,
    );
  }
  return graph.node(
    'view',
    [a],
    { type: a.type, shape, strides },
    () =>
      graph.device.functions.ggml_view_4d(
        graph.context,
        a.pointer,
        ...shape,
        strides[1],
        strides[2],
        strides[3],
        offsetBytes,
      ),
    { kind: 'window', strides, offsetBytes } satisfies OpAttributes['view'],
  );
}

/** Moves dimension `d` of `a` to dimension `axes[d]`. */
export function permute(graph: Graph, a: Tensor, axes: readonly [number, number, number, number]): Tensor {
  const shape = [1, 1, 1, 1];
  const strides = [0, 0, 0, 0];
  axes.forEach((axis, dimension) => {
    shape[axis] = a.shape[dimension] as number;
    strides[axis] = a.strides[dimension] as number;
  });
  return graph.node(
    'view',
    [a],
    { type: a.type, shape: toShape(shape), strides: toShape(strides) },
    () => graph.device.functions.ggml_permute(graph.context, a.pointer, ...axes),
    { kind: 'permute', axes } satisfies OpAttributes['view'],
  );
}

/** Swaps dimensions 0 and 1. */
export const transpose = (graph: Graph, a: Tensor): Tensor => permute(graph, a, [1, 0, 2, 3]);

/** The rows `ids` of `a`, in float32: `a[n, rows, b], ids[k, b] → [n, k, b]`. */
export function getRows(graph: Graph, a: Tensor, ids: Tensor): Tensor {
  assertShape(a.shape[2] === ids.shape[1] && a.shape[3] === ids.shape[2] && ids.shape[3] === 1, 'getRows', a, ids);
  const type = a.type === 'I32' ? 'I32' : 'F32';
  return graph.node('getRows', [a, ids], { type, shape: [a.shape[0], ids.shape[0], ids.shape[1], ids.shape[2]] }, () =>
    graph.device.functions.ggml_get_rows(graph.context, a.pointer, ids.pointer),
  );
}

/** Writes the rows of `source` into the rows `ids` of `target`, converting the type. Returns a view of `target`. */
export function setRows(graph: Graph, target: Tensor, source: Tensor, ids: Tensor): Tensor {
  assertShape(
    target.shape[0] === source.shape[0] && source.shape[1] === ids.shape[0] && target.shape[2] === source.shape[2],
    'setRows',
    target,
    source,
    ids,
  );
  return graph.node('setRows', [target, source, ids], target, () =>
    graph.device.functions.ggml_set_rows(graph.context, target.pointer, source.pointer, ids.pointer),
  );
}

/**
 * Softmax of `a · factor + mask` along rows. `sinks[matrices]` adds a further score to each row of a matrix of `a`,
 * which takes a share but has no result. It needs a mask.
 */
export function softMax(graph: Graph, a: Tensor, mask: Tensor | undefined, factor = 1, sinks?: Tensor): Tensor {
  if (sinks) assertShape(mask !== undefined && sinks.shape[0] === a.shape[2], 'softMax', a, sinks);
  if (mask)
    assertShape(
      mask.shape[0] === a.shape[0] &&
        mask.shape[1] >= a.shape[1] &&
        a.shape[2] % mask.shape[2] === 0 &&
        a.shape[3] % mask.shape[3] === 0,
      'softMax',
      a,
      mask,
    );
  return graph.node(
    'softMax',
    [a, mask, sinks].filter((source) => source !== undefined),
    { type: 'F32', shape: a.shape },
    () => {
      const { functions } = graph.device;
      const pointer = functions.ggml_soft_max_ext(graph.context, a.pointer, mask?.pointer ?? null, factor, 0);
      if (sinks) functions.ggml_soft_max_add_sinks(pointer, sinks.pointer);
      return pointer;
    },
    { factor } satisfies OpAttributes['softMax'],
  );
}

type RopeFunction = 'ggml_rope_ext' | 'ggml_rope_ext_back';
function rotation(op: Op, name: RopeFunction) {
  return (graph: Graph, a: Tensor, positions: Tensor, options: RopeOptions): Tensor => {
    assertShape(
      positions.shape[0] === a.shape[2] && options.dimensions <= a.shape[0] && options.dimensions % 2 === 0,
      op,
      a,
      positions,
    );
    const sources = options.frequencyFactors ? [a, positions, options.frequencyFactors] : [a, positions];
    const native = (): Pointer =>
      graph.device.functions[name](
        graph.context,
        a.pointer,
        positions.pointer,
        options.frequencyFactors?.pointer ?? null,
        options.dimensions,
        options.pairing === 'neox' ? 2 : 0,
        options.originalContext ?? 0,
        options.base,
        options.frequencyScale ?? 1,
        options.extensionFactor ?? 0,
        options.attentionFactor ?? 1,
        options.betaFast ?? 32,
        options.betaSlow ?? 1,
      );
    return graph.node(op, sources, { type: a.type, shape: a.shape }, native, options satisfies OpAttributes['rope']);
  };
}
/** Rotates `a[headSize, heads, tokens]` by `positions[tokens]` (rope). */
export const rope = rotation('rope', 'ggml_rope_ext');
/** Reverses `rope`. It is also the derivative of `rope`, since a rotation's transpose is its inverse. */
export const ropeBack = rotation('ropeBack', 'ggml_rope_ext_back');

/**
 * Flash attention: `q[headSize, tokens, heads, n], k, v[headSize, rows, kvHeads, n], mask[rows, tokens, 1, 1 or n]
 * (F16) → [headSize, heads, tokens, n]`. `sinks[heads]` adds a further score to each row, as in `softMax`. It needs a
 * mask.
 */
export function flashAttention(
  graph: Graph,
  tensors: { q: Tensor; k: Tensor; v: Tensor; mask?: Tensor; sinks?: Tensor },
  factor: number,
): Tensor {
  const { q, k, v, mask, sinks } = tensors;
  assertShape(
    q.shape[0] === k.shape[0] &&
      k.shape[1] === v.shape[1] &&
      k.shape[2] === v.shape[2] &&
      q.shape[2] % k.shape[2] === 0,
    'flashAttention',
    q,
    k,
    v,
  );
  if (mask) assertShape(mask.shape[0] >= k.shape[1] && mask.shape[1] >= q.shape[1], 'flashAttention', q, mask);
  if (sinks) assertShape(mask !== undefined && sinks.shape[0] === q.shape[2], 'flashAttention', q, sinks);
  const { functions } = graph.device;
  return graph.node(
    'flashAttention',
    [q, k, v, mask, sinks].filter((source) => source !== undefined),
    { type: 'F32', shape: [v.shape[0], q.shape[2], q.shape[1], q.shape[3]] },
    () => {
      const pointer: Pointer = functions.ggml_flash_attn_ext(
        graph.context,
        q.pointer,
        k.pointer,
        v.pointer,
        mask?.pointer ?? null,
        factor,
        0,
        0,
      );
      functions.ggml_flash_attn_ext_set_prec(pointer, 10);
      if (sinks) functions.ggml_flash_attn_ext_add_sinks(pointer, sinks.pointer);
      return pointer;
    },
  );
}

export function concat(graph: Graph, a: Tensor, b: Tensor, dimension: 0 | 1 | 2 | 3): Tensor {
  assertShape(
    a.shape.every((extent, d) => d === dimension || extent === b.shape[d]),
    'concat',
    a,
    b,
  );
  const shape = toShape(a.shape.map((extent, d) => (d === dimension ? extent + b.shape[dimension] : extent)));
  return graph.node(
    'concat',
    [a, b],
    { type: a.type, shape },
    () => graph.device.functions.ggml_concat(graph.context, a.pointer, b.pointer, dimension),
    { dimension } satisfies OpAttributes['concat'],
  );
}

/** The number of places that a window takes along a dimension. */
const windowPlaces = (extent: number, { kernel, stride, padding }: Im2colOptions, dimension: 0 | 1): number =>
  Math.floor((extent + 2 * padding[dimension] - kernel[dimension]) / stride[dimension]) + 1;

/**
 * The values under a window at each of its places: `a[width, height, channels, n] → [channels · window, places along
 * width, places along height, n]`. A product with the result is a convolution (Chellapilla et al. 2006).
 */
export function im2col(graph: Graph, a: Tensor, options: Im2colOptions): Tensor {
  const { kernel, stride, padding } = options;
  const [width, height, channels, count] = a.shape;
  const places = [windowPlaces(width, options, 0), windowPlaces(height, options, 1)] as const;
  if (places[0] < 1 || places[1] < 1)
    throw new ShapeError(
      `im2col: a window of [${kernel.join(', ')}] does not fit into ${a.toString()} with a padding of [${padding.join(', ')}].`,
    );
  const shape: Shape = [kernel[0] * kernel[1] * channels, places[0], places[1], count];
  const { functions } = graph.device;
  return graph.node(
    'im2col',
    [a],
    { type: 'F32', shape },
    () =>
      functions.ggml_im2col(
        graph.context,
        windowTensor(graph, a, options, channels),
        a.pointer,
        stride[0],
        stride[1],
        padding[0],
        padding[1],
        1,
        1,
        true,
        tensorTypes.F32.id,
      ),
    options satisfies OpAttributes['im2col'],
  );
}

/**
 * A tensor with the window's extents, which ggml's function needs without reading its values. It is a view of `a`'s
 * memory.
 */
export function windowTensor(graph: Graph, a: Tensor, { kernel }: Im2colOptions, channels: number): Pointer {
  const [width, height] = kernel;
  const row = 4 * width;
  if (a.elements < width * height * channels)
    throw new ShapeError(
      `im2col: ${a.toString()} has fewer values than ${channels} windows of [${kernel.join(', ')}].`,
    );
  return graph.device.functions.ggml_view_4d(
    graph.context,
    a.pointer,
    width,
    height,
    channels,
    1,
    row,
    row * height,
    row * height * channels,
    0,
  );
}

/** Repeats `a` up to the given extents. */
export function repeat(graph: Graph, a: Tensor, extents: readonly number[]): Tensor {
  const shape = toShape(extents);
  if (shape.some((extent, d) => extent % (a.shape[d] as number) !== 0))
    throw new ShapeError(`repeat: ${a.toString()} does not tile [${shape.join(', ')}].`);
  return graph.node('repeat', [a], { type: a.type, shape }, () =>
    graph.device.functions.ggml_repeat_4d(graph.context, a.pointer, ...shape),
  );
}

/** The column indices of each row, sorted by value, largest first. */
export function argsortDescending(graph: Graph, a: Tensor): Tensor {
  return graph.node('argsort', [a], { type: 'I32', shape: a.shape }, () =>
    graph.device.functions.ggml_argsort(graph.context, a.pointer, 1),
  );
}

/** The indices of the `k` largest columns of each row, in no particular order. */
export function topK(graph: Graph, a: Tensor, k: number): Tensor {
  if (k > a.shape[0]) throw new ShapeError(`topK: ${a.toString()} has fewer than ${k} columns.`);
  return graph.node('topK', [a], { type: 'I32', shape: [k, a.shape[1], a.shape[2], a.shape[3]] }, () =>
    graph.device.functions.ggml_top_k(graph.context, a.pointer, k),
  );
}
