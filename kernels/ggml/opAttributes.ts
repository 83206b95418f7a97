import type { Im2colOptions, RopeOptions } from './ops.ts';
import type { Shape } from './tensor.ts';

/** What an operation is given besides tensors, as far as its derivative depends on it. */
export interface OpAttributes {
  scale: { readonly factor: number };
  clamp: { readonly minimum: number; readonly maximum: number };
  norm: { readonly epsilon: number };
  rmsNorm: { readonly epsilon: number };
  softMax: { readonly factor: number };
  rope: RopeOptions;
  im2col: Im2colOptions;
  concat: { readonly dimension: 0 | 1 | 2 | 3 };
  view:
    | { readonly kind: 'reshape' }
    | { readonly kind: 'permute'; readonly axes: readonly [number, number, number, number] }
    | { readonly kind: 'window'; readonly strides: Shape; readonly offsetBytes: number };
}
