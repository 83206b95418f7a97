import type { LayerCache } from '../../../../kernels/blocks/attentionInputs.ts';
import { hadamardMatrix } from '../../../../kernels/blocks/hadamard.ts';
import type { Device } from '../../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../../kernels/ggml/tensor.ts';
import { isQuantised, type TensorType } from '../../../../kernels/ggml/types.ts';
import type { TierOptions } from '../tiers/tierOptions.ts';

/**
 * How keys and values lie where the processor attends them; on GPUs, whose products overlook gaps between heads, it is
 * `rows`, but for quantised ones on Vulkan, whose products want their rows one behind the other. `heads`: head by head,
 * quick to score and to gather from; `transposed`: that and the values component by component, quick to attend all of,
 * and nothing gathers from them.
 */
export type CacheLayout = 'rows' | 'heads' | 'transposed';

/**
 * What a sequence keeps, and how that lies, where a tier chooses of it or none does: what a tier chooses from is
 * gathered from it.
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
 * Whether keys and values of this type are kept rotated by a Hadamard matrix: a block of four-bit numbers has one
 * scale, which an outlier would take from all others.
 */
export const keepsRotated = (type: TensorType): boolean => type === 'Q4_0';

interface LayerRows {
  readonly type: TensorType;
  readonly headSize: number;
  readonly kvHeads: number;
  readonly rows: number;
}

/** How rows of keys lie, and of values that are not transposed. */
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
 * A layer whose rows can be copied as they are, where that is float16 on the processor, whose ggml gathers rows as
 * float32 alone.
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
 * A layer whose heads are rotated before they are kept and back after they were attended, by a matrix on the device
 * that it is on.
 */
export function rotatedLayer(
  layer: LayerCache,
  headSize: number,
  declareConstant: (name: string, extents: readonly number[], values: Float32Array) => Tensor,
): LayerCache {
  return { ...layer, hadamard: declareConstant('hadamard', [headSize, headSize], hadamardMatrix(headSize)) };
}
