import type { LayerCache } from '../../../kernels/blocks/attentionInputs.ts';
import { hadamardMatrix } from '../../../kernels/blocks/hadamard.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { isQuantised, type TensorType } from '../../../kernels/ggml/types.ts';
import type { TierOptions } from './tierOptions.ts';

/**
 * How keys and values lie where the processor attends them; on GPUs, whose products overlook gaps between heads, it is `rows`, but for quantised ones on Vulkan, whose
 * products want their rows one behind the other. `heads`: head by head, quick to score and to gather from; `transposed`: that and the values component by component,
 * quick to attend all of, and nothing gathers from them.
 */
export type CacheLayout = 'rows' | 'heads' | 'transposed';

/** What a sequence keeps, and how that lies, where a tier chooses of it or none does: what a tier chooses from is gathered from it. */
export function sequenceOptions(tier: Pick<TierOptions, 'queries' | 'cacheType'> | undefined): { readonly queries?: number; readonly type?: TensorType; readonly layout: CacheLayout } {
  return tier ? { queries: tier.queries, type: tier.cacheType, layout: 'heads' } : { layout: 'transposed' };
}

/** Whether keys and values of this type are kept rotated by a Hadamard matrix: a block of four-bit numbers has one scale, which an outlier would take from all others. */
export const keepsRotated = (type: TensorType): boolean => type === 'Q4_0';

/** Declares a layer's tensors in a layout, for the device that they will be on. */
export function declareLayer(
  layout: CacheLayout,
  device: Device,
  { type, headSize, kvHeads, rows }: { readonly type: TensorType; readonly headSize: number; readonly kvHeads: number; readonly rows: number },
  declare: (name: string, type: TensorType, extents: readonly number[]) => Tensor,
): LayerCache {
  const isOnProcessor = device.kind === 'cpu';
  const isByHead = isOnProcessor || (device.kind === 'vulkan' && isQuantised(type));
  const extents = isByHead && layout !== 'rows' ? [headSize, rows, kvHeads] : [headSize * kvHeads, rows];
  const isValueTransposed = isOnProcessor && layout === 'transposed';
  return { key: declare('key', type, extents), value: declare('value', type, isValueTransposed ? [rows, headSize, kvHeads] : extents), isValueTransposed, device };
}

/** A layer whose heads are rotated before they are kept and back after they were attended, by a matrix on the device that it is on. */
export function rotatedLayer(layer: LayerCache, headSize: number, declareConstant: (name: string, extents: readonly number[], values: Float32Array) => Tensor): LayerCache {
  return { ...layer, hadamard: declareConstant('hadamard', [headSize, headSize], hadamardMatrix(headSize)) };
}
