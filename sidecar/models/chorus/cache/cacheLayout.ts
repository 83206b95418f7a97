import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { hadamardMatrix } from '../../../../kernels/blocks/hadamard.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { isQuantised, type TensorType } from '../../../../kernels/ggml/types.ts';
import type { TierOptions } from '../tiers/tierOptions.ts';

/**
 * How keys and values lie in memory on the processor. `heads`: head by head, fast to score and to gather from.
 * `transposed`: as `heads`, but values component by component, fast to attend in full; no rows are gathered from it.
 * `rows`: all heads of a token side by side.
 *
 * On GPUs all layouts are `rows`, since their products ignore gaps between heads. Only on Vulkan quantised types lie
 * head by head, since its products need their rows one behind the other.
 */
export type CacheLayout = 'rows' | 'heads' | 'transposed';

/**
 * The queries, the type and the layout that a sequence keeps its rows in, with a tier that gathers pages or without.
 */
export function sequenceOptions(tier: Pick<TierOptions, 'queries' | 'cacheType' | 'pageRows'> | undefined): {
  readonly queries?: number;
  readonly type?: TensorType;
  readonly pageRows?: number;
  readonly layout: CacheLayout;
} {
  return tier
    ? { queries: tier.queries, type: tier.cacheType, pageRows: tier.pageRows, layout: 'heads' }
    : { layout: 'transposed' };
}

/**
 * Whether keys and values of this type are kept rotated by a Hadamard matrix. A block of four-bit numbers has one
 * scale, which an outlier would take from all other numbers.
 */
export const keepsRotated = (type: TensorType): boolean => type === 'Q4_0';

interface LayerRows {
  readonly type: TensorType;
  readonly headSize: number;
  readonly kvHeads: number;
  readonly rows: number;
}

/** The extents of keys in a layout, and of values that are not transposed. */
export function rowExtents(
  layout: CacheLayout,
  device: Device,
  { type, headSize, kvHeads, rows }: LayerRows,
): readonly number[] {
  const isByHead = device.kind === 'cpu' || (device.kind === 'vulkan' && isQuantised(type));
  return isByHead && layout !== 'rows' ? [headSize, rows, kvHeads] : [headSize * kvHeads, rows];
}

/** Declares a layer's tensors in a layout, for the device that they will be on. */
export function declareLayer(
  layout: CacheLayout,
  device: Device,
  { type, headSize, kvHeads, rows }: LayerRows,
  declare: (name: string, type: TensorType, extents: readonly number[]) => Tensor,
): LayerCache {
  const extents = rowExtents(layout, device, { type, headSize, kvHeads, rows });
  const isValueTransposed = device.kind === 'cpu' && layout === 'transposed';
  return {
    key: declare('key', type, extents),
    value: declare('value', type, isValueTransposed ? [rows, headSize, kvHeads] : extents),
    isValueTransposed,
    device,
  };
}

/**
 * Adds aliases to a layer by which rows are copied as 32-bit words. Only float16 on the processor needs them: ggml
 * gathers rows there as float32.
 */
export function copiedLayer(
  layer: LayerCache,
  declareAlias: (of: Tensor, type: TensorType, extents: readonly number[]) => Tensor,
): LayerCache {
  const { key, value, device, isValueTransposed } = layer;
  if (device?.kind !== 'cpu' || key.type !== 'F16' || isValueTransposed || key.shape[0] % 2 !== 0) return layer;
  const inWords = (tensor: Tensor): Tensor =>
    declareAlias(tensor, 'F32', [tensor.shape[0] / 2, tensor.shape[1], tensor.shape[2]]);
  return { ...layer, words: { key: inWords(key), value: inWords(value) } };
}

/**
 * Adds the matrix, on the layer's device, that rotates heads before they are kept and back after they were attended.
 */
export function rotatedLayer(
  layer: LayerCache,
  headSize: number,
  declareConstant: (name: string, extents: readonly number[], values: Float32Array) => Tensor,
): LayerCache {
  return { ...layer, hadamard: declareConstant('hadamard', [headSize, headSize], hadamardMatrix(headSize)) };
}
