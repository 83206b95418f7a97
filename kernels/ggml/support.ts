import type { DeviceKind } from './device.ts';
import { UnsupportedOpError } from './errors.ts';
import type { Tensor } from './tensor.ts';
import { isQuantised, rowBytes, type TensorType } from './types.ts';

/**
 * The types and devices that each operation runs on. ggml reports some combinations as supported and then aborts the
 * process. So this list is checked before a node is made. It follows the sources of the pinned release, and the tests
 * run every row on the available devices.
 */
type Rule = (sources: readonly Tensor[], result: TensorType, device: DeviceKind) => boolean;

const floats: readonly TensorType[] = ['F32', 'F16', 'BF16'];
const cacheTypes: readonly TensorType[] = ['F32', 'F16', 'BF16', 'Q4_0', 'Q4_1', 'Q5_0', 'Q5_1', 'Q8_0', 'IQ4_NL'];
const is = (tensor: Tensor | undefined, ...types: TensorType[]): boolean =>
  tensor !== undefined && types.includes(tensor.type);

const anySame: Rule = ([a, b]) => is(a, 'F32', 'F16') && (!b || is(b, 'F32', 'F16'));
const binary: Rule = ([a, b], result, device) => {
  if (!is(a, 'F32', 'F16') || !is(b, 'F32', 'F16') || a?.type !== result) return false;
  if (a.type === b?.type) return true;
  return device === 'cpu' ? a.type === 'F16' : device !== 'metal';
};
const f32: Rule = ([a]) => is(a, 'F32');
/** Derivatives that ggml computes only for contiguous tensors. */
const contiguousF32: Rule = (sources) => sources.every((source) => source.type === 'F32' && source.isContiguous);
/** Whether the rows of a matrix have no gaps between them. */
const isGapless = (tensor: Tensor): boolean =>
  tensor.shape[1] === 1 || tensor.strides[1] === rowBytes(tensor.type, tensor.shape[0]);
/** Whether a stack has gaps between its matrices but none inside. Vulkan's products ignore such gaps. */
const hasGapsBetween = (tensor: Tensor): boolean => {
  const row = rowBytes(tensor.type, tensor.shape[0]);
  return (
    isGapless(tensor) &&
    ((tensor.shape[2] > 1 && tensor.strides[2] !== row * tensor.shape[1]) ||
      (tensor.shape[3] > 1 && tensor.strides[3] !== tensor.strides[2] * tensor.shape[2]))
  );
};
const integerTypes: readonly TensorType[] = ['I8', 'I16', 'I32', 'I64', 'F64'];
const isWeightType = (type: TensorType): boolean => !integerTypes.includes(type);

const rules = {
  add: binary,
  sub: binary,
  mul: binary,
  div: binary,
  addId: ([a, b, ids]) => is(a, 'F32') && is(b, 'F32') && is(ids, 'I32'),
  scale: f32,
  fill: f32,
  sqr: f32,
  sqrt: f32,
  exp: f32,
  log: f32,
  sumRows: f32,
  clamp: f32,
  concat: ([a, b]) => a?.type === b?.type && is(a, 'F32', 'F16', 'I32'),
  repeat: ([a]) => is(a, 'F32', 'F16', 'I32'),
  silu: anySame,
  gelu: anySame,
  geluErf: anySame,
  sigmoid: anySame,
  tanh: anySame,
  relu: anySame,
  softplus: f32,
  step: f32,
  floor: f32,
  swiglu: ([a, b]) => is(a, 'F32') && is(b, 'F32'),
  geglu: ([a, b]) => is(a, 'F32') && is(b, 'F32'),
  swigluClamped: contiguousF32,
  norm: f32,
  rmsNorm: f32,
  l2Norm: f32,
  mulMat: ([a, b], _result, device) =>
    a !== undefined &&
    isWeightType(a.type) &&
    (is(b, 'F32') ||
      (is(b, 'F16') && a.type === 'F16' && device !== 'cpu') ||
      (is(b, 'BF16') && a.type === 'BF16' && device === 'cpu')) &&
    (device !== 'vulkan' ||
      (a.shape[3] === b?.shape[3] && !hasGapsBetween(a) && (!isQuantised(a.type) || isGapless(a)))),
  mulMatId: ([a, b, ids]) => a !== undefined && isWeightType(a.type) && is(b, 'F32') && is(ids, 'I32'),
  custom: (_sources, _result, device) => device === 'cpu',
  outProd: ([a, b], _result, device) => device === 'cpu' && is(a, 'F32') && is(b, 'F32'),
  copy: ([a, b], result, device) => {
    const from = a?.type;
    const to = b?.type ?? result;
    if (!from) return false;
    // GPUs copy values of two and four bytes, and blocks.
    if (from === to) return device === 'cpu' || isWeightType(from) || from === 'I16' || from === 'I32';
    if (from === 'F32') return cacheTypes.includes(to);
    if (from === 'F16') return to === 'F32';
    if (from === 'BF16') return to === 'F32';
    if (from === 'I32') return to === 'F32';
    return isQuantised(from) && (device === 'cpu' || cacheTypes.includes(from)) && to === 'F32';
  },
  contiguous: ([a]) => is(a, 'F32', 'F16', 'BF16', 'I32'),
  view: () => true,
  getRows: ([a, ids]) => a !== undefined && (isWeightType(a.type) || a.type === 'I32') && is(ids, 'I32'),
  setRows: ([a, b, ids]) => is(a, ...cacheTypes) && is(b, 'F32') && is(ids, 'I64', 'I32'),
  softMax: ([a, mask, sinks]) => is(a, 'F32') && (!mask || is(mask, 'F32', 'F16')) && (!sinks || is(sinks, 'F32')),
  rope: ([a, positions]) => is(a, 'F32', 'F16') && is(positions, 'I32'),
  flashAttention: ([q, k, v, mask, sinks], _result, device) => {
    if (!is(q, 'F32') || !k || !v || (mask && mask.type !== 'F16') || (sinks && sinks.type !== 'F32')) return false;
    if (!cacheTypes.includes(k.type) || !cacheTypes.includes(v.type)) return false;
    if ((device === 'cuda' || device === 'metal') && k.type !== v.type) return false;
    // CUDA broadcasts one mask over all heads.
    if (device === 'cuda' && mask && mask.shape[2] > 1) return false;
    return device === 'cpu' || k.shape[0] % 8 === 0;
  },
  argsort: f32,
  topK: f32,
  siluBack: contiguousF32,
  rmsNormBack: (sources, result, device) => device !== 'metal' && contiguousF32(sources, result, device),
  softMaxBack: (sources, result, device) => device !== 'metal' && contiguousF32(sources, result, device),
  getRowsBack: ([gradient, ids], _result, device) =>
    device !== 'metal' && is(gradient, 'F32') && gradient?.isContiguous === true && is(ids, 'I32'),
  ropeBack: ([a, positions]) => is(a, 'F32') && is(positions, 'I32'),
  addToWindow: contiguousF32,
  stepAdamW: contiguousF32,
  pool1d: contiguousF32,
  pool2d: contiguousF32,
  im2col: contiguousF32,
  channelConvolution: (sources, _result, device) => {
    const [values, kernel] = sources;
    // GPUs have kernels for these lengths and for whole groups of 128 channels.
    return (
      sources.every((source) => source.type === 'F32') &&
      (device === 'cpu' || ([3, 4, 5, 9, 15].includes(kernel!.shape[0]) && values!.shape[1] % 128 === 0))
    );
  },
  stateScan: ([state, ...others], _result, device) => {
    const ids = others.pop();
    return (
      is(state, 'F32') &&
      others.every((source) => source.type === 'F32') &&
      is(ids, 'I32') &&
      (device === 'cpu' || ([128, 256].includes(state!.shape[0]) && state!.shape[1] % 16 === 0))
    );
  },
  gatedDeltaNet: (sources, _result, device) =>
    sources.every((source) => source.type === 'F32') &&
    (device === 'cpu' || [32, 64, 128].includes(sources[2]!.shape[0])),
  im2colBack: (sources, result, device) => device === 'cpu' && contiguousF32(sources, result, device),
} satisfies Record<string, Rule>;

export type Op = keyof typeof rules;

/** Throws `UnsupportedOpError` if ggml would abort. The message names the operation, the tensors and the device. */
export function assertSupported(op: Op, sources: readonly Tensor[], result: TensorType, device: DeviceKind): void {
  const rule: Rule = rules[op];
  if (!rule(sources, result, device)) {
    throw new UnsupportedOpError(
      `${op} of ${sources.map(String).join(', ')} to ${result} does not run on ${device}. ${floats.includes(result) ? '' : 'Use a float result.'}`.trim(),
    );
  }
}
