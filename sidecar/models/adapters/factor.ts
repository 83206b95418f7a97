import type { TensorType } from '../../../kernels/ggml/types.ts';

/** One factor of a matrix, or a router, as bytes of the file. */
export interface Factor {
  readonly type: TensorType;
  /** `[in, rank]`, `[rank, out]` or `[width, experts + 1]` */
  readonly shape: readonly [number, number];
  readonly bytes: Uint8Array;
}
