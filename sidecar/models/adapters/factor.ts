import type { TensorType } from '../../../kernels/ggml/types.ts';

/** The most rows of a factor, of all experts together. Above this rank, factors are larger than most matrices. */
export const MAX_RANK = 1_024;

/** One factor of a matrix, or a router, as bytes of the file. */
export interface Factor {
  readonly type: TensorType;
  /** `[in, rank]`, `[rank, out]` or `[width, experts + 1]` */
  readonly shape: readonly [number, number];
  readonly bytes: Uint8Array;
}
