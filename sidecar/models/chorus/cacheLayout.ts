import type { LayerCache } from '../../../kernels/blocks/attentionInputs.ts';
import type { DeviceKind } from '../../../kernels/ggml/device.ts';
import type { Tensor } from '../../../kernels/ggml/tensor.ts';

/**
 * How keys and values lie where the processor attends them; on GPUs, whose products overlook gaps between heads, it is always `rows`. `heads`: head by head, quick to
 * score and to gather from; `transposed`: that and the values component by component, quick to attend all of, and nothing gathers from them.
 */
export type CacheLayout = 'rows' | 'heads' | 'transposed';

/** How a sequence's own cache lies: what a tier chooses from is gathered from it. */
export const sequenceLayout = (tier: object | undefined): CacheLayout => (tier ? 'heads' : 'transposed');

/** Declares a layer's tensors in a layout. */
export function declareLayer(
  layout: CacheLayout,
  device: DeviceKind,
  { headSize, kvHeads, rows }: { readonly headSize: number; readonly kvHeads: number; readonly rows: number },
  declare: (name: string, extents: readonly number[]) => Tensor,
): LayerCache {
  const extents = device === 'cpu' && layout !== 'rows' ? [headSize, rows, kvHeads] : [headSize * kvHeads, rows];
  const isValueTransposed = device === 'cpu' && layout === 'transposed';
  return { key: declare('key', extents), value: declare('value', isValueTransposed ? [rows, headSize, kvHeads] : extents), isValueTransposed };
}
