import type { LayerCache } from '../../../kernels/blocks/attentionInputs.ts';
import type { Device } from '../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';
import { isQuantised, type TensorType } from '../../../kernels/ggml/types.ts';

/**
 * How keys and values lie where the processor attends them; on GPUs, whose products overlook gaps between heads, it is `rows`, but for quantised ones on Vulkan, whose
 * products want their rows one behind the other. `heads`: head by head, quick to score and to gather from; `transposed`: that and the values component by component,
 * quick to attend all of, and nothing gathers from them.
 */
export type CacheLayout = 'rows' | 'heads' | 'transposed';

/** How a sequence's own cache lies: what a tier chooses from is gathered from it. */
export const sequenceLayout = (tier: object | undefined): CacheLayout => (tier ? 'heads' : 'transposed');

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
